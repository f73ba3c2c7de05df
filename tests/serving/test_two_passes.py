"""A service with a streaming model: partials from it, finals from the recogniser."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from asr.streaming.contract import ChunkModel
from serving.api.services import streaming_model
from serving.settings import Settings
from tests.asr.counting_model import CountingModel
from tests.serving.live_client import LiveClient
from tests.serving.service import RATE_HZ, SCRIPT, doubles, interleaved, serving, settings_in

FRAME = RATE_HZ // 50 * 4 * 5
"""Bytes of 100 ms of two legs in s16le."""


async def test_a_live_call_is_heard_in_two_passes(tmp_path: Path) -> None:
    models = doubles()
    parts = replace(models.parts, streaming=lambda settings: CountingModel())
    with serving(settings_in(tmp_path), parts) as address:
        async with LiveClient(address) as client:
            await client.play(interleaved(), FRAME, pause_s=0.01)
            await client.say(type="end")
            await client.closed()
    words = [m for m in client.messages if m["type"] == "transcript"]
    partials = [m["utterance"]["text"] for m in words if m["kind"] == "partial"]
    finals = [m["utterance"]["text"] for m in words if m["kind"] == "final"]
    # Sent ten times as fast as people speak; where that is too fast for the streaming
    # model, the recogniser says the partials.
    assert any(text.isdigit() and text.startswith("1") for text in partials)
    assert finals == [text for _, _, _, text in SCRIPT]


def test_no_streaming_model_is_loaded_unless_one_is_named() -> None:
    assert streaming_model(Settings()) is None


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs the gpu extra")
def test_the_setting_loads_a_folder_with_a_slot_for_every_leg(tmp_path: Path) -> None:
    from asr.streaming.paraformer.random_weights import NetworkShape, write_random_checkpoint

    shape = NetworkShape(16, 2, 32, 1, 3, 0, 1, 1, 3, 1, 20)
    folder = write_random_checkpoint(tmp_path / "tiny", shape)
    chosen = Settings.model_validate(
        {"streaming_model": str(folder), "max_live_calls": 3, "threads": 1}
    )
    model: ChunkModel | None = streaming_model(chosen)
    assert model is not None
    assert (model.slots, model.chunk_samples) == (6, 9_600)
