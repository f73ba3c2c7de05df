"""FunASR clients from PyPI, unchanged, against the running service."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving.api.server import WS_MAX_BYTES, address_of, bind, doors_of
from serving.errors import AddressError, SettingsError
from serving.ingress.funasr_door import FunasrDoor
from serving.live.pcm import full_scale
from tests.asr.recordings import encode
from tests.serving.foreign_clients import run
from tests.serving.service import SCRIPT, doubles, legs, serving, settings_in, spoken
from tests.serving.test_ingress_funasr import TimedRecogniser

SAID = [text for channel, *_, text in SCRIPT if channel == "citizen"]
ALL = "".join(SAID)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The port of its own, as these clients expect it."""
    listener = bind("127.0.0.1", 0)
    parts = doubles(TimedRecogniser(spoken)).parts
    settings = settings_in(tmp_path_factory.mktemp("clients"), max_live_calls=8)
    with serving(settings, parts, doors=[FunasrDoor(listener, WS_MAX_BYTES)]):
        yield address_of(listener).replace("http", "ws", 1)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("recording") / "call.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(legs(8_000)["citizen"].tobytes())
    return str(path)


@pytest.mark.parametrize("mode", ["", "2pass", "offline"])
async def test_funasr_client(address: str, recording: str, mode: str) -> None:
    told = await run("funasr-client", "funasr_client_calls.py", address, recording, mode)
    merged = told["merged"]
    assert (merged["text"], merged["wav_name"]) == (ALL, "call.wav")
    assert len(merged["timestamp"]) == len([c for c in ALL if c not in "，。"])
    clauses = [s["text_seg"].replace(" ", "") + s["punc"] for s in merged["stamp_sents"]]
    assert "".join(clauses) == ALL
    for way in ("messages", "blocking", "live"):
        messages = told[way]
        assert [m["is_final"] for m in messages].count(True) == 1
        assert messages[-1]["is_final"]
        assert "".join(_finals(messages)) == ALL
    assert told["live"][-1]["real_timestamp"][0][0] > 1_000_000


async def test_funasr_client_online(address: str, recording: str) -> None:
    told = await run("funasr-client", "funasr_client_calls.py", address, recording, "online")
    for way in ("messages", "blocking", "live"):
        assert "".join(m["text"] for m in told[way]) == ALL


async def test_funasr_client_sends_an_mp3(address: str, tmp_path: Path) -> None:
    sound = full_scale(legs(16_000)["citizen"])[None, :]
    path = encode(tmp_path / "call.mp3", sound, "libmp3lame", 16_000)
    told = await run("funasr-client", "funasr_client_calls.py", address, str(path), "")
    assert told["merged"]["text"] == ALL
    assert told["merged"]["wav_name"] == "call.mp3"


async def test_funasr_python(address: str, recording: str) -> None:
    told = await run("funasr-python", "funasr_python_calls.py", address, recording)
    # This client keeps nothing of a file but its last message.
    assert told["2pass"] == SAID[-1]
    assert told["offline"] == ALL
    assert ALL.endswith(told["online"])
    assert told["files"] == [SAID[-1]] * 2
    assert told["finals"] == [SAID[-1]]
    assert SAID[0] in told["partials"]
    assert told["connections"] == 1


@pytest.fixture
async def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A self-signed one, as FunASR's servers bring along."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    certfile, keyfile = tmp_path / "cert.pem", tmp_path / "key.pem"
    making = await asyncio.create_subprocess_exec(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-subj", "/CN=jiesu", "-keyout", str(keyfile), "-out", str(certfile),
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await making.wait() == 0
    return certfile, keyfile


async def test_funasr_client_over_tls(
    tmp_path: Path, recording: str, certificate: tuple[Path, Path]
) -> None:
    certfile, keyfile = certificate
    settings = settings_in(
        tmp_path, funasr_port=0, funasr_certfile=certfile, funasr_keyfile=keyfile, max_live_calls=8
    )
    with contextlib.ExitStack() as stack:
        (door,) = doors_of(settings, stack)
        parts = doubles(TimedRecogniser(spoken)).parts
        stack.enter_context(serving(settings, parts, doors=[door]))
        address = address_of(door.listener).replace("http", "wss", 1)
        told = await run("funasr-client", "funasr_client_calls.py", address, recording, "")
    assert told["merged"]["text"] == ALL


def test_a_certificate_that_is_none_is_told_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("no certificate")
    settings = settings_in(tmp_path, funasr_port=0, funasr_certfile=tmp_path / "cert.pem")
    with (
        contextlib.ExitStack() as bound,
        pytest.raises(SettingsError, match="JIESU_FUNASR_CERTFILE"),
    ):
        doors_of(settings, bound)


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with bind("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with contextlib.ExitStack() as bound, pytest.raises(AddressError, match=str(port)):
            doors_of(settings_in(tmp_path, funasr_port=port), bound)


def _finals(messages: list[dict[str, Any]]) -> list[str]:
    return [m["text"] for m in messages if m["mode"] == "2pass-offline"]
