from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from serving.profile.document import Document, read_document


def read(tmp_path: Path, text: str) -> Document:
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    return read_document(path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("8:30", "8:30"),
        ("2026-01-01", "2026-01-01"),
        ("0123", 123),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ('"12"', "12"),
        ("~", None),
        ("", None),
        ("1_000", "1_000"),
        ("1.2.3", "1.2.3"),
    ],
)
def test_scalars_follow_yaml_1_2(tmp_path: Path, text: str, value: Any) -> None:
    document = read(tmp_path, f"a: {text}\n")
    assert document.data == {"a": value}
    assert type(document.data["a"]) is type(value)


def test_every_value_knows_its_line(tmp_path: Path) -> None:
    document = read(tmp_path, "a: 1\nb:\n  - x\n  - y: 2\n    z:\n      w: 3\n")
    assert document.data == {"a": 1, "b": ["x", {"y": 2, "z": {"w": 3}}]}
    lines = {("a",): 1, ("b",): 2, ("b", 0): 3, ("b", 1, "y"): 4, ("b", 1, "z"): 5}
    assert {place: document.line_of(place) for place in lines} == lines
    assert document.line_of(("b", 1, "z", "w")) == 6
    assert document.line_of(("b", 1, "missing", "more")) == 4


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "is not YAML"),
        ("a: 1\n\tb: 2\n", 2, "is not YAML"),
        ("a: 1\nb: 2\na: 3\n", 3, "again after line 1"),
        ("? [1, 2]\n: 3\n", 1, "plain word"),
        ("a: &x\n  b: *x\n", 1, "contains itself"),
    ],
)
def test_broken_yaml_is_a_problem_with_its_line(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    [problem] = read(tmp_path, text).problems
    assert problem.line == line
    assert said in problem.message


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("a: 中文\n".encode("gb18030"))
    [problem] = read_document(path).problems
    assert "UTF-8" in problem.message
