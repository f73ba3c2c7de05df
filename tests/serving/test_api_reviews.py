"""What people decide over HTTP: overrule, correct, submit; and that it is signed and kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from serving.clock import CHINA_TIME
from serving.profile import load_profile
from serving.review import standing
from tests.serving.sample_call import sample_call
from tests.serving.service import doubles, running, settings_in, until_state, write_recording

ACTOR = {"X-Jiesu-User": quote("坐席甲")}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with running(settings_in(tmp_path), doubles().parts) as client:
        client.headers.update(ACTOR)
        yield client


@pytest.fixture
async def call(client: httpx.AsyncClient, tmp_path: Path) -> str:
    """The address of a processed call."""
    content = write_recording(tmp_path / "call.wav").read_bytes()
    data = {"received_at": "2026-03-02T09:30"}
    answer = await client.post("/api/calls", files={"file": ("call.wav", content)}, data=data)
    call_id = answer.json()["call_id"]
    await until_state(client, call_id, ["done"])
    return f"/api/calls/{call_id}"


async def view(client: httpx.AsyncClient, call: str) -> dict[str, Any]:
    seen: dict[str, Any] = (await client.get(call)).json()
    return seen


async def test_an_edit_stands_beside_the_machine_s_value(
    client: httpx.AsyncClient, call: str
) -> None:
    machine = (await view(client, call))["ticket"]["agency"]
    answer = await client.patch(f"{call}/draft", json={"agency": "美兰区综合行政执法局"})
    assert answer.status_code == 200
    seen = await view(client, call)
    assert seen["ticket"]["agency"] == machine
    (edit,) = seen["edits"]
    assert (edit["field"], edit["value"], edit["actor"]) == (
        "agency", "美兰区综合行政执法局", "坐席甲",
    )  # fmt: skip
    assert (await client.get(f"{call}/result")).json()["ticket"]["agency"] == machine


async def test_the_deadline_follows_an_edited_type(client: httpx.AsyncClient, call: str) -> None:
    before = (await view(client, call))["standing"]
    await client.patch(f"{call}/draft", json={"request_type": "咨询类"})
    after = (await view(client, call))["standing"]
    assert after["due_at"] != before["due_at"]


def test_what_a_person_filled_in_is_no_longer_missing() -> None:
    profile = load_profile("haikou")
    labels = {rule.needs: rule.label for rule in profile.tickets.required}
    ticket = sample_call("c").ticket
    assert ticket is not None
    lacking = ticket.model_copy(update={"missing": [labels["phone"], labels["location"]]})
    received_at = datetime(2026, 3, 2, 9, 30, tzinfo=CHINA_TIME)
    edits = {"caller.phone": "13900001234", "location": None}
    stands = standing(profile, lacking, edits, received_at)
    assert stands.missing == (labels["location"],)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"colour": "blue"},
        {"title": ""},
        {"title": "x" * 201},
        {"category": []},
        {"category": "环保"},
        {"caller.phone": "not a number"},
        {"occurred_at": "yesterday"},
        {"location": {"text": "x"}},
        [],
    ],
)
async def test_wrong_edits_change_nothing(client: httpx.AsyncClient, call: str, body: Any) -> None:
    answer = await client.patch(f"{call}/draft", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await view(client, call))["edits"] == []


async def test_a_field_can_be_emptied(client: httpx.AsyncClient, call: str) -> None:
    await client.patch(f"{call}/draft", json={"caller.phone": None})
    submitted = (await client.post(f"{call}/ticket")).json()
    assert submitted["content"]["caller"]["phone"] is None
    assert submitted["content"]["edited"] == ["caller.phone"]


async def test_a_ticket_is_submitted_once_and_closes_the_draft(
    client: httpx.AsyncClient, call: str
) -> None:
    await client.patch(f"{call}/draft", json={"title": "工地夜间施工扰民"})
    first = await client.post(f"{call}/ticket")
    assert first.status_code == 201
    content = first.json()["content"]
    assert content["title"] == "工地夜间施工扰民"
    assert content["caller"]["phone"] == "13900001234"
    assert content["location"]["district"] == "美兰区"
    again = await client.post(f"{call}/ticket")
    assert (again.status_code, again.json()["code"]) == (409, "call-state")
    late = await client.patch(f"{call}/draft", json={"title": "另一个"})
    assert late.status_code == 409
    seen = await view(client, call)
    assert seen["submitted"]["number"] == first.json()["number"]


async def test_a_verdict_changes_the_reviewed_score_only(
    client: httpx.AsyncClient, call: str
) -> None:
    machine = (await view(client, call))["qa"]
    body = {"passed": False, "deduction": 3.5, "reason": "没有自报工号"}
    answer = await client.put(f"{call}/qa/greeting", json=body)
    assert answer.status_code == 200
    seen = await view(client, call)
    assert seen["qa"] == machine
    assert seen["reviewed_qa_score"] == machine["score"] - 3.5
    await client.put(f"{call}/qa/greeting", json={"passed": True, "reason": "申诉成立"})
    seen = await view(client, call)
    assert seen["reviewed_qa_score"] == machine["score"]
    assert [o["reason"] for o in seen["overrides"]] == ["申诉成立"]


@pytest.mark.parametrize(
    ("rule", "body"),
    [
        ("no_such_rule", {"passed": True, "reason": "因为"}),
        ("greeting", {"passed": True}),
        ("greeting", {"passed": True, "reason": " "}),
        ("greeting", {"passed": True, "deduction": 5, "reason": "矛盾"}),
        ("greeting", {"passed": False, "deduction": -5, "reason": "负数"}),
        ("greeting", {"passed": False, "deduction": "NaN", "reason": "非数"}),
    ],
)
async def test_wrong_verdicts_are_refused(
    client: httpx.AsyncClient, call: str, rule: str, body: dict[str, Any]
) -> None:
    assert (await client.put(f"{call}/qa/{rule}", json=body)).status_code == 422
    assert (await view(client, call))["overrides"] == []


@pytest.mark.parametrize("actor", ["", "   ", "%E5", "a" * 65, "two%0Alines"])
async def test_decisions_are_signed(client: httpx.AsyncClient, call: str, actor: str) -> None:
    answer = await client.post(f"{call}/ticket", headers={"X-Jiesu-User": actor})
    if actor == "%E5":  # not UTF-8, yet a name of sorts
        assert answer.status_code == 201
        return
    assert (answer.status_code, answer.json()["code"]) == (422, "actor-missing")


async def test_everything_is_in_the_audit_without_its_words(
    client: httpx.AsyncClient, call: str
) -> None:
    await client.patch(f"{call}/draft", json={"title": "改过的标题", "caller.surname": "陈"})
    await client.put(f"{call}/qa/closing", json={"passed": True, "reason": "申诉成立"})
    await client.post(f"{call}/ticket")
    await client.delete(call)
    text = (await client.get(f"{call}/audit")).text
    rows = [(row["action"], row["subject"]) for row in (await client.get(f"{call}/audit")).json()]
    assert rows == [
        ("edit", "title"), ("edit", "caller.surname"), ("qa-override", "closing"),
        ("submit", None), ("delete", None),
    ]  # fmt: skip
    assert "改过的标题" not in text
    assert "申诉成立" not in text


async def test_another_site_decides_nothing(client: httpx.AsyncClient, call: str) -> None:
    answer = await client.post(f"{call}/ticket", headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403
    own = await client.post(f"{call}/ticket", headers={"Origin": "http://jiesu"})
    assert own.status_code == 201


async def test_there_is_nothing_to_decide_before_there_is_a_result(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    answer = await client.post("/api/calls", files={"file": ("x.wav", b"no sound")})
    call_id = answer.json()["call_id"]
    await until_state(client, call_id, ["failed"])
    for method, path, body in (
        ("POST", "ticket", None),
        ("PATCH", "draft", {"title": "x"}),
        ("PUT", "qa/greeting", {"passed": True, "reason": "因为"}),
    ):
        answer = await client.request(method, f"/api/calls/{call_id}/{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "call-state")
        gone = await client.request(method, f"/api/calls/gone/{path}", json=body)
        assert gone.status_code == 404
