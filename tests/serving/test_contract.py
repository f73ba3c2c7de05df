"""The JSON contract, key by key: other programs read it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from serving.clock import CHINA_TIME
from serving.contract import CallModel, TranscriptModel
from serving.conversion import call_model, transcript_of
from serving.provenance import Provenance
from serving.result import CallKind, CallResult
from tests.serving.calls import CALL, CALLBACK, DRAFT, EXTRACTION, QA, RECEIVED_AT

FIELD = {"value", "confidence", "evidence", "alternatives"}


def result(kind: CallKind) -> CallResult:
    return CallResult(
        call_id="c1",
        kind=kind,
        profile="anling",
        provenance=Provenance(
            software="jiesu 0",
            profile="anling",
            profile_version="1+abc",
            models=("m@1",),
            engine="whisper",
            engine_settings={"threads": 2},
            recording_sha256="00",
            duration_ms=9000,
            roles=None,
            warnings=(),
            kind_source="heard",
            received_at=RECEIVED_AT,
            received_at_source="given",
            processed_at=datetime(2026, 3, 3, tzinfo=CHINA_TIME),
            timings_ms={"listen": 5},
        ),
        transcript=CALL,
        extraction=EXTRACTION,
        ticket=DRAFT if kind == "ticket" else None,
        qa=QA,
        callback=CALLBACK if kind == "callback" else None,
    )


def as_json(kind: CallKind) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(call_model(result(kind)).model_dump_json())
    return data


def test_top_level_keys_are_those_of_the_contract() -> None:
    call = as_json("ticket")
    assert list(call) == [
        "call_id", "kind", "profile", "provenance", "transcript", "ticket", "qa", "callback",
    ]  # fmt: skip
    assert call["callback"] is None
    assert as_json("callback")["ticket"] is None


def test_transcript() -> None:
    assert as_json("ticket")["transcript"]["utterances"][1] == {
        "id": "u2",
        "channel": "citizen",
        "start_ms": 3000,
        "end_ms": 8000,
        "text": "我姓林，河口镇沙洲村有人占道经营。",
        "confidence": 0.9123,
    }


def test_ticket_keys_are_those_of_the_contract() -> None:
    ticket = as_json("ticket")["ticket"]
    assert list(ticket) == [
        "title", "request_type", "category", "summary", "content", "location", "occurred_at",
        "agency", "urgency", "caller", "due_at", "sign_off", "missing", "flags",
        "handling", "respond_by", "dispatch_by", "grade", "seat", "facts",
    ]  # fmt: skip
    fields = {key: value for key, value in ticket.items() if isinstance(value, dict)}
    caller = fields.pop("caller")
    assert list(caller) == ["surname", "phone"]
    for field in [*fields.values(), caller["surname"]]:
        assert set(field) == FIELD


def test_values_take_their_contract_form() -> None:
    ticket = as_json("ticket")["ticket"]
    assert ticket["category"]["value"] == ["城管", "市容", "占道经营"]
    assert ticket["location"]["value"] == {
        "text": "河口镇沙洲村",
        "province": "安陵省",
        "city": "安陵市",
        "district": "东区",
        "street": "河口镇",
        "community": "沙洲村",
        "code": "990102001001",
    }
    assert ticket["occurred_at"]["value"] == "2026-03-01T08:00:00+08:00"
    assert ticket["due_at"] == "2026-03-02T09:30:00+08:00"
    assert ticket["agency"]["alternatives"] == [
        {"value": "市城管局", "confidence": 0.2},
        {"value": "市公安局", "confidence": 0.1},
    ]
    [evidence] = ticket["agency"]["evidence"]
    assert (evidence["utterance_id"], evidence["quote"]) == ("u2", "占道经营")
    assert 3000 < evidence["start_ms"] < evidence["end_ms"] <= 8000


def test_empty_value_says_why() -> None:
    assert as_json("ticket")["ticket"]["caller"]["phone"] == {
        "value": None,
        "confidence": 0.0,
        "evidence": [],
        "alternatives": [],
        "reason": "未留电话",
    }


def test_qa_and_callback() -> None:
    call = as_json("callback")
    assert list(call["qa"]) == ["score", "max_score", "findings"]
    assert list(call["qa"]["findings"][0]) == [
        "rule_id", "passed", "deduction", "evidence", "note",
    ]  # fmt: skip
    callback = call["callback"]
    assert list(callback) == [
        "contacted", "resolved", "satisfaction", "reasons", "reopen", "flags", "reason_evidence",
    ]  # fmt: skip
    assert callback["reopen"] is True
    assert callback["resolved"]["reason"] == "话务员未询问"


def test_contract_reads_what_it_writes_and_nothing_else() -> None:
    text = call_model(result("ticket")).model_dump_json()
    assert CallModel.model_validate_json(text).model_dump_json() == text
    extra = json.loads(text) | {"more": 1}
    with pytest.raises(ValidationError):
        CallModel.model_validate(extra)


def test_transcript_comes_back_from_its_json() -> None:
    model = TranscriptModel.model_validate(as_json("ticket")["transcript"])
    back = transcript_of(model)
    assert [(u.id, u.channel, u.text) for u in back.utterances] == [
        (u.id, u.channel, u.text) for u in CALL.utterances
    ]
    assert back.duration_ms == 8000
