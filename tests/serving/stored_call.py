"""What the service has of a call afterwards, asked over HTTP as its page does."""

from __future__ import annotations

import asyncio
import io
import wave
from typing import Any

import httpx
import numpy as np

from asr.types import Channel
from serving.live.pcm import Pcm
from serving.telemetry import REGISTRY
from tests.serving.service import SCRIPT

WORDS = [(channel, text) for channel, _, _, text in SCRIPT]


async def stored(address: str, call_id: str, within_s: float = 20.0) -> dict[str, Any]:
    """Wait until a call is stored and return its result."""
    async with httpx.AsyncClient(base_url=address) as client, asyncio.timeout(within_s):
        while True:
            answer = await client.get(f"/api/calls/{call_id}/status")
            state = answer.json().get("state") if answer.status_code == 200 else None
            assert state != "failed", answer.json()
            if state == "done":
                result: dict[str, Any] = (await client.get(f"/api/calls/{call_id}/result")).json()
                return result
            await asyncio.sleep(0.05)


async def until_live(address: str, call_id: str, within_s: float = 10.0) -> None:
    """Wait until a call is there."""
    async with httpx.AsyncClient(base_url=address) as client, asyncio.timeout(within_s):
        while True:
            if (await client.get(f"/api/calls/{call_id}/status")).status_code == 200:
                return
            await asyncio.sleep(0.02)


def audio_s() -> float:
    """Seconds of live audio that the services of this process have taken, of all legs."""
    return REGISTRY.get_sample_value("jiesu_live_audio_seconds_total") or 0.0


async def until_audio(seconds: float, within_s: float = 10.0) -> None:
    """Wait until so much live audio has been taken."""
    async with asyncio.timeout(within_s):
        while True:
            if audio_s() > seconds - 1e-6:
                return
            await asyncio.sleep(0.01)


async def until_heard(address: str, call_id: str, text: str, within_s: float = 15.0) -> None:
    """Wait until these words are on the page of a call that goes on."""
    async with httpx.AsyncClient(base_url=address) as client, asyncio.timeout(within_s):
        while True:
            if text in (await client.get(f"/api/calls/{call_id}")).text:
                return
            await asyncio.sleep(0.05)


def words(result: dict[str, Any]) -> list[tuple[Channel, str]]:
    """Who said what."""
    return [(u["channel"], u["text"]) for u in result["transcript"]["utterances"]]


def recorded(address: str, call_id: str) -> tuple[int, dict[Channel, Pcm]]:
    """Return the sample rate and the samples of each leg, as the call was recorded."""
    content = httpx.get(f"{address}/api/calls/{call_id}/audio").content
    with wave.open(io.BytesIO(content)) as file:
        both = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)
        return file.getframerate(), {"agent": both[:, 0], "citizen": both[:, 1]}


def says_same(heard: Pcm, sent: Pcm) -> bool:
    """Whether no sample was lost, added or changed; a leg that ends early ends in silence."""
    return np.array_equal(heard[: len(sent)], sent) and not heard[len(sent) :].any()
