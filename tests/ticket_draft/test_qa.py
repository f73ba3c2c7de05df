"""The standard card: what it finds in calls with planted faults, and that it invents none."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from asr.types import Transcript, Utterance
from ticket_draft.scoring.card import QACard
from ticket_draft.scoring.qa import check_card, score_qa

from .conftest import MakeCall, call_of, gold_call
from .homophones import misheard

GREETING = "a: 您好，12345政务服务便民热线，请问有什么可以帮您？"
DEMAND = "c: 我要反映一个问题，我们小区门口的路灯坏了三天了，晚上很黑。"
ASK = "a: 请问您贵姓，联系电话是多少？"
TELL = "c: 我姓周，电话是13912345678。"
READ_BACK = "a: 跟您核对一下，您的电话是13912345678，对吗？"
CONFIRM = "c: 对的。"
RECORDED = "a: 好的，您反映的问题我已经记录下来了，会尽快转交相关部门处理。"
FURTHER = "a: 请问还有其他需要帮您的吗？"
NO_MORE = "c: 没有了，谢谢。"
CLOSING = "a: 感谢您的来电，请稍后对本次服务进行评价，再见。"
GOOD = (GREETING, DEMAND, ASK, TELL, READ_BACK, CONFIRM, RECORDED, FURTHER, NO_MORE, CLOSING)

RULE_OF_FAULT = {
    "none": set[str](),
    "no_greeting": {"greeting"},
    "no_closing": {"closing"},
    "forbidden_phrase": {"forbidden_phrase"},
    "dead_air": {"dead_air"},
    "no_contact_check": {"contact_check"},
    "interrupt": {"interruption"},
}


def broken(transcript: Transcript, card: QACard, **options: Any) -> set[str]:
    return {f.rule_id for f in score_qa(transcript, card, **options).findings if not f.passed}


def changed(old: str, *new: str) -> tuple[str, ...]:
    lines: list[str] = []
    for line in GOOD:
        lines.extend(new if line == old else (line,))
    return tuple(lines)


def test_a_good_call_has_full_marks(call: MakeCall, card: QACard) -> None:
    report = score_qa(call(*GOOD), card)
    assert all(f.passed for f in report.findings)
    assert report.score == report.max_score == 100
    assert {
        "greeting",
        "closing",
        "forbidden_phrase",
        "dead_air",
        "contact_check",
        "interruption",
    } <= {f.rule_id for f in report.findings}


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        (changed(GREETING, "a: 喂，说。"), "greeting"),
        (changed(GREETING, "a: 什么事啊？"), "greeting"),
        (changed(CLOSING, "a: 行了，挂了。"), "closing"),
        (changed(RECORDED, "a: 这个不归我们管，你自己去问他们吧。", RECORDED), "forbidden_phrase"),
        (changed(RECORDED, "a: 跟你说了多少遍了，你听不懂吗？", RECORDED), "forbidden_phrase"),
        (changed(RECORDED, "a: 我也没办法，爱投诉不投诉。", RECORDED), "forbidden_phrase"),
        (
            tuple(line for line in GOOD if line not in (ASK, TELL, READ_BACK, CONFIRM)),
            "contact_check",
        ),
        (changed(READ_BACK, "a: 好的，知道了，是吧？"), "contact_check"),
        (tuple(line for line in GOOD if line not in (FURTHER, NO_MORE)), "further_help"),
    ],
)
def test_one_fault_breaks_one_rule(lines: tuple[str, ...], rule: str, card: QACard) -> None:
    transcript = call_of(*lines)
    report = score_qa(transcript, card)
    found = [f for f in report.findings if not f.passed]
    assert [f.rule_id for f in found] == [rule]
    assert found[0].evidence
    assert report.score == report.max_score - found[0].deduction


@pytest.mark.parametrize(
    "line",
    [
        "a: 对方说不归他们管是吗？我帮您记录下来。",
        "a: 您反映的情况单位答复说没办法解决，我们再帮您督促一下。",
        "a: 请您放心，我们会尽快处理的。",
        "a: 这个问题需要您本人带身份证到窗口办理，您看可以吗？",
    ],
)
def test_polite_words_are_not_forbidden(line: str, card: QACard) -> None:
    assert not broken(call_of(*changed(RECORDED, line, RECORDED)), card)


def test_dead_air_is_where_nobody_speaks(card: QACard) -> None:
    def waiting(gap_ms: int) -> Transcript:
        return call_of(
            *GOOD[:2],
            ("a: 请您稍等，我查询一下。", 13_500, 15_500),
            ("a: 不好意思让您久等了。", 15_500 + gap_ms, 17_500 + gap_ms),
            *GOOD[2:],
        )

    assert not broken(waiting(6_000), card)
    report = score_qa(waiting(20_000), card)
    fault = next(f for f in report.findings if not f.passed)
    assert fault.rule_id == "dead_air"
    assert [e.utterance_id for e in fault.evidence] == ["u2", "u3"]


@pytest.mark.parametrize(
    ("words", "overlap_ms", "fault"),
    [
        ("你等一下，你先别说这个。", 900, True),
        ("你等一下，你先别说这个。", 50, True),
        ("你懂一下你先别说这个。", 50, True),
        ("这个问题我们已经登记过了。", 900, True),
        ("这个问题我们已经登记过了。", 250, False),
        ("嗯，对。", 900, False),
        ("好的，您请讲。", 900, False),
        ("你等一下，你先别说这个。", -400, False),
    ],
)
def test_interruption_is_talking_over(
    words: str, overlap_ms: int, fault: bool, card: QACard
) -> None:
    transcript = call_of(
        GREETING,
        (DEMAND, 8_000, 16_000),
        (f"a: {words}", 16_000 - overlap_ms, 19_000),
        "c: 就是路灯坏了。",
        *GOOD[2:],
    )
    assert broken(transcript, card) == ({"interruption"} if fault else set())


def test_the_citizen_may_interrupt(card: QACard) -> None:
    transcript = call_of(
        (GREETING, 400, 6_000), ("c: 喂喂我要投诉你们快点来人。", 4_500, 8_000), *GOOD[1:]
    )
    assert "interruption" not in broken(transcript, card)


def test_a_callback_needs_no_contact_check(card: QACard) -> None:
    transcript = call_of(
        "a: 您好，这里是12345热线回访，请问承办单位联系您了吗？",
        "c: 联系了。",
        "a: 请问您满意吗？",
        "c: 满意。",
        "a: 感谢您的接听，再见。",
    )
    assert not broken(transcript, card, kind="callback")
    assert "contact_check" in broken(transcript, card)


@pytest.mark.parametrize("lines", [(), ("a: 喂？",), ("c: 喂？",)])
def test_a_call_without_two_speakers_is_not_judged(lines: tuple[str, ...], card: QACard) -> None:
    report = score_qa(call_of(*lines), card)
    assert all(f.passed and f.note == "录音中没有可评的通话" for f in report.findings)


def test_the_score_never_falls_below_zero(card: QACard) -> None:
    from dataclasses import replace

    harsh = replace(card, max_score=10.0)
    report = score_qa(call_of("a: 喂，说。", "c: 我要投诉。", "a: 不归我们管，挂了。"), harsh)
    assert report.score == 0


def test_utterances_cut_and_joined_otherwise(card: QACard) -> None:
    """A voice detector cuts where it likes: one turn in three, or two in one."""
    whole = call_of(*GOOD)
    pieces: list[Utterance] = []
    for utterance in whole.utterances:
        middle = len(utterance.text) // 2
        at_ms = utterance.span_ms(0, middle)[1]
        first, second = utterance.text[:middle], utterance.text[middle:]
        pieces.append(
            Utterance(f"{utterance.id}a", utterance.channel, utterance.start_ms, at_ms, first, 0.9)
        )
        pieces.append(
            Utterance(f"{utterance.id}b", utterance.channel, at_ms, utterance.end_ms, second, 0.9)
        )
    assert not broken(Transcript(tuple(pieces), whole.duration_ms), card)


def calls(folder: Path) -> list[dict[str, Any]]:
    files = sorted((folder / "calls").glob("ticket_*.json"))
    assert files
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def test_planted_faults_of_the_data_set(shared_data: Path, card: QACard) -> None:
    wrong = {}
    for data in calls(shared_data):
        found = broken(gold_call(data), card)
        if found != RULE_OF_FAULT[data["qa"]["planted_fault"]]:
            wrong[data["call_id"]] = found
    assert not wrong


def test_planted_faults_misheard(shared_data: Path, card: QACard) -> None:
    rng = random.Random(3)
    scored = {rule.id for rule in card.rules if rule.deduction}
    wrong = {}
    for data in calls(shared_data):
        for turn in data["turns"]:
            turn["text"] = misheard(turn["text"], 0.1, rng)
        found = broken(gold_call(data), card) & scored
        if found != RULE_OF_FAULT[data["qa"]["planted_fault"]]:
            wrong[data["call_id"]] = found
    assert not wrong


def test_the_shipped_card_is_sound(card: QACard) -> None:
    check_card(card)
