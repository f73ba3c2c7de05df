"""The real service with a scripted recogniser: everything but the ears is what users run."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import wave
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np

from asr.types import Channel, SpeechSegment
from nlu.extractor import Extractor
from serving.api.app import create_app
from serving.api.server import Server, address_of, bind
from serving.api.services import Parts, open_services
from serving.ingress.doors import Door
from serving.live.limits import LiveLimits
from serving.live.pcm import Pcm
from serving.profile import Profile
from serving.settings import Settings
from tests.asr.doubles import LevelVad, ScriptedRecogniser, voice

RATE_HZ = 8_000

SCRIPT: list[tuple[Channel, float, float, str]] = [
    ("agent", 0.4, 2.6, "您好，海口一二三四五热线，请问有什么可以帮您？"),
    ("citizen", 3.4, 7.0, "你好，我要投诉，美兰区和平大道18号楼下工地半夜还在施工，吵得睡不着。"),
    ("agent", 7.8, 9.4, "好的，请问您贵姓，联系电话是多少？"),
    ("citizen", 10.2, 12.6, "我姓林，电话是13900001234。"),
    ("agent", 13.4, 15.8, "林先生，电话是13900001234，已经为您登记，感谢您的来电，再见。"),
]
"""A call of our own: who speaks from when to when (seconds), and what."""

DURATION_S = 16.5


def spoken(segment: SpeechSegment) -> str:
    """What the script says at the time of `segment`: as much of it as has been heard."""
    for channel, start_s, end_s, text in SCRIPT:
        overlap_ms = min(segment.end_ms, end_s * 1000) - max(segment.start_ms, start_s * 1000)
        if channel == segment.channel and overlap_ms > 100:
            heard = min(overlap_ms / (1000 * (end_s - start_s)), 1.0)
            return text if heard > 0.9 else text[: max(1, round(heard * len(text)))]
    return ""


def legs(rate_hz: int = RATE_HZ) -> dict[Channel, Pcm]:
    """The call as sound: each turn a voice-like noise on its leg."""
    made: dict[Channel, Pcm] = {}
    for channel in ("agent", "citizen"):
        samples = np.zeros(round(DURATION_S * rate_hz), dtype=np.float32)
        for speaker, start_s, end_s, _ in SCRIPT:
            if speaker == channel:
                sound = voice(end_s - start_s, rate_hz=rate_hz)
                start = round(start_s * rate_hz)
                samples[start : start + len(sound)] = sound
        made[channel] = np.round(samples * 32_767).astype(np.int16)
    return made


def write_recording(path: Path, rate_hz: int = RATE_HZ) -> Path:
    """Write the call as a two-leg WAV."""
    both = legs(rate_hz)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.stack([both["agent"], both["citizen"]], axis=1).tobytes())
    return path


def interleaved(rate_hz: int = RATE_HZ) -> bytes:
    """The call as interleaved s16le bytes."""
    both = legs(rate_hz)
    return np.stack([both["agent"], both["citizen"]], axis=1).astype("<i2").tobytes()


@dataclass(frozen=True)
class Doubles:
    """What stands in for the models, and what it was asked."""

    recogniser: ScriptedRecogniser
    parts: Parts


def doubles(recogniser: ScriptedRecogniser | None = None) -> Doubles:
    chosen = recogniser or ScriptedRecogniser(spoken)
    return Doubles(chosen, Parts(lambda _: chosen, _extractor, LevelVad))


_extractors: dict[str, Extractor] = {}


def _extractor(profile: Profile) -> Extractor:
    """The real extractor, loaded once for all tests: it holds no call's state."""
    if profile.content_hash not in _extractors:
        _extractors[profile.content_hash] = Extractor(profile.nlu)
    return _extractors[profile.content_hash]


def settings_in(folder: Path, **values: object) -> Settings:
    return Settings.model_validate({"data_dir": folder / "data", "port": 0} | values)


@contextlib.asynccontextmanager
async def running(
    settings: Settings, parts: Parts, limits: LiveLimits | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """The application without a socket."""
    async with open_services(settings, parts, limits) as services:
        transport = httpx.ASGITransport(app=create_app(services))
        async with httpx.AsyncClient(transport=transport, base_url="http://jiesu") as client:
            yield client


@contextlib.contextmanager
def serving(
    settings: Settings,
    parts: Parts,
    limits: LiveLimits | None = None,
    doors: Sequence[Door] = (),
) -> Iterator[str]:
    """The service on a port of 127.0.0.1, in a thread; yields its address."""
    started: Future[Server] = Future()
    with bind("127.0.0.1", 0) as listener:

        async def run() -> None:
            try:
                async with open_services(settings, parts, limits) as services:
                    server = Server(services, doors)
                    started.set_result(server)
                    await server.serve(sockets=[listener])
            except BaseException as error:
                if started.done():
                    raise
                started.set_exception(error)

        thread = threading.Thread(target=lambda: asyncio.run(run()), name="service", daemon=True)
        thread.start()
        server = started.result(30)
        while not server.started:
            time.sleep(0.01)
        try:
            yield address_of(listener)
        finally:
            server.should_exit = True
            thread.join(30)


async def until_state(
    client: httpx.AsyncClient, call_id: str, states: Sequence[str], within_s: float = 20.0
) -> dict[str, object]:
    """Wait until a call is in one of `states` and return its status."""
    async with asyncio.timeout(within_s):
        while True:
            status: dict[str, object] = (await client.get(f"/api/calls/{call_id}/status")).json()
            if status["state"] in states:
                return status
            await asyncio.sleep(0.02)
