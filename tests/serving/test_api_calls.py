"""Uploads over HTTP: taken in, processed, read, played, listed, deleted."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from asr.errors import EngineError
from serving.store.engine import open_engine, sqlite_url
from tests.serving.service import (
    Doubles,
    doubles,
    running,
    settings_in,
    until_state,
    write_recording,
)


@pytest.fixture
def models() -> Doubles:
    return doubles()


@pytest.fixture
async def client(tmp_path: Path, models: Doubles) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_in(tmp_path, max_upload_bytes=2_000_000)
    async with running(settings, models.parts) as client:
        yield client


async def upload(
    client: httpx.AsyncClient, path: Path, name: str = "call.wav", **fields: str
) -> httpx.Response:
    content = await asyncio.to_thread(path.read_bytes)
    return await client.post("/api/calls", files={"file": (name, content)}, data=fields)


async def test_an_upload_becomes_a_ticket_draft(client: httpx.AsyncClient, tmp_path: Path) -> None:
    answer = await upload(
        client, write_recording(tmp_path / "call.wav"), received_at="2026-03-02T09:30"
    )
    assert answer.status_code == 202
    status = answer.json()
    assert answer.headers["location"] == f"/api/calls/{status['call_id']}"
    assert (status["state"], status["received_at"]) == ("queued", "2026-03-02T09:30:00+08:00")
    done = await until_state(client, status["call_id"], ["done", "failed"])
    assert (done["state"], done["error"]) == ("done", None)
    result = (await client.get(f"/api/calls/{status['call_id']}/result")).json()
    assert result["call_id"] == status["call_id"]
    assert [u["channel"] for u in result["transcript"]["utterances"]] == [
        "agent", "citizen", "agent", "citizen", "agent",
    ]  # fmt: skip
    phone = result["ticket"]["caller"]["phone"]
    assert phone["value"] == "13900001234"
    assert any("13900001234" in e["quote"] for e in phone["evidence"])
    assert done["duration_ms"] == 16_500
    assert done["title"] == result["ticket"]["title"]["value"]


async def test_what_is_no_audio_fails_with_a_reason(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    path = tmp_path / "text.wav"
    path.write_text("this is no sound")
    call_id = (await upload(client, path, name="../../etc/情况.wav")).json()["call_id"]
    status = await until_state(client, call_id, ["failed"])
    error = status["error"]
    assert isinstance(error, dict)
    assert (status["filename"], error["code"]) == ("情况.wav", "audio-decode")
    assert error["title"] == "不是可识别的音频文件，或文件已损坏"
    assert error["message"].startswith("情况.wav")
    assert str(tmp_path) not in error["message"]
    answer = await client.get(f"/api/calls/{call_id}/result")
    assert answer.status_code == 409


async def test_a_failing_recogniser_fails_one_call_only(
    client: httpx.AsyncClient, models: Doubles, tmp_path: Path
) -> None:
    path = write_recording(tmp_path / "call.wav")
    models.recogniser.error, models.recogniser.fail_next = EngineError("out of memory"), 10
    first = (await upload(client, path)).json()["call_id"]
    assert (await until_state(client, first, ["failed", "done"]))["state"] == "failed"
    models.recogniser.fail_next = 0
    second = (await upload(client, path)).json()["call_id"]
    assert (await until_state(client, second, ["failed", "done"]))["state"] == "done"


async def test_too_large_is_refused_while_it_comes(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
        for _ in range(1000):
            yield bytes(100_000)

    answer = await client.post(
        "/api/calls",
        content=endless(),
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "upload-too-large"
    assert list((tmp_path / "data" / "recordings").iterdir()) == []


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b"", "multipart/form-data; boundary=x", "upload"),
        (b"RIFF", "audio/wav", "upload"),
        (b"--x\r\nrubbish", "multipart/form-data; boundary=x", "upload"),
        (b"--y--\r\n", "multipart/form-data; boundary=x", "upload"),
        (
            b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\n1\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
            "upload",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
            b"\r\n--x--\r\n",
            "multipart/form-data; boundary=x",
            "upload",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nbroken o',
            "multipart/form-data; boundary=x",
            "upload",
        ),
    ],
)
async def test_a_request_without_a_recording_says_what_is_missing(
    client: httpx.AsyncClient, tmp_path: Path, body: bytes, content_type: str, code: str
) -> None:
    answer = await client.post("/api/calls", content=body, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["title"] == "请求中没有录音文件"
    assert (await client.get("/api/calls")).json()["total"] == 0
    assert list((tmp_path / "data" / "recordings").iterdir()) == []


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"profile": "/etc"}, 422),
        ({"profile": "nowhere"}, 422),
        ({"kind": "complaint"}, 400),
        ({"received_at": "yesterday"}, 400),
        ({"colour": "blue"}, 400),
    ],
)
async def test_wrong_fields_are_refused(
    client: httpx.AsyncClient, tmp_path: Path, fields: dict[str, str], status: int
) -> None:
    answer = await upload(client, write_recording(tmp_path / "call.wav"), **fields)
    assert answer.status_code == status
    assert list((tmp_path / "data" / "recordings").iterdir()) == []


async def test_the_recording_is_played_by_ranges(client: httpx.AsyncClient, tmp_path: Path) -> None:
    path = write_recording(tmp_path / "call.wav")
    call_id = (await upload(client, path, name="call.html")).json()["call_id"]
    await until_state(client, call_id, ["done"])
    whole = await client.get(f"/api/calls/{call_id}/audio")
    assert whole.content == path.read_bytes()
    assert whole.headers["content-type"] == "audio/wav"
    part = await client.get(f"/api/calls/{call_id}/audio", headers={"Range": "bytes=1000-1999"})
    assert part.status_code == 206
    assert part.content == path.read_bytes()[1000:2000]
    beyond = await client.get(f"/api/calls/{call_id}/audio", headers={"Range": "bytes=99999999-"})
    assert beyond.status_code == 416


async def test_calls_are_listed_by_page_and_state(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    path = write_recording(tmp_path / "call.wav")
    ids = [(await upload(client, path)).json()["call_id"] for _ in range(3)]
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"no sound")
    failed = (await upload(client, bad)).json()["call_id"]
    for call_id in [*ids, failed]:
        await until_state(client, call_id, ["done", "failed"])
    page = (await client.get("/api/calls", params={"limit": 2, "offset": 1})).json()
    assert (page["total"], [c["call_id"] for c in page["calls"]]) == (4, [ids[2], ids[1]])
    page = (await client.get("/api/calls", params={"state": "failed"})).json()
    assert [c["call_id"] for c in page["calls"]] == [failed]
    assert (await client.get("/api/calls", params={"state": "lost"})).status_code == 422
    assert (await client.get("/api/calls", params={"limit": 0})).status_code == 422


async def test_deleting_takes_the_recording_too(client: httpx.AsyncClient, tmp_path: Path) -> None:
    call_id = (await upload(client, write_recording(tmp_path / "call.wav"))).json()["call_id"]
    await until_state(client, call_id, ["done"])
    unsigned = await client.delete(f"/api/calls/{call_id}")
    assert (unsigned.status_code, unsigned.json()["code"]) == (422, "actor-missing")
    actor = {"X-Jiesu-User": "%E5%9D%90%E5%B8%AD%E7%94%B2"}
    assert (await client.delete(f"/api/calls/{call_id}", headers=actor)).status_code == 204
    assert (await client.get(f"/api/calls/{call_id}")).status_code == 404
    assert list((tmp_path / "data" / "recordings").iterdir()) == []
    audit = (await client.get(f"/api/calls/{call_id}/audit")).json()
    assert [(row["action"], row["actor"]) for row in audit] == [("delete", "坐席甲")]


async def test_progress_is_told_as_events(client: httpx.AsyncClient, tmp_path: Path) -> None:
    call_id = (await upload(client, write_recording(tmp_path / "call.wav"))).json()["call_id"]
    states = []
    async with client.stream("GET", f"/api/calls/{call_id}/events") as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                states.append(json.loads(line[6:])["state"])
    assert states[-1] == "done"
    assert set(states) <= {"queued", "processing", "done"}
    async with client.stream("GET", f"/api/calls/{call_id}/events") as stream:
        after = [line async for line in stream.aiter_lines() if line.startswith("data: ")]
    assert json.loads(after[0][6:])["state"] == "done"


async def test_a_restart_takes_up_what_was_left(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    path = write_recording(tmp_path / "call.wav")
    async with running(settings, doubles().parts) as client:
        first = (await upload(client, path)).json()["call_id"]
        await until_state(client, first, ["done"])
    # As a crash in the middle leaves it: being processed, with no result.
    engine = open_engine(sqlite_url(settings.data_dir))
    with engine.begin() as connection:
        connection.exec_driver_sql("update calls set state = 'processing', result = null")
    engine.dispose()
    async with running(settings, doubles().parts) as client:
        again = await until_state(client, first, ["done", "failed"])
        assert again["state"] == "done"
        assert (await client.get(f"/api/calls/{first}/result")).status_code == 200


async def test_going_down_in_the_middle_leaves_the_call_queued(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    models = doubles()
    gate = threading.Event()
    async with running(settings, models.parts) as client:
        models.recogniser.gate = gate
        models.recogniser.started.clear()
        call_id = (await upload(client, write_recording(tmp_path / "call.wav"))).json()["call_id"]
        await asyncio.to_thread(models.recogniser.started.wait, 10)
        asyncio.get_running_loop().call_later(0.3, gate.set)
    async with running(settings, doubles().parts) as client:
        assert (await until_state(client, call_id, ["done", "failed"]))["state"] == "done"


async def test_a_full_queue_refuses_before_the_upload(tmp_path: Path) -> None:
    models = doubles()
    gate = threading.Event()
    settings = settings_in(tmp_path, max_queued_uploads=1)
    path = write_recording(tmp_path / "call.wav")
    async with running(settings, models.parts) as client:
        models.recogniser.gate = gate
        first = (await upload(client, path)).json()["call_id"]
        await until_state(client, first, ["processing"])
        assert (await upload(client, path)).status_code == 202
        refused = await upload(client, path)
        assert (refused.status_code, refused.json()["retryable"]) == (503, True)
        assert refused.headers["retry-after"] == "10"
        gate.set()
