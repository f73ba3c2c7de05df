"""Whole callbacks: which answer belongs to which question, and what follows from it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

from asr.types import Transcript, Utterance
from ticket_draft.scoring.callback import score_callback
from ticket_draft.scoring.script import AnswerCue, CallbackScript
from ticket_draft.types import CallbackScore

from .conftest import MakeCall, gold_call
from .homophones import misheard

OPENING = "a: 您好，这里是12345热线回访，您之前反映的积水问题做一个回访。请问承办单位联系您了吗？"
RESOLVED = "a: 请问您反映的问题解决了吗？"
SATISFIED = "a: 请问您对办理结果满意吗？"
CLOSING = "a: 好的，您的意见我们已经记录，感谢您的接听，再见。"


def values(score: CallbackScore) -> tuple[str | None, str | None, str | None]:
    return score.contacted.value, score.resolved.value, score.satisfaction.value


def test_each_answer_belongs_to_its_question(call: MakeCall, script: CallbackScript) -> None:
    score = score_callback(
        call(OPENING, "c: 没有。", RESOLVED, "c: 没有。", SATISFIED, "c: 满意。", CLOSING),
        script,
    )
    assert values(score) == ("no", "no", "satisfied")


def test_an_answer_given_in_passing_counts_less(call: MakeCall, script: CallbackScript) -> None:
    score = score_callback(call(OPENING, "c: 联系了，都修好了，我很满意。", CLOSING), script)
    assert values(score) == ("yes", "yes", "satisfied")
    assert score.resolved.confidence < score.contacted.confidence


def test_two_questions_in_one_turn(call: MakeCall, script: CallbackScript) -> None:
    score = score_callback(
        call(
            OPENING,
            "c: 联系过。",
            "a: 那您的问题解决了吗？您对处理结果满意吗？",
            "c: 没解决，不满意。",
            CLOSING,
        ),
        script,
    )
    assert values(score) == ("yes", "no", "dissatisfied")


def test_a_second_asking_corrects_the_first_answer(call: MakeCall, script: CallbackScript) -> None:
    score = score_callback(
        call(
            OPENING,
            "c: 有。",
            RESOLVED,
            "c: 解决了。",
            SATISFIED,
            "c: 啊？什么？",
            "a: 请问您满意还是不满意呢？",
            "c: 哦，满意的。",
            CLOSING,
        ),
        script,
    )
    assert score.satisfaction.value == "satisfied"


def test_nobody_answers(call: MakeCall, script: CallbackScript) -> None:
    score = score_callback(call(OPENING, RESOLVED, SATISFIED, CLOSING), script)
    assert values(score) == ("unknown", "unknown", "unknown")
    assert "未取得满意度评价" in score.flags
    assert not score.reopen


def test_a_refusal_is_no_rating_and_no_contact(call: MakeCall, script: CallbackScript) -> None:
    score = score_callback(
        call(OPENING, "c: 我在开车，不方便。", "a: 好的，打扰您了，再见。"), script
    )
    assert values(score) == ("unknown", "unknown", "refused")
    assert "被访人拒绝回访" in score.flags


def test_somebody_elses_ticket(call: MakeCall, script: CallbackScript) -> None:
    score = score_callback(
        call(OPENING, "c: 不是我反映的，你打错了。", "a: 抱歉打扰了，再见。"), script
    )
    assert values(score)[0] == "unknown"
    assert "被访人称非本人反映，回访无效" in score.flags


def test_reasons_point_at_the_words(call: MakeCall, script: CallbackScript) -> None:
    transcript = call(
        OPENING,
        "c: 联系了，就说不归他们管，推来推去。",
        RESOLVED,
        "c: 没有解决。",
        SATISFIED,
        "c: 不满意，我要求重新办理。",
        CLOSING,
    )
    score = score_callback(transcript, script)
    assert score.reopen
    assert "推诿" in score.reasons
    assert len(score.reason_evidence) == len(score.reasons)
    evidence = score.reason_evidence[score.reasons.index("推诿")]
    text = transcript.utterance(evidence.utterance_id).text
    assert text[evidence.char_start : evidence.char_end] in ("推来推去", "不归他们")


def test_only_the_service_is_praised(call: MakeCall, script: CallbackScript) -> None:
    score = score_callback(
        call(
            OPENING,
            "c: 联系过了。",
            RESOLVED,
            "c: 还没解决。",
            SATISFIED,
            "c: 服务态度是满意的，就是事儿还没办完。",
            CLOSING,
        ),
        script,
    )
    assert values(score) == ("yes", "no", "satisfied")
    assert "仅对服务满意，问题未办结" in score.flags
    assert not score.reopen


def test_a_hotlines_own_cue_goes_first(call: MakeCall, script: CallbackScript) -> None:
    local = replace(script, cues=(AnswerCue("satisfaction", "satisfied", "顶瓜瓜"),))
    transcript = call(SATISFIED, "c: 顶瓜瓜。", CLOSING)
    assert score_callback(transcript, script).satisfaction.value != "satisfied"
    assert score_callback(transcript, local).satisfaction.value == "satisfied"


def test_doubtful_hearing_lowers_confidence(call: MakeCall, script: CallbackScript) -> None:
    clear = call(SATISFIED, "c: 满意。", CLOSING)
    unclear = Transcript(
        tuple(replace(u, confidence=0.2) for u in clear.utterances), clear.duration_ms
    )
    sure = score_callback(clear, script).satisfaction
    doubtful = score_callback(unclear, script).satisfaction
    assert sure.value == doubtful.value == "satisfied"
    assert doubtful.confidence < sure.confidence


def test_an_answer_cut_into_pieces(script: CallbackScript) -> None:
    pieces = (
        Utterance("q", "agent", 0, 2000, "请问您对办理结果满意吗", 0.9),
        Utterance("p1", "citizen", 2500, 3000, "不", 0.9),
        Utterance("p2", "citizen", 3300, 4200, "非常不满意", 0.9),
        Utterance("p3", "citizen", 4600, 5200, "", 0.0),
    )
    score = score_callback(Transcript(pieces, 6000), script)
    assert score.satisfaction.value == "dissatisfied"


def test_calls_of_the_data_set(shared_data: Path, script: CallbackScript) -> None:
    wrong = []
    files = sorted((shared_data / "calls").glob("callback_*.json"))
    for file in files:
        data = json.loads(file.read_text(encoding="utf-8"))
        score = score_callback(gold_call(data), script)
        gold = data["callback"]
        if values(score) != (gold["contacted"], gold["resolved"], gold["satisfaction"]):
            wrong.append(file.stem)
    assert files
    assert not wrong


def test_calls_of_the_data_set_misheard(shared_data: Path, script: CallbackScript) -> None:
    rng = random.Random(7)
    right = total = 0
    for file in sorted((shared_data / "calls").glob("callback_*.json")):
        data = json.loads(file.read_text(encoding="utf-8"))
        for turn in data["turns"]:
            turn["text"] = misheard(turn["text"], 0.15, rng)
        got = values(score_callback(gold_call(data), script))
        gold = data["callback"]
        right += sum(
            value == gold[key]
            for value, key in zip(got, ("contacted", "resolved", "satisfaction"), strict=True)
        )
        total += 3
    assert right >= 0.9 * total
