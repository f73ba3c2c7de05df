"""The benchmark's own measuring: sounds, joins, counts, goals."""

from __future__ import annotations

import io
import wave
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from asr.types import Transcript, Utterance
from nlu.types import Field
from serving.bench.calls import MeasuredCall, call_figures, leg_errors
from serving.bench.invented import RATE_HZ, SOUNDS, write_sound
from serving.bench.report import Figure, Goal, figures_json, figures_table
from serving.bench.wav_join import join_wavs, read_wav_parts
from serving.errors import BenchError
from serving.result import CallKind, CallResult
from tests.integration.spoken_call import write_call
from tests.serving.calls import CALLBACK, DRAFT, EXTRACTION
from tests.serving.test_contract import result
from ticket_draft.types import DraftCaller, Finding, QAReport


def figure(figures: list[Figure], name: str) -> Figure:
    [found] = [f for f in figures if f.name == name]
    return found


def heard(kind: CallKind, agent: str, citizen: str, **changed: Any) -> CallResult:
    transcript = Transcript(
        (
            Utterance("u1", "agent", 0, 1000, agent, 1.0),
            Utterance("u2", "citizen", 1000, 2000, citizen, 1.0),
        ),
        60_000,
    )
    return replace(result(kind), transcript=transcript, **changed)


def gold(kind: CallKind, agent: str, citizen: str, **more: Any) -> dict[str, Any]:
    turns = [{"channel": "agent", "text": agent}, {"channel": "citizen", "text": citizen}]
    ticket = {"agency": "东区城管局", "request_type": "投诉类", "district": "东区"}
    caller = {"surname": "林", "phone": "13900001234"}
    return {"kind": kind, "turns": turns, "ticket": ticket, "caller": caller, **more}


def ticket_call(fault: str, broken: tuple[str, ...], phone: str) -> MeasuredCall:
    caller = DraftCaller(EXTRACTION.caller.surname, Field(phone, 0.9))
    findings = tuple(
        Finding(rule, rule not in broken, 0, (), "")
        for rule in ("greeting", "closing", "dead_air", "speech_rate")
    )
    return MeasuredCall(
        gold("ticket", "您好请讲", "我姓林有人占道", qa={"planted_fault": fault}),
        heard(
            "ticket",
            "您好，请讲。",
            "我姓林，有人战道。",
            ticket=replace(DRAFT, caller=caller),
            qa=QAReport(100, 100, findings),
        ),
        wall_s=5.0,
    )


def test_figures_of_calls_count_what_they_say() -> None:
    calls = [
        ticket_call("no_greeting", ("greeting",), "13900001234"),
        ticket_call("none", ("closing", "speech_rate"), "13900001235"),
        MeasuredCall(
            gold("callback", "您好", "是", callback={
                "contacted": "yes", "resolved": "no", "satisfaction": "dissatisfied",
            }),
            heard("callback", "您好", "是", ticket=None, callback=CALLBACK, qa=QAReport(1, 1, ())),
            wall_s=2.0,
        ),
    ]  # fmt: skip
    figures = call_figures(calls)
    assert leg_errors(calls[0], "citizen").errors == 1
    [agent, _] = [f for f in figures if f.name == "CER agent leg"]
    assert agent.value == 0
    [citizen, _] = [f for f in figures if f.name == "CER citizen leg"]
    assert citizen.value == pytest.approx(100 / 7)
    assert figure(figures, "telephone number right").value == 50
    assert figure(figures, "surname right").value == 100
    assert figure(figures, "QA faults found").value == 100
    assert figure(figures, "QA faults invented").value == 1
    assert figure(figures, "QA findings by other rules").value == 1
    assert figure(figures, "callback answers right").value == pytest.approx(200 / 3)
    assert figure(figures, "agency top-1").value == 1
    assert figure(figures, "district").value == 1
    assert figure(figures, "kind of call found").value == 100
    assert figure(figures, "speed of process").value == pytest.approx(15)


def test_call_taken_for_a_callback_has_nothing_right() -> None:
    call = ticket_call("none", (), "13900001234")
    wrong = replace(call, result=replace(call.result, kind="callback", ticket=None))
    figures = call_figures([wrong])
    for name in ("telephone number right", "agency top-1", "agency top-3", "request type"):
        assert figure(figures, name).value == 0
    assert figure(figures, "kind of call found").value == 0


@pytest.mark.parametrize(
    ("goal", "value", "met"),
    [
        (Goal("<=", 4), 4.0, True),
        (Goal("<=", 4), 4.1, False),
        (Goal(">=", 90), 89.9, False),
        (None, 1.0, None),
    ],
)
def test_goal_is_met_or_missed(goal: Goal | None, value: float, met: bool | None) -> None:
    measured = Figure("x", value, "%", "y", goal)
    assert measured.met is met
    assert figures_json([measured])[0]["met"] is met


def test_table_shows_value_goal_and_reference() -> None:
    buffer = io.StringIO()
    table = figures_table("t", [Figure("CER", 3.14159, "%", "18 calls", Goal("<=", 4), "6.8%")])
    Console(file=buffer, width=100).print(table)
    assert all(word in buffer.getvalue() for word in ("3.1%", "≤ 4.0%", "6.8%", "18 calls"))


@pytest.mark.parametrize("kind", SOUNDS)
def test_sounds_are_of_their_length_repeatable_and_not_clipped(tmp_path: Path, kind: str) -> None:
    for name in ("a.wav", "b.wav"):
        write_sound(tmp_path / name, kind, 12.0)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getframerate(), file.getnframes()) == (RATE_HZ, 12 * RATE_HZ)
        sound = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    assert np.abs(sound).max() < 32767
    loud = np.abs(sound).max() > 300
    assert loud == (kind != "silence")


def test_ring_back_sounds_one_second_in_five(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.wav", "ring-back", 10.0)
    with wave.open(str(tmp_path / "a.wav")) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(float)
    loud = [np.abs(second).max() > 300 for second in sound.reshape(10, RATE_HZ)]
    assert loud == [True, False, False, False, False] * 2
    spectrum = np.abs(np.fft.rfft(sound[:RATE_HZ]))
    assert int(spectrum.argmax()) == 450


def test_recordings_are_joined_to_any_length(tmp_path: Path) -> None:
    source = write_call(tmp_path / "call.wav")
    target = tmp_path / "long.wav"
    join_wavs([source], target, 100.0)
    with wave.open(str(target)) as file:
        assert file.getnframes() == 100 * RATE_HZ
        frames = file.readframes(file.getnframes())
    one = read_wav_parts(source).data
    assert frames == (one * 10)[: len(frames)]


def test_only_recordings_of_one_format_are_joined(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="no WAV"):
        join_wavs([], tmp_path / "a.wav", 1)
    write_sound(tmp_path / "mono.wav", "noise", 5.0)
    sources = [write_call(tmp_path / "call.wav"), tmp_path / "mono.wav"]
    with pytest.raises(BenchError, match="different formats"):
        join_wavs(sources, tmp_path / "a.wav", 1)
    (tmp_path / "x.wav").write_text("no recording")
    with pytest.raises(BenchError, match=r"x\.wav is not a WAV"):
        join_wavs([tmp_path / "x.wav"], tmp_path / "a.wav", 1)
