"""Requests that are broken, endless or too many: told in OpenAI's form, nobody else disturbed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as fuzzing
from hypothesis import strategies as st

from serving.api.routes import openai as routes
from serving.api.services import open_services
from serving.transcriptions import Transcriptions
from tests.asr.doubles import ScriptedRecogniser
from tests.asr.recordings import wav_bytes
from tests.serving.live_client import LiveClient
from tests.serving.service import (
    SCRIPT,
    doubles,
    interleaved,
    serving,
    settings_in,
    spoken,
    write_recording,
)
from tests.serving.test_ws_calls import FRAME, WORDS

TRANSCRIPTIONS = "/v1/audio/transcriptions"
ALL = "".join(text for *_, text in SCRIPT)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = settings_in(tmp_path_factory.mktemp("openai"), max_upload_bytes=2**20)
    with serving(settings, doubles().parts) as address:
        yield address


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_recording(tmp_path_factory.mktemp("recording") / "call.wav").read_bytes()


def post(address: str, path: str = TRANSCRIPTIONS, **request: Any) -> httpx.Response:
    return httpx.post(address + path, timeout=30, **request)


def error_of(response: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    return error


def test_requests_that_are_no_form(address: str) -> None:
    requests: list[dict[str, Any]] = [
        {"json": {"model": "whisper-1"}},
        {"content": b"RIFF"},
        {"content": b"--x", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"data": {"model": "whisper-1"}},
        {"files": {"sound": b"RIFF"}, "data": {"model": "whisper-1"}},
    ]
    for request in requests:
        response = post(address, **request)
        assert response.status_code == 400
        assert error_of(response)["type"] == "invalid_request_error"


def test_a_page_of_another_site_is_refused(address: str, sound: bytes) -> None:
    response = post(
        address, files={"file": sound}, data={"model": "whisper-1"},
        headers={"Origin": "https://elsewhere.example"},
    )  # fmt: skip
    assert response.status_code == 403
    error_of(response)


def test_one_request_too_many_is_refused_and_the_others_are_answered(
    tmp_path: Path, sound: bytes
) -> None:
    gate = threading.Event()
    recogniser = ScriptedRecogniser(spoken)
    models = doubles(recogniser)
    settings = settings_in(tmp_path, max_transcriptions=2)
    answers: list[httpx.Response] = []
    with serving(settings, models.parts) as address:
        recogniser.gate = gate
        recogniser.started.clear()

        def ask() -> None:
            request: dict[str, Any] = {"files": {"file": sound}, "data": {"model": "whisper-1"}}
            answers.append(post(address, **request))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        assert recogniser.started.wait(10)
        while len(answers) < 6:
            threads[0].join(0.01)
        assert {a.status_code for a in answers} == {503}
        assert answers[0].headers["Retry-After"]
        assert error_of(answers[0])["type"] == "server_error"
        gate.set()
        for thread in threads:
            thread.join()
        assert [a.json()["text"] for a in answers if a.status_code == 200] == [ALL, ALL]
        ask()
        assert answers[-1].status_code == 200


async def test_an_upload_that_stops_is_given_up(
    address: str, sound: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that keeps its connection and sends no more does not keep its place."""
    monkeypatch.setattr(routes, "_PIECE_WITHIN_S", 0.3)
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST {TRANSCRIPTIONS} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 9000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
        'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'.encode()
    )
    writer.write(sound[:1000])
    async with asyncio.timeout(20):
        told = await reader.readuntil(b"}}")
    writer.close()
    await writer.wait_closed()
    assert told.startswith(b"HTTP/1.1 400")
    assert b"nothing came for 0.3 s" in told


async def test_a_live_call_goes_before_recordings(tmp_path: Path, sound: bytes) -> None:
    with serving(settings_in(tmp_path), doubles().parts) as address:
        async with httpx.AsyncClient(base_url=address, timeout=30) as client:
            request: dict[str, Any] = {"files": {"file": sound}, "data": {"model": "whisper-1"}}
            asked = [asyncio.create_task(client.post(TRANSCRIPTIONS, **request)) for _ in range(6)]
            async with LiveClient(address) as call:
                await call.play(interleaved(), FRAME)
                await call.say(type="end")
                assert await call.closed() == 1000
            answers = await asyncio.gather(*asked)
        assert call.words == WORDS
        assert [answer.json()["text"] for answer in answers] == [ALL] * 6


async def test_who_leaves_the_stream_ends_the_work(tmp_path: Path) -> None:
    """Nobody puts the rest of an hour into words for a client that is gone."""
    recogniser = ScriptedRecogniser(spoken)
    path = write_recording(tmp_path / "call.wav")
    async with open_services(settings_in(tmp_path), doubles(recogniser).parts) as services:
        heard = len(recogniser.batches)
        words = services.transcriptions.stream(path)
        await anext(words)
        await words.aclose()
        work: Transcriptions = services.transcriptions
        await work.transcribe(path)
        # The first was cut off after an utterance or two, the second heard them all.
        assert len(recogniser.batches) < heard + 2 * len(SCRIPT)


names = st.sampled_from(
    ["model", "response_format", "stream", "temperature", "prompt", "language",
     "timestamp_granularities[]", "keywords[]", "include[]", "profile", "x"]
)  # fmt: skip
texts = st.text(max_size=30) | st.sampled_from(
    ["whisper-1", "verbose_json", "srt", "word", "true", "0", "NaN", "1e999", "haikou"]
)
forms = st.lists(st.tuples(names, texts), max_size=6)


@fuzzing(
    max_examples=30, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(fields=forms, file=st.binary(max_size=300) | st.just(wav_bytes(bytes(4_000))))
def test_random_forms_are_answered(
    address: str, fields: list[tuple[str, str]], file: bytes
) -> None:
    data: dict[str, list[str]] = {}
    for name, value in fields:
        data.setdefault(name, []).append(value)
    response = post(address, files={"file": ("a.wav", file)}, data=data)
    assert response.status_code in {200, 400, 404, 413}
    if response.status_code != 200:
        assert error_of(response)["type"] == "invalid_request_error"


@fuzzing(
    max_examples=30, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(body=st.binary(max_size=400))
def test_random_bodies_are_answered(address: str, body: bytes) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    for content in (body, b"--x\r\n" + body + b"\r\n--x--\r\n"):
        response = post(address, content=content, headers=headers)
        assert response.status_code in {400, 404}
        error_of(response)
