"""`jiesu process` as its users run it, with a recogniser that knows the words."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from models.registry import list_models
from serving.contract import CallModel
from tests.integration.command_line import SCRIPTED, command, environment, jiesu
from tests.integration.spoken_call import TICKET_CALL, call_sound, write_call, write_wav

NEEDED = ("whisper-base-hotline", "silero-vad")
RECEIVED = ("--received-at", "2026-03-02T09:30")


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_call(tmp_path_factory.mktemp("calls") / "来电.wav")


def processed(*arguments: str | Path, **env: str) -> CallModel:
    ran = jiesu("process", *arguments, "--json", module=SCRIPTED, env=env)
    assert ran.code == 0, ran.err
    assert ran.err == ""
    return CallModel.model_validate_json(ran.out)


@pytest.fixture(scope="module")
def result(call: Path) -> CallModel:
    return processed(call, *RECEIVED)


def test_recording_becomes_a_ticket(result: CallModel) -> None:
    assert (result.call_id, result.kind, result.profile) == ("来电", "ticket", "haikou")
    assert [u.text for u in result.transcript.utterances] == [t.text for t in TICKET_CALL]
    assert [u.channel for u in result.transcript.utterances] == [t.channel for t in TICKET_CALL]
    ticket = result.ticket
    assert ticket is not None
    assert result.callback is None
    assert ticket.request_type.value == "投诉类"
    assert ticket.agency.value == "秀英区城管局"
    assert len(ticket.agency.alternatives) >= 2
    assert ticket.location.value is not None
    assert ticket.location.value.street == "永兴镇"
    assert ticket.caller.surname.value == "林"
    assert ticket.caller.phone.value == "13900001234"
    assert ticket.missing == []
    assert ticket.due_at is not None
    assert {f.rule_id for f in result.qa.findings} >= {
        "greeting", "closing", "forbidden_phrase", "dead_air", "contact_check", "interruption",
    }  # fmt: skip
    assert all(f.passed for f in result.qa.findings)


def test_every_field_points_at_words_that_were_said(result: CallModel) -> None:
    assert result.ticket is not None
    said = {u.id: u for u in result.transcript.utterances}
    ticket = result.ticket
    fields = (
        ticket.title, ticket.request_type, ticket.category, ticket.content,
        ticket.location, ticket.agency, ticket.caller.surname, ticket.caller.phone,
    )  # fmt: skip
    for field in fields:
        assert field.evidence
        for evidence in field.evidence:
            utterance = said[evidence.utterance_id]
            assert evidence.quote
            assert evidence.quote in utterance.text
            assert utterance.start_ms <= evidence.start_ms < evidence.end_ms <= utterance.end_ms


def test_callback_is_recognised_by_what_the_agent_asks(tmp_path: Path) -> None:
    call = write_call(tmp_path / "cb.wav", "callback")
    result = processed(call, JIESU_TEST_CALL="callback")
    assert (result.kind, result.ticket) == ("callback", None)
    assert result.provenance["kind_source"] == "heard"
    assert result.callback is not None
    answers = result.callback
    assert (answers.contacted.value, answers.resolved.value, answers.satisfaction.value) == (
        "yes", "no", "dissatisfied",
    )  # fmt: skip


def test_kind_that_is_given_is_taken(call: Path) -> None:
    result = processed(call, "--kind", "callback")
    assert (result.kind, result.ticket) == ("callback", None)
    assert result.provenance["kind_source"] == "given"


def test_two_files_give_what_one_stereo_file_gives(tmp_path: Path, result: CallModel) -> None:
    agent, citizen = call_sound(TICKET_CALL)
    write_wav(tmp_path / "a.wav", agent)
    write_wav(tmp_path / "b.wav", citizen)
    halves = processed(tmp_path / "a.wav", "--other-leg", tmp_path / "b.wav", *RECEIVED)
    assert halves.transcript == result.transcript
    assert halves.ticket == result.ticket


def test_agent_is_found_on_either_side_and_can_be_set(tmp_path: Path) -> None:
    agent, citizen = call_sound(TICKET_CALL)
    swapped = tmp_path / "swapped.wav"
    write_wav(swapped, citizen, agent)
    found = processed(swapped)
    roles = found.provenance["recording"]["roles"]
    assert (roles["agent_side"], roles["decided_by"]) == ("right", "speech")
    assert found.transcript.utterances[0].channel == "agent"
    told = processed(swapped, "--agent-channel", "left")
    assert told.transcript.utterances[0].channel == "citizen"


def test_provenance_lets_reruns_be_compared(call: Path, result: CallModel) -> None:
    again = processed(call, *RECEIVED)
    changing = ("processed_at", "timings_ms")
    first = {k: v for k, v in result.provenance.items() if k not in changing}
    assert first == {k: v for k, v in again.provenance.items() if k not in changing}
    assert result.model_copy(update={"provenance": {}}) == again.model_copy(
        update={"provenance": {}}
    )
    assert first["received_at"] == "2026-03-02T09:30:00+08:00"
    names = [model.split("@")[0] for model in first["models"]]
    assert names == ["extractor-haikou", "silero-vad", "turn-reader", "voice-encoder"]
    assert first["profile"]["version"].count("+") == 1
    assert len(first["recording"]["sha256"]) == 64


def test_page_to_read_shows_ticket_and_words(call: Path) -> None:
    ran = jiesu("process", call, module=SCRIPTED)
    assert (ran.code, ran.err) == (0, "")
    for words in ("通话记录", "坐席", "秀英区城管局", "13900001234", "质检 100/100"):
        assert words in ran.out
    assert "\x1b[" not in ran.out


def test_output_file_takes_the_place_of_stdout(tmp_path: Path, call: Path) -> None:
    target = tmp_path / "result.json"
    ran = jiesu("process", call, "--json", "--output", target, module=SCRIPTED)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    CallModel.model_validate_json(target.read_text(encoding="utf-8"))
    assert list(tmp_path.iterdir()) == [target]


def test_ctrl_c_ends_with_130_and_leaves_nothing(tmp_path: Path, call: Path) -> None:
    out, started = tmp_path / "out", tmp_path / "started"
    out.mkdir()
    process = subprocess.Popen(
        command("process", call, "--json", "--output", out / "result.json", module=SCRIPTED),
        env=environment({"JIESU_TEST_SLOW_S": "1", "JIESU_TEST_STARTED": str(started)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        deadline = time.monotonic() + 60
        while not started.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        said, complained = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == ""
    assert "interrupted" in complained
    assert "Traceback" not in complained
    assert list(out.iterdir()) == []


@pytest.mark.weights
def test_real_recogniser_on_a_real_call(shared_data: Path) -> None:
    faults = [m.fault for m in list_models() if m.name in NEEDED and m.state != "ready"]
    if faults:
        pytest.skip(f"needs {' and '.join(NEEDED)}: {faults[0]}")
    call = shared_data / "calls" / "ticket_3_013.wav"
    ran = jiesu("process", call, "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    assert result["kind"] == "ticket"
    assert result["ticket"]["caller"]["phone"]["value"] == "18628514161"
    broken = {f["rule_id"] for f in result["qa"]["findings"] if not f["passed"]}
    assert "closing" in broken
