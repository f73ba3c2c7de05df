"""A live call on the page, and the same call afterwards, in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from asr.types import SpeechSegment
from tests.asr.doubles import ScriptedRecogniser
from tests.serving.service import SCRIPT, doubles, serving, settings_in, spoken, write_recording

pytestmark = pytest.mark.browser

PHONE = "13900001234"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    samples = tmp_path / "samples"
    samples.mkdir()
    write_recording(samples / "sample_complaint.wav")
    with serving(settings_in(tmp_path, samples_dir=samples), doubles().parts) as address:
        yield address


def start_demo(page: Page, address: str, speed: float) -> str:
    """Play the sample faster than the button does and return the call's page."""
    answer = page.request.post(f"{address}/api/demo-calls", data={"speed": speed})
    assert answer.status == 201
    return f"{address}{answer.json()['page']}"


def until(page: Page, condition: str, within_s: float = 15.0) -> None:
    """Wait until something holds of the player; the page's policy forbids playwright's own way."""
    end_s = time.monotonic() + within_s
    while not page.locator("#audio").evaluate(condition):
        assert time.monotonic() < end_s, condition
        page.wait_for_timeout(30)


def test_the_demo_button_opens_a_live_call(address: str, page: Page) -> None:
    page.goto(address)
    page.get_by_role("button", name="投诉").click()
    page.wait_for_url("**/calls/*")
    expect(page.locator("#state")).to_have_text("通话中")
    expect(page.locator(".utterance.partial.agent")).to_be_visible()
    expect(page.locator(".utterance.final.agent").first).to_contain_text(SCRIPT[0][3])


def test_a_live_call_grows_into_a_draft(address: str, page: Page) -> None:
    page.goto(start_demo(page, address, speed=3))
    phone = page.locator("[data-field='caller.phone'] .value")
    location = page.locator("[data-field='location'] .value")
    expect(page.locator("#missing")).to_contain_text("联系电话")
    expect(location).to_contain_text("和平大道18号")
    expect(phone).not_to_contain_text(PHONE)
    expect(page.locator("#play")).to_be_disabled()
    expect(phone).to_contain_text(PHONE)
    expect(page.locator("#missing")).not_to_contain_text("联系电话")
    expect(page.locator("#state")).to_have_text("已完成")
    said = [item.inner_text() for item in page.locator(".utterance p").all()]
    assert said == [text for _, _, _, text in SCRIPT]
    speakers = [item.inner_text() for item in page.locator(".speaker").all()]
    assert speakers == ["坐席", "市民", "坐席", "市民", "坐席"]
    expect(page.locator("#qa-score")).not_to_be_empty()
    expect(page.locator("#play")).to_be_enabled()


def test_evidence_lights_up_both_ways_and_is_heard(address: str, page: Page) -> None:
    page.goto(start_demo(page, address, speed=4))
    expect(page.locator("#state")).to_have_text("已完成")
    row = page.locator("[data-field='caller.phone']")
    row.hover()
    lit = page.locator("mark.lit")
    expect(lit.first).to_be_visible()
    assert any(PHONE in text for text in lit.all_inner_texts())
    expect(row).to_have_class(re.compile("lit"))
    page.locator("h2", has_text="通话内容").hover()
    expect(lit).to_have_count(0)
    mark = page.locator("mark", has_text="和平大道").first
    mark.hover()
    expect(page.locator("[data-field='location']")).to_have_class(re.compile("lit"))

    mark.click()
    position_s = page.locator("#audio").evaluate("audio => audio.currentTime")
    _, start_s, end_s, _ = SCRIPT[1]
    assert start_s - 0.5 < position_s < end_s
    until(page, "audio => !audio.paused")
    expect(page.locator(".utterance.now")).to_contain_text("和平大道")
    until(page, "audio => audio.paused")
    stopped_s = page.locator("#audio").evaluate("audio => audio.currentTime")
    assert position_s < stopped_s < end_s + 1.0

    row.hover()
    row.locator(".evidence").click()
    until(page, f"audio => audio.currentTime > {SCRIPT[3][1]}")


def test_a_page_opened_in_the_middle_shows_what_was_said(address: str, page: Page) -> None:
    url = start_demo(page, address, speed=2)
    page.goto(url)
    expect(page.locator(".utterance.final.citizen")).to_be_visible()
    page.reload()
    expect(page.locator(".utterance.final.citizen").first).to_contain_text(SCRIPT[1][3])
    expect(page.locator("[data-field='location'] .value")).to_contain_text("和平大道18号")


def test_words_are_never_markup(page: Page, tmp_path: Path) -> None:
    attack = "<img src=x onerror=alert(1)><b>电话13900001234</b>"

    def say(segment: SpeechSegment) -> str:
        return attack if segment.channel == "citizen" else spoken(segment)

    samples = tmp_path / "samples"
    samples.mkdir()
    write_recording(samples / "sample_complaint.wav")
    models = doubles(ScriptedRecogniser(say))
    with serving(settings_in(tmp_path, samples_dir=samples), models.parts) as address:
        page.goto(start_demo(page, address, speed=4))
        expect(page.locator("#state")).to_have_text("已完成")
        expect(page.locator(".utterance.citizen p").first).to_have_text(attack)
        assert page.locator("main img, main b").count() == 0
        page.goto(address)
        expect(page.locator("#rows")).to_contain_text("<img src=x")
        assert page.locator("#rows img, #rows b").count() == 0
