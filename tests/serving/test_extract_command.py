from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from typer.testing import CliRunner

from serving.cli.main import app


def run(lines: str, *options: str) -> tuple[int, list[dict[str, Any]]]:
    result = CliRunner().invoke(app, ["extract", "--profile", "haikou", *options], input=lines)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


TEXT = {"id": "a", "text": "美兰区海甸五西路有人占道经营，请城管处理"}
TURNS = {
    "id": 7,
    "turns": [
        {"channel": "agent", "text": "请问您贵姓，联系电话是多少？"},
        {
            "channel": "citizen",
            "text": "我姓周，电话是幺三八零零幺三八零零零，我要反映龙昆南路红绿灯坏了",
        },
    ],
}


def test_texts_and_turns_become_fields() -> None:
    code, (first, second) = run(f"{json.dumps(TEXT)}\n\n{json.dumps(TURNS)}\n")
    assert code == 0
    assert list(first) == ["id", "request_type", "category", "agency", "location", "caller"]
    assert first["id"] == "a"
    assert first["agency"]["value"] == "美兰区城管局"
    assert len(first["agency"]["alternatives"]) >= 2
    assert first["location"]["value"]["district"] == "美兰区"
    assert first["location"]["evidence"][0]["quote"] in TEXT["text"]
    assert second["id"] == 7
    assert second["caller"]["phone"]["value"] == "13800138000"
    assert second["caller"]["surname"]["value"] == "周"
    assert second["agency"]["value"] == "市公安局交通警察支队"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("not json", "JSON"),
        ("[]", "object"),
        ('{"text": "路灯不亮"}', "id"),
        ('{"id": 1}', "text"),
        ('{"id": 1, "text": "路灯", "turns": []}', "text"),
        ('{"id": 1, "turns": [{"channel": "robot", "text": "路灯"}]}', "channel"),
        ('{"id": 1, "text": 5}', "text"),
    ],
)
def test_a_bad_line_answers_in_its_place_and_the_others_go_on(line: str, problem: str) -> None:
    code, answers = run(f"{json.dumps(TEXT)}\n{line}\n{json.dumps(TEXT)}\n")
    assert code == 1
    assert len(answers) == 3
    assert answers[1]["line"] == 2
    assert problem in answers[1]["error"]
    assert answers[0] == answers[2]


def test_empty_input_gives_nothing() -> None:
    assert run("") == (0, [])
    assert run("\n \n") == (0, [])


def test_an_unknown_profile_is_a_usage_error() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "serving.cli.main", "extract", "--profile", "atlantis"],
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert "atlantis" in result.stderr


def test_answers_stream_line_by_line() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "serving.cli.main", "extract", "--profile", "haikou"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        process.stdin.write(json.dumps(TEXT) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == "a"
        process.stdin.close()
        assert process.wait(timeout=30) == 0
