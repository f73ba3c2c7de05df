"""The three answers of a callback in many wordings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from asr.types import Transcript
from nlu.types import Field
from ticket_draft.scoring.callback import score_callback
from ticket_draft.scoring.script import CallbackScript

from .conftest import MakeCall

TABLE: dict[str, dict[str, list[str]]] = yaml.safe_load(
    (Path(__file__).parent / "answers.yaml").read_text(encoding="utf-8")
)
QUESTIONS = {
    "contacted": "a: 您之前反映的路灯不亮的问题，现在做一个回访。请问承办单位联系您了吗？",
    "resolved": "a: 请问您反映的问题解决了吗？",
    "satisfaction": "a: 请问您对办理结果满意吗？",
}
CASES = [(topic, value) for topic, values in TABLE.items() for value in values]


def answered(call: MakeCall, script: CallbackScript, topic: str, answer: str) -> Field[Any]:
    transcript: Transcript = call(QUESTIONS[topic], f"c: {answer}", "a: 好的，感谢您的接听，再见。")
    field: Field[Any] = getattr(score_callback(transcript, script), topic)
    for piece in field.evidence:
        utterance = transcript.utterance(piece.utterance_id)
        assert utterance.channel == "citizen"
        assert 0 <= piece.char_start < piece.char_end <= len(utterance.text)
    return field


@pytest.mark.parametrize(("topic", "value"), CASES)
def test_answers_mean_what_people_mean(
    call: MakeCall, script: CallbackScript, topic: str, value: str
) -> None:
    answers = TABLE[topic][value]
    wrong = {
        answer: field.value
        for answer in answers
        if (field := answered(call, script, topic, answer)).value != value
    }
    assert not wrong


@pytest.mark.parametrize(("topic", "value"), CASES)
def test_most_answers_survive_without_punctuation(
    call: MakeCall, script: CallbackScript, topic: str, value: str
) -> None:
    answers = TABLE[topic][value]
    bare = [a.translate(str.maketrans("，。！？…", "     ")).strip() for a in answers]
    right = sum(answered(call, script, topic, a).value == value for a in bare)
    assert right >= 0.9 * len(answers)


@pytest.mark.parametrize("topic", list(QUESTIONS))
def test_silence_is_no_answer(call: MakeCall, script: CallbackScript, topic: str) -> None:
    score = score_callback(call(QUESTIONS[topic], "a: 喂，您好？听得到吗？"), script)
    field: Field[Any] = getattr(score, topic)
    assert field.value == "unknown"
    assert field.confidence == 0.0
    assert field.reason == "来电人未回答"
    assert not field.evidence


def test_answer_table_is_broad() -> None:
    assert sum(len(answers) for values in TABLE.values() for answers in values.values()) >= 800
