"""Repeated requests as the service proposes them and people merge them."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from tests.serving.service import doubles, running, settings_in, until_state, write_recording

AGENT = {"X-Jiesu-User": "a1"}


async def test_the_second_call_is_proposed_to_be_merged_with_the_first(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    recording = write_recording(tmp_path / "call.wav")
    async with running(settings_in(tmp_path), doubles().parts) as client:
        ids = []
        for _ in range(2):
            with recording.open("rb") as file:
                answer = await client.post("/api/calls", files={"file": ("call.wav", file)})
            ids.append(answer.json()["call_id"])
            await until_state(client, ids[-1], ["done"])
        first, second = ids
        assert (await client.get(f"/api/calls/{first}/repeats")).json() == []
        (repeat,) = (await client.get(f"/api/calls/{second}/repeats")).json()
        assert (repeat["call_id"], repeat["kind"]) == (first, "same_caller")
        assert repeat["similarity"] == 1.0
        assert repeat["number"] is None

        draft = f"/api/calls/{second}/draft"
        for wrong in ("nobody", second):
            refused = await client.patch(draft, json={"merge_with": wrong}, headers=AGENT)
            assert refused.json()["code"] == "review"
        made = await client.patch(draft, json={"merge_with": first}, headers=AGENT)
        assert made.status_code == 200
        ticket = (await client.post(f"/api/calls/{second}/ticket", headers=AGENT)).json()
        assert ticket["content"]["merge_with"] == first
        assert "evidence" not in json.dumps(ticket["content"])
        assert (await client.get(f"/api/calls/{second}")).json()["writing"]["score"] >= 80

        # A corrected number is looked for in the machine's stead.
        edit = {"caller.phone": "13900005678", "location": None}
        await client.patch(f"/api/calls/{first}/draft", json=edit, headers=AGENT)
        assert (await client.delete(f"/api/calls/{first}", headers=AGENT)).status_code == 204
        assert (await client.get(f"/api/calls/{second}/repeats")).json() == []
    assert "13900001234" not in caplog.text
