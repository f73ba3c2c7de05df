"""A sample call on the page with the real recogniser: what `make demo` shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from asr.errors import EngineError
from models.errors import ModelsError
from serving.api.services import Parts, real_parts
from serving.settings import Settings
from tests.conftest import ROOT
from tests.serving.service import serving, settings_in

pytestmark = [pytest.mark.browser, pytest.mark.weights, pytest.mark.timeout(240)]

SAMPLE = ROOT / "samples" / "sample_complaint.wav"


def loaded_parts() -> Parts:
    """The installed models, loaded now, so that a missing one skips the test."""
    parts = real_parts()
    try:
        recogniser = parts.recogniser(Settings())
        vad = parts.vad()
    except (ModelsError, EngineError) as error:
        pytest.skip(f"needs the models of `jiesu models pull`: {error}")
    return Parts(lambda _: recogniser, parts.extractor, lambda: vad)


def test_a_sample_call_is_heard_live(tmp_path: Path, page: Page, picture: Path) -> None:
    if not SAMPLE.exists():
        pytest.skip("needs samples/sample_complaint.wav")
    settings = settings_in(tmp_path, samples_dir=SAMPLE.parent)
    with serving(settings, loaded_parts()) as address:
        answer = page.request.post(f"{address}/api/demo-calls", data={"sample": SAMPLE.stem})
        page.goto(address + answer.json()["page"])
        expect(page.locator(".utterance.partial.citizen")).to_be_visible(timeout=60_000)
        location = page.locator("[data-field='location'] .value")
        expect(location).to_contain_text("龙华区", timeout=60_000)
        page.locator("[data-field='location']").hover()
        expect(page.locator("mark.lit").first).to_be_visible()
        page.screenshot(path=picture)
        expect(page.locator("#state")).to_have_text("已完成", timeout=120_000)
        expect(page.locator(".utterance.final.citizen")).not_to_have_count(0)
        expect(page.locator("[data-field='request_type'] .value")).to_contain_text("投诉")
        expect(page.locator("[data-field='title'] .value")).to_have_text(re.compile("龙华区"))
        expect(page.locator("#qa-score")).not_to_be_empty()
        page.locator("mark").first.click()
        page.wait_for_timeout(500)
        assert page.locator("#audio").evaluate("audio => audio.currentTime") > 0
        page.goto("about:blank")
