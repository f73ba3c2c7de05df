"""The service around the calls: health, metrics, description, screens, sample calls."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from serving.errors import OutputError, ProfileError
from tests.serving.service import (
    SCRIPT,
    doubles,
    running,
    settings_in,
    until_state,
    write_recording,
)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    samples = tmp_path / "samples"
    samples.mkdir()
    write_recording(samples / "sample_complaint.wav")
    settings = settings_in(tmp_path, samples_dir=samples, max_live_calls=1)
    async with running(settings, doubles().parts) as client:
        yield client


async def test_health_and_readiness(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health")).json()["status"] == "ok"
    ready = await client.get("/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert ready.json()["max_live_calls"] == 1


async def test_metrics_count_calls_and_errors_without_names(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    content = write_recording(tmp_path / "林先生13900001234.wav").read_bytes()
    answer = await client.post("/api/calls", files={"file": ("林先生13900001234.wav", content)})
    await until_state(client, answer.json()["call_id"], ["done"])
    await client.get("/api/calls/13900001234")
    text = (await client.get("/metrics")).text
    assert re.search(r'jiesu_calls_total\{kind="ticket",outcome="done"\} [1-9]', text)
    assert re.search(r'jiesu_errors_total\{code="call-not-found",door="http"\} [1-9]', text)
    assert "13900001234" not in text
    assert "林" not in text


async def test_the_interface_is_described_with_examples(client: httpx.AsyncClient) -> None:
    schema = (await client.get("/openapi.json")).json()
    operations = [
        (path, method, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]
    assert {path for path, _, _ in operations} >= {
        "/api/calls", "/api/calls/{call_id}", "/api/calls/{call_id}/result",
        "/api/calls/{call_id}/events", "/api/calls/{call_id}/audio", "/api/calls/{call_id}/draft",
        "/api/calls/{call_id}/ticket", "/api/calls/{call_id}/qa/{rule_id}", "/health", "/metrics",
    }  # fmt: skip
    for path, method, operation in operations:
        assert operation["summary"], (path, method)
        assert operation["description"], (path, method)
    examples = {n for n, s in schema["components"]["schemas"].items() if s.get("examples")}
    assert {"CallStatus", "Problem", "OverrideRequest"} <= examples


async def test_the_description_is_a_page_that_needs_no_network(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    assert "/api/calls/{call_id}/audio" in page
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//", page) == []


@pytest.mark.parametrize("path", ["/", "/?state=done&page=7", "/calls/rows", "/docs"])
async def test_pages_come_with_a_policy(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_an_unknown_call_is_a_page_that_says_so(client: httpx.AsyncClient) -> None:
    answer = await client.get("/calls/gone")
    assert answer.status_code == 404
    assert "没有这通通话" in answer.text
    missing = await client.get("/nothing/here")
    assert missing.json()["title"] == "没有这个页面"


async def test_a_sample_call_is_played_live(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/demo-calls", json={"speed": 4})
    assert answer.status_code == 201
    call_id = answer.json()["call_id"]
    refused = await client.post("/api/demo-calls", json={})
    assert (refused.status_code, refused.json()["retryable"]) == (503, True)
    finals: dict[str, Any] = {}
    types = set()
    async with client.stream("GET", f"/api/calls/{call_id}/events") as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                event = json.loads(line[6:])
                types.add(event["type"])
                if event["type"] == "transcript" and event["kind"] == "final":
                    finals[event["utterance"]["id"]] = event["utterance"]
    assert types == {"state", "transcript", "draft", "qa"}
    ordered = sorted(finals.values(), key=lambda u: u["start_ms"])
    assert [u["text"] for u in ordered] == [text for _, _, _, text in SCRIPT]
    status = (await client.get(f"/api/calls/{call_id}/status")).json()
    assert (status["source"], status["state"]) == ("demo", "done")


async def test_a_live_call_can_be_looked_at_and_corrected(client: httpx.AsyncClient) -> None:
    call_id = (await client.post("/api/demo-calls", json={"speed": 2})).json()["call_id"]
    seen: dict[str, Any] = {"ticket": None}
    async with asyncio.timeout(15):
        while seen["ticket"] is None:
            await asyncio.sleep(0.05)
            seen = (await client.get(f"/api/calls/{call_id}")).json()
    assert seen["status"]["state"] == "live"
    assert seen["live_transcript"][0]["utterance"]["text"] == SCRIPT[0][3]
    cursors = [seen["cursor"], "another run.99"]
    following = [
        asyncio.create_task(client.get(f"/api/calls/{call_id}/events", params={"after": cursor}))
        for cursor in cursors
    ]
    actor = {"X-Jiesu-User": "7"}
    edit = await client.patch(
        f"/api/calls/{call_id}/draft", json={"urgency": "紧急"}, headers=actor
    )
    assert edit.status_code == 200
    assert (await client.delete(f"/api/calls/{call_id}", headers=actor)).status_code == 409
    assert (await client.get(f"/api/calls/{call_id}/audio")).status_code == 409
    await until_state(client, call_id, ["done"])
    assert (await client.get(f"/api/calls/{call_id}")).json()["edits"][0]["value"] == "紧急"
    rest, anew = [(await task).text for task in following]
    assert SCRIPT[3][3] in rest
    assert SCRIPT[0][3] not in rest
    assert SCRIPT[0][3] in anew


async def test_the_demo_page_begins_a_call_and_leads_to_it(client: httpx.AsyncClient) -> None:
    answer = await client.get("/demo")
    assert answer.status_code == 303
    page = await client.get(answer.headers["location"])
    assert page.status_code == 200
    assert "通话中" in page.text


@pytest.mark.parametrize("sample", ["../../etc/passwd", "none"])
async def test_only_samples_are_played(client: httpx.AsyncClient, sample: str) -> None:
    answer = await client.post("/api/demo-calls", json={"sample": sample})
    assert answer.status_code == 404


async def test_a_data_folder_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file is in the way")
    with pytest.raises(OutputError, match="data"):
        async with running(settings_in(tmp_path), doubles().parts):
            pass


async def test_an_unknown_profile_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="nowhere"):
        async with running(settings_in(tmp_path, profile="nowhere"), doubles().parts):
            pass
