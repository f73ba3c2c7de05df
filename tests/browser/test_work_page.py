"""What agents and QA staff do on the pages: upload, correct, submit, overrule, delete."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.serving.service import doubles, serving, settings_in, write_recording

pytestmark = pytest.mark.browser


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with serving(settings_in(tmp_path), doubles().parts) as address:
        yield address


@pytest.fixture
def call(address: str, page: Page, tmp_path: Path) -> Page:
    """The page of a processed upload."""
    page.goto(address)
    page.set_input_files("#file", write_recording(tmp_path / "来电.wav"))
    page.wait_for_url("**/calls/*")
    expect(page.locator("#state")).to_have_text("已完成")
    return page


def test_a_file_that_is_no_audio_says_so(address: str, page: Page, tmp_path: Path) -> None:
    bad = tmp_path / "坏.wav"
    bad.write_text("not audio")
    page.goto(address)
    page.set_input_files("#file", bad)
    page.wait_for_url("**/calls/*")
    expect(page.locator("#problem")).to_contain_text("不是可识别的音频文件")
    expect(page.locator("#state")).to_have_text("失败")


def test_decisions_ask_who_decides(call: Page) -> None:
    call.locator("#submit").click()
    expect(call.locator(".notice.bad")).to_contain_text("请先在右上角填写")
    expect(call.locator("#actor")).to_be_focused()
    expect(call.locator("#submit")).to_be_visible()


def test_a_draft_is_corrected_and_submitted(call: Page) -> None:
    call.fill("#actor", "坐席甲")
    title = call.locator("[data-field='title']")
    title.hover()
    title.locator(".edit").click()
    title.locator("input").fill("工地夜间施工扰民")
    title.locator("input").press("Enter")
    expect(title.locator(".value")).to_have_text("工地夜间施工扰民")
    expect(title.locator(".machine")).to_contain_text("坐席甲 已改")

    agency = call.locator("[data-field='agency']")
    choice = agency.locator(".alternative").first
    chosen = choice.evaluate("chip => chip.choice")
    choice.click()
    expect(agency.locator(".value")).to_have_text(chosen)

    moment = call.locator("[data-field='occurred_at']")
    due_before = call.locator("#due").inner_text()
    moment.hover()
    moment.locator(".edit").click()
    moment.locator("input").fill("2026-03-01T23:30")
    moment.get_by_role("button", name="保存").click()
    expect(moment.locator(".value")).to_have_text("3月1日 23:30")
    assert call.locator("#due").inner_text() == due_before

    call.locator("#submit").click()
    expect(call.locator("#ticket-number")).to_have_text(re.compile(r"已提交 \d{14}"))
    expect(call.locator(".edit:visible, .alternative:visible, #submit:visible")).to_have_count(0)
    call.reload()
    expect(title.locator(".value")).to_have_text("工地夜间施工扰民")
    expect(call.locator("#ticket-number")).to_be_visible()


def test_escape_leaves_a_field_as_it_was(call: Page) -> None:
    title = call.locator("[data-field='title']")
    before = title.locator(".value").inner_text()
    title.hover()
    title.locator(".edit").click()
    title.locator("input").fill("另一个")
    title.locator("input").press("Escape")
    expect(title.locator(".value")).to_have_text(before)


def test_a_finding_is_overruled_with_a_reason(call: Page) -> None:
    call.fill("#actor", "质检员乙")
    score = float(call.locator("#qa-score").inner_text())
    finding = call.locator("[data-field='qa.greeting']")
    finding.hover()
    finding.get_by_role("button", name="复核这一条").click()
    dialog = call.locator("#overrule")
    dialog.locator("input[value=failed]").check()
    dialog.locator("#overrule-points").fill("3")
    dialog.get_by_role("button", name="保存").click()
    expect(dialog).to_be_visible()
    dialog.locator("#overrule-reason").fill("问候语不完整")
    dialog.get_by_role("button", name="保存").click()
    expect(dialog).to_be_hidden()
    expect(finding.locator(".verdict")).to_contain_text("质检员乙 复核：不合格。问候语不完整")
    expect(call.locator("#qa-score")).to_have_text(f"{score - 3:g}")
    expect(call.locator("#qa-max")).to_contain_text(f"机器 {score:g}")


def test_the_list_filters_and_deletes(address: str, call: Page) -> None:
    call.goto(f"{address}/?state=failed")
    expect(call.locator(".empty")).to_be_visible()
    call.goto(address)
    call.fill("#actor", "坐席甲")
    call.get_by_role("button", name="删除这通通话").click()
    expect(call.locator("tbody tr")).to_have_count(1)
    call.get_by_role("button", name="删除这通通话").click()
    expect(call.locator(".empty")).to_be_visible()
    expect(call.locator(".tabs .count").first).to_have_text("0")


def test_everything_has_a_name_for_screen_readers(address: str, call: Page) -> None:
    nameless = """() => [...document.querySelectorAll('button, a, input, select, textarea, img')]
      .filter(e => e.checkVisibility())
      .filter(e => !(e.innerText?.trim() || e.getAttribute('aria-label') || e.labels?.length
        || e.title || e.hasAttribute('alt')))
      .map(e => e.outerHTML)"""
    assert call.evaluate(nameless) == []
    call.goto(address)
    assert call.evaluate(nameless) == []
    call.goto(f"{address}/docs")
    assert call.evaluate(nameless) == []
    expect(call.locator("article")).to_contain_text("/api/calls/{call_id}")
