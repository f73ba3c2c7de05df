"""Agencies that people put right over HTTP: learned at once, kept, and exported for training."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from models.extractor.dataset import read_tickets
from serving.cli.corrections import training_rows
from serving.store import CorrectionStore
from serving.store.engine import open_engine, sqlite_url
from serving.store.migrate import upgrade
from tests.serving.service import doubles, running, settings_in, until_state, write_recording

ACTOR = {"X-Jiesu-User": quote("坐席甲")}
RIGHT = "市公安局"


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with running(settings_in(tmp_path), doubles().parts) as client:
        client.headers.update(ACTOR)
        yield client


async def processed(client: httpx.AsyncClient, folder: Path) -> str:
    content = write_recording(folder / "call.wav").read_bytes()
    data = {"received_at": "2026-03-02T09:30"}
    answer = await client.post("/api/calls", files={"file": ("call.wav", content)}, data=data)
    call_id: str = answer.json()["call_id"]
    await until_state(client, call_id, ["done"])
    return call_id


async def agency(client: httpx.AsyncClient, call_id: str) -> dict[str, Any]:
    seen: dict[str, Any] = (await client.get(f"/api/calls/{call_id}/result")).json()
    field: dict[str, Any] = seen["ticket"]["agency"]
    return field


def share(field: dict[str, Any], name: str) -> float:
    shares = {other["value"]: other["confidence"] for other in field["alternatives"]}
    return float({**shares, field["value"]: field["confidence"]}.get(name, 0.0))


async def test_the_next_call_like_a_corrected_one_goes_to_the_right_agency(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    first = await processed(client, tmp_path)
    machine = await agency(client, first)
    assert machine["value"] != RIGHT
    await client.patch(f"/api/calls/{first}/draft", json={"agency": RIGHT})
    second = await agency(client, await processed(client, tmp_path))
    assert second["value"] == RIGHT
    assert "更正的工单相近" in second["reason"]
    assert "林" not in second["reason"]
    # What the machine said of the first call is not touched.
    assert await agency(client, first) == machine


async def test_of_several_corrections_of_a_call_the_last_stands(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    first = await processed(client, tmp_path)
    machine = (await agency(client, first))["value"]
    for chosen in (RIGHT, machine):
        await client.patch(f"/api/calls/{first}/draft", json={"agency": chosen})
    assert (await agency(client, await processed(client, tmp_path)))["value"] == machine


async def test_a_returned_ticket_lowers_the_unit_and_is_on_record(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    first = await processed(client, tmp_path)
    before = await agency(client, first)
    await client.post(f"/api/calls/{first}/ticket")
    answer = await client.post(f"/api/calls/{first}/returned", json={"agency": before["value"]})
    assert answer.status_code == 201
    assert answer.json()["wrong"] == before["value"]
    after = await agency(client, await processed(client, tmp_path))
    assert share(after, before["value"]) < share(before, before["value"])
    rows = (await client.get(f"/api/calls/{first}/audit")).json()
    assert "agency-returned" in [row["action"] for row in rows]


async def test_a_ticket_must_be_submitted_before_it_can_come_back(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    call_id = await processed(client, tmp_path)
    answer = await client.post(f"/api/calls/{call_id}/returned", json={"agency": RIGHT})
    assert answer.status_code == 409


@pytest.mark.parametrize(
    "body", [{"agency": "没有这个单位"}, {"agency": RIGHT, "to": RIGHT}, {}, {"agency": ""}]
)
async def test_a_return_names_units_of_the_hotline(
    client: httpx.AsyncClient, tmp_path: Path, body: dict[str, str]
) -> None:
    call_id = await processed(client, tmp_path)
    await client.post(f"/api/calls/{call_id}/ticket")
    answer = await client.post(f"/api/calls/{call_id}/returned", json=body)
    assert answer.status_code == 422


async def test_corrections_outlive_a_restart_and_the_call_but_not_its_words(
    tmp_path: Path,
) -> None:
    settings = settings_in(tmp_path)
    async with running(settings, doubles().parts) as client:
        client.headers.update(ACTOR)
        first = await processed(client, tmp_path)
        await client.patch(f"/api/calls/{first}/draft", json={"agency": RIGHT})
    async with running(settings, doubles().parts) as client:
        client.headers.update(ACTOR)
        assert (await agency(client, await processed(client, tmp_path)))["value"] == RIGHT
        await client.delete(f"/api/calls/{first}")
        assert (await client.get(f"/api/calls/{first}")).status_code == 404
    with opened(tmp_path / "data") as store:
        assert [row.right for row in store.of(first)] == [RIGHT]
        assert list(store.labelled("haikou")) == []


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[CorrectionStore]:
    engine = open_engine(sqlite_url(folder))
    upgrade(engine)
    try:
        yield CorrectionStore(engine)
    finally:
        engine.dispose()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CorrectionStore]:
    with opened(tmp_path) as store:
        yield store


async def test_the_export_is_what_the_training_reads(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    call_id = await processed(client, tmp_path)
    await client.patch(f"/api/calls/{call_id}/draft", json={"agency": RIGHT})
    await client.post(f"/api/calls/{call_id}/ticket")
    with opened(tmp_path / "data") as store:
        rows = list(training_rows(store, "haikou"))
    path = tmp_path / "corrections.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    (ticket,) = read_tickets(path)
    assert ticket.agency == RIGHT
    assert "施工" in ticket.content


def test_another_hotline_s_corrections_are_not_read(store: CorrectionStore) -> None:
    store.add(
        "c1", profile="haikou", kind="corrected", right=RIGHT, wrong=None,
        believed={}, features=[1, 2], actor="a",
    )  # fmt: skip
    assert store.newest_id("baoding") == 0
    assert store.latest("baoding", 10) == []
    assert len(store.latest("haikou", 10)) == 1
