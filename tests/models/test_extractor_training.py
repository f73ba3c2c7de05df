"""`jiesu models train` on tickets of our own: trained, written, described, resumed, repeated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.errors import TrainingDataError
from models.extractor.model import load_extractor
from models.extractor.plan import Source, TrainingPlan

pytest.importorskip("sklearn", reason="needs the train extra")

from models.extractor.training import train

MATTERS = {
    "路灯": ("路灯不亮", "路灯坏了", "灯杆倒了"),
    "停电": ("家里停电", "又停电了", "电线断了"),
}
COLUMNS = {"title": "topic", "content": "text", "category": "label"}


def tickets(folder: Path, name: str, count: int) -> Path:
    path = folder / f"{name}.jsonl"
    rows = [
        {"topic": texts[n % 3], "text": f"{texts[n % 3]}，在{n}号楼", "label": label}
        for n in range(count)
        for label, texts in MATTERS.items()
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def plan(folder: Path, **changes: object) -> TrainingPlan:
    source = Source("tiny", (tickets(folder, "train", 30),), COLUMNS)
    fields: dict[str, object] = {
        "dev": tickets(folder, "dev", 6), "work": folder / "work", "out": folder, "encoder": None,
        "features": 200, "rank": 2,
    }  # fmt: skip
    return TrainingPlan(source, **(fields | changes))  # type: ignore[arg-type]


def test_a_ticket_file_becomes_weights_and_a_card(tmp_path: Path) -> None:
    lines: list[str] = []
    found = train(plan(tmp_path), lines.append)
    assert found["category, content, macro-F1"] == 1.0
    model = load_extractor(tmp_path / "extractor-tiny.npz")
    odds = model.predict("楼下路灯不亮")
    assert odds is not None
    assert model.labels["category"][int(odds["category"].argmax())] == "路灯"
    card = (tmp_path / "extractor-tiny.md").read_text(encoding="utf-8")
    assert "category (2)" in card
    assert "--column category=label" in card
    assert any("60 tickets" in line for line in lines)


def test_the_same_tickets_give_the_same_weights_also_when_resumed(tmp_path: Path) -> None:
    train(plan(tmp_path), lambda line: None)
    first = load_extractor(tmp_path / "extractor-tiny.npz").predict("停电")
    lines: list[str] = []
    train(plan(tmp_path, resume=True), lines.append)
    again = load_extractor(tmp_path / "extractor-tiny.npz").predict("停电")
    assert first is not None
    assert again is not None
    assert first["category"].tolist() == again["category"].tolist()
    assert any("interrupted run" in line for line in lines)


def test_what_stands_below_the_cards_line_stays(tmp_path: Path) -> None:
    train(plan(tmp_path), lambda line: None)
    card = tmp_path / "extractor-tiny.md"
    card.write_text(card.read_text(encoding="utf-8") + "\nOurs alone.\n", encoding="utf-8")
    train(plan(tmp_path, dev=None), lambda line: None)
    assert card.read_text(encoding="utf-8").endswith("\nOurs alone.\n")


def test_one_label_alone_teaches_nothing(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps({"content": "路灯不亮", "agency": "路灯所"}), encoding="utf-8")
    wrong = TrainingPlan(Source("one", (path,)), None, tmp_path, out=tmp_path, encoder=None)
    with pytest.raises(TrainingDataError, match="two labels"):
        train(wrong, lambda line: None)
