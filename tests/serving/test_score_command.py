"""`jiesu score`: transcripts in their several forms, and clear words about bad ones."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from serving.cli.score import read_call
from serving.errors import ServingError

LINES = [
    ("agent", "您好，这里是12345热线回访。请问承办单位联系您了吗？"),
    ("citizen", "联系了。"),
    ("agent", "请问您反映的问题解决了吗？"),
    ("citizen", "没有解决。"),
    ("agent", "请问您对办理结果满意吗？"),
    ("citizen", "不满意，要求重新处理。"),
    ("agent", "感谢您的接听，再见。"),
]
TURNS = [
    {"channel": channel, "start_ms": n * 4000, "end_ms": n * 4000 + 3500, "text": text}
    for n, (channel, text) in enumerate(LINES)
]
UTTERANCES = [{"id": f"u{n}", "confidence": 0.8, **turn} for n, turn in enumerate(TURNS)]


def score(stdin: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "serving.cli.main", "score", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "call",
    [
        {"turns": TURNS},
        {"utterances": UTTERANCES},
        {"transcript": {"utterances": UTTERANCES}, "kind": "callback", "qa": {}},
        {"transcript": {"turns": list(reversed(TURNS))}, "duration_ms": 99_000},
    ],
)
def test_every_form_gives_the_same_transcript(call: dict[str, Any]) -> None:
    transcript = read_call(json.dumps(call)).transcript()
    assert [u.text for u in transcript.utterances] == [text for _, text in LINES]
    assert len({u.id for u in transcript.utterances}) == len(LINES)
    assert transcript.duration_ms >= 27_500


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nothing on stdin"),
        ("not json", "stdin"),
        ("[]", "no transcript"),
        ('{"text": "x"}', "no transcript"),
        ('{"turns": [{"channel": "agent"}]}', r"utterances\.0\.start_ms"),
        ('{"turns": [{"channel": "left", "start_ms": 0, "end_ms": 1, "text": ""}]}', "agent"),
        (json.dumps({"utterances": UTTERANCES[:1] * 2}), "same id"),
    ],
)
def test_bad_input_is_named(text: str, says: str) -> None:
    with pytest.raises(ServingError, match=says):
        read_call(text)


def test_the_command_scores_a_callback() -> None:
    done = score(json.dumps({"turns": TURNS}), "--kind", "callback", "--profile", "haikou")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["resolved"]["value"] == "no"
    assert report["satisfaction"]["value"] == "dissatisfied"
    assert report["satisfaction"]["evidence"][0]["quote"] == "不满意"
    assert report["reopen"] is True


def test_the_command_knows_a_callback_when_it_judges_the_agent() -> None:
    done = score(json.dumps({"turns": TURNS}), "--kind", "qa")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["score"] == report["max_score"]
    assert "contact_check" not in {f["rule_id"] for f in report["findings"]}


def test_the_command_refuses_bad_input_with_code_2() -> None:
    done = score("{}", "--kind", "qa")
    assert done.returncode == 2
    assert "no transcript" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_written_ticket_is_judged() -> None:
    ticket = {
        "title": "噪音",
        "content": "嗯，我家楼下很吵，希望处理。",
        "caller": {"surname": "林"},
    }
    answer = score(json.dumps(ticket), "--kind", "writing")
    assert answer.returncode == 0, answer.stderr
    report = json.loads(answer.stdout)
    broken = {f["rule_id"]: f for f in report["findings"] if not f["passed"]}
    assert {"contact", "where", "title_form", "filler", "third_person"} <= broken.keys()
    assert broken["filler"]["evidence"] == [
        {"field": "content", "quote": "嗯", "char_start": 0, "char_end": 1}
    ]
    assert report["score"] < report["max_score"]


@pytest.mark.parametrize("stdin", ["", "[]", "{}", '{"ticket": {"title": 1}}', '{"written": 3}'])
def test_what_is_no_ticket_is_told(stdin: str) -> None:
    answer = score(stdin, "--kind", "writing")
    assert answer.returncode == 2
    assert answer.stderr.startswith("jiesu: stdin: ")
