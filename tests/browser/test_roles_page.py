"""A repeated request is proposed and merged; a role that reads only sees masks and no buttons."""

from __future__ import annotations

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


def upload(address: str, page: Page, tmp_path: Path) -> str:
    page.goto(address)
    page.set_input_files("#file", write_recording(tmp_path / "来电.wav"))
    page.wait_for_url("**/calls/*")
    expect(page.locator("#state")).to_have_text("已完成", timeout=15_000)
    return page.url


def test_a_repeated_request_is_merged(address: str, page: Page, tmp_path: Path) -> None:
    upload(address, page, tmp_path)
    expect(page.locator("#repeats")).to_be_hidden()
    upload(address, page, tmp_path)
    repeats = page.locator("#repeats")
    expect(repeats).to_contain_text("同一来电号码")
    page.fill("#actor", "坐席甲")
    repeats.get_by_role("button", name="并入该工单").click()
    expect(repeats.get_by_role("button", name="取消并入")).to_be_visible()
    expect(page.locator("#writing-score")).not_to_be_empty()


def test_a_role_that_reads_only(address: str, page: Page, tmp_path: Path) -> None:
    call = upload(address, page, tmp_path)
    expect(page.locator("#submit")).to_be_visible()
    page.goto(f"{call}?role=inspection")
    expect(page.locator("#role")).to_contain_text("个人信息已遮盖")
    expect(page.locator("[data-field='caller.phone'] .value")).to_have_text("139****1234")
    expect(page.locator("#submit")).to_be_hidden()
    expect(page.locator(".overrule")).to_have_count(0)
    expect(page.locator("#play")).to_be_disabled()
    marked = page.locator("#utterances mark", has_text="139****1234")
    expect(marked.first).to_be_visible()
    page.locator(".brand").click()
    expect(page.locator("#role")).to_be_visible()
    expect(page.locator("[data-delete]")).to_have_count(0)
