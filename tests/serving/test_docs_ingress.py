"""docs/ingress.md against the code: its examples run, its fields and limits are those there are."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.api.openai_request import MODELS
from serving.api.server import WS_MAX_BYTES, address_of, bind
from serving.ingress.funasr_door import FunasrDoor
from serving.ingress.funasr_start import FunasrStart, read_control
from serving.live.limits import LiveLimits
from serving.settings import Settings
from tests.conftest import ROOT
from tests.serving.foreign_clients import INSTALLED
from tests.serving.service import (
    RATE_HZ,
    SCRIPT,
    doubles,
    legs,
    serving,
    settings_in,
    write_recording,
)

TEXT = (ROOT / "docs" / "ingress.md").read_text(encoding="utf-8")
SAID = [text for channel, *_, text in SCRIPT if channel == "citizen"]


def section(heading: str) -> str:
    return TEXT.split(f"\n## {heading}\n", 1)[1].split("\n## ")[0]


def example(heading: str) -> str:
    found = re.search(r"```py\n(.*?)```", section(heading), re.DOTALL)
    assert found is not None
    return found.group(1)


def fields(heading: str) -> set[str]:
    rows = re.findall(r"^\| (`.*?) \|", section(heading), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([a-z_\[\]]+)`", row)}


@pytest.fixture
def addresses(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The service's address and that of its FunASR port; a recording lies in the folder."""
    with wave.open(str(tmp_path / "call.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(legs()["citizen"].tobytes())
    listener = bind("127.0.0.1", 0)
    doors = [FunasrDoor(listener, WS_MAX_BYTES)]
    with serving(settings_in(tmp_path), doubles().parts, doors=doors) as address:
        yield address, address_of(listener)


async def run(program: str, folder: Path, client: str = "") -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=folder, stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(INSTALLED / client)},
    )  # fmt: skip
    async with asyncio.timeout(60):
        told, _ = await process.communicate()
    assert process.returncode == 0
    return told.decode()


async def test_the_funasr_example(addresses: tuple[str, str], tmp_path: Path) -> None:
    if not (INSTALLED / "funasr-client").is_dir():
        pytest.skip("funasr-client is not installed; make test installs it")
    program = example("FunASR").replace("ws://127.0.0.1:10095", addresses[1].replace("http", "ws"))
    assert (await run(program, tmp_path, "funasr-client")).strip() == "".join(SAID)


async def test_the_openai_example(addresses: tuple[str, str], tmp_path: Path) -> None:
    write_recording(tmp_path / "call.wav")
    program = example("OpenAI").replace("http://127.0.0.1:8123", addresses[0])
    lines = (await run(program, tmp_path)).splitlines()
    assert [line.split(maxsplit=2)[2] for line in lines] == [text for *_, text in SCRIPT]


def test_every_start_field_is_described() -> None:
    start, *_ = re.findall(r"```json\n(.*?)```", section("FunASR"), re.DOTALL)
    control = read_control(start, FunasrStart())
    assert not control.is_end
    assert control.start.sample_rate_hz == 8_000
    assert fields("FunASR") >= set(json.loads(start)) | {"hotwords"}
    assert f"| `audio_fs` | {FunasrStart().sample_rate_hz} |" in TEXT


def test_limits_are_those_of_the_code() -> None:
    limits, settings = LiveLimits(), Settings()
    assert f"up to {limits.rest_s / 60:g} minutes" in TEXT
    assert f"after {limits.idle_s:g} s of silence" in TEXT
    assert f"above {WS_MAX_BYTES // 2**20} MiB a message" in TEXT
    assert f"`JIESU_MAX_TRANSCRIPTIONS` ({settings.max_transcriptions})" in TEXT
    assert settings.funasr_names == "2pass"


def test_every_model_name_is_given() -> None:
    assert all(f"`{name}`" in section("OpenAI") for name in MODELS)
