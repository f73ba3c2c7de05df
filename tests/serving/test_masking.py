"""What each role sees of a call: on the command line, over HTTP, and in what is stored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from serving.contract import CallModel
from serving.masking import masked_call
from serving.profile import load_profile
from tests.serving.service import doubles, running, settings_in, until_state, write_recording

NUMBER = "13900001234"


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with running(settings_in(tmp_path), doubles().parts) as client:
        yield client


async def finished(client: httpx.AsyncClient, tmp_path: Path, name: str = "call.wav") -> str:
    recording = write_recording(tmp_path / name)
    with recording.open("rb") as file:
        answer = await client.post("/api/calls", files={"file": (name, file)})
    call_id: str = answer.json()["call_id"]
    await until_state(client, call_id, ["done"])
    return call_id


async def test_roles_see_what_the_profile_lets_them_see(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    call_id = await finished(client, tmp_path, f"{NUMBER}.wav")
    address = f"/api/calls/{call_id}"
    assert NUMBER in (await client.get(address)).text
    for role, shown in (("qa", "139****1234"), ("inspection", "139****1234"), ("export", "*" * 11)):
        headers = {"X-Jiesu-Role": role}
        for path in (address, f"{address}/result", f"{address}/status", "/api/calls", "/"):
            text = (await client.get(path, headers=headers)).text
            assert NUMBER not in text, (role, path)
        seen = (await client.get(f"{address}?role={role}")).json()
        assert seen["result"]["ticket"]["caller"]["phone"]["value"] == shown
        assert seen["result"]["provenance"]["masked_for"] == role
        assert ("林先生" in str(seen)) == (role != "export")


async def test_a_masked_quote_stands_where_the_words_stood(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    call_id = await finished(client, tmp_path)
    open_call = CallModel.model_validate((await client.get(f"/api/calls/{call_id}/result")).json())
    policy = load_profile("haikou").privacy
    masked = masked_call(open_call, policy.role("export"))
    assert open_call.ticket
    assert masked.ticket
    texts = {u.id: u.text for u in masked.transcript.utterances}
    assert [len(u.text) for u in masked.transcript.utterances] == [
        len(u.text) for u in open_call.transcript.utterances
    ]
    for before, after in (
        (open_call.ticket.caller.phone, masked.ticket.caller.phone),
        (open_call.ticket.content, masked.ticket.content),
        (open_call.ticket.location, masked.ticket.location),
    ):
        assert before.evidence
        for ours, theirs in zip(before.evidence, after.evidence, strict=True):
            assert (ours.char_start, ours.start_ms) == (theirs.char_start, theirs.start_ms)
            assert theirs.quote == texts[theirs.utterance_id][theirs.char_start : theirs.char_end]
    assert masked.ticket.caller.phone.value == "*" * 11
    assert masked.ticket.caller.surname.value == "*"
    assert "18号" not in masked.model_dump_json()
    assert "和平大道" in masked.model_dump_json()


async def test_results_of_older_versions_without_offsets_are_masked_too(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    call_id = await finished(client, tmp_path)
    data = (await client.get(f"/api/calls/{call_id}/result")).json()
    for evidence in data["ticket"]["caller"]["phone"]["evidence"]:
        del evidence["char_start"], evidence["char_end"]
    masked = masked_call(CallModel.model_validate(data), load_profile("haikou").privacy.role("qa"))
    assert masked.ticket
    assert NUMBER not in masked.model_dump_json()
    assert {e.quote for e in masked.ticket.caller.phone.evidence} == {"139****1234"}


async def test_a_role_that_reads_only_decides_nothing_and_hears_nothing(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    call_id = await finished(client, tmp_path)
    headers = {"X-Jiesu-Role": "inspection", "X-Jiesu-User": "jiwei"}
    address = f"/api/calls/{call_id}"
    verdict = {"passed": True, "deduction": 0, "reason": "已说结束语"}
    refused = [
        await client.put(f"{address}/qa/greeting", json=verdict, headers=headers),
        await client.patch(f"{address}/draft", json={"title": "x"}, headers=headers),
        await client.post(f"{address}/ticket", headers=headers),
        await client.delete(address, headers=headers),
        await client.get(f"{address}/audio", headers=headers),
    ]
    assert [answer.status_code for answer in refused] == [403] * 5
    assert refused[0].json()["code"] == "role"
    assert (await client.get(address)).status_code == 200


async def test_what_people_wrote_is_masked_too(client: httpx.AsyncClient, tmp_path: Path) -> None:
    call_id = await finished(client, tmp_path)
    address, agent = f"/api/calls/{call_id}", {"X-Jiesu-User": "a1"}
    edits = {"content": "来电人称联系电话13800138000。", "caller.surname": "周"}
    assert (await client.patch(f"{address}/draft", json=edits, headers=agent)).status_code == 200
    assert (await client.post(f"{address}/ticket", headers=agent)).status_code == 201
    seen = (await client.get(f"{address}?role=export")).text
    assert "13800138000" not in seen
    assert "周" not in seen


async def test_an_unknown_role_is_told(client: httpx.AsyncClient) -> None:
    for path in ("/api/calls?role=boss", "/?role=boss"):
        answer = await client.get(path)
        assert answer.status_code == 422
        assert answer.json()["code"] == "unknown-role"
