from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from models.errors import TrainingDataError
from models.extractor.agency_parts import function_and_district
from models.extractor.dataset import frequent_agencies, read_tickets, views
from models.extractor.hints import matter_of_title, strip_hint, strip_lead


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ("路灯不亮，请市政局核实处理！（请职能局30分钟内响应处置）", "路灯不亮，"),
        ("路灯不亮。\n请龙华区政府服务中心核实处理，谢谢！", "路灯不亮。"),
        ("路灯不亮。回复：已派人修复", "路灯不亮。"),
        ("请问社保卡怎么办", ""),
    ],
)
def test_hints_and_replies_are_taken_out(content: str, kept: str) -> None:
    assert strip_hint(content) == kept


def test_questions_can_be_kept() -> None:
    assert strip_hint("请问社保卡怎么办", keep_questions=True) == "请问社保卡怎么办"
    assert strip_hint("路灯不亮，请市政局处理", keep_questions=True) == "路灯不亮，"


@pytest.mark.parametrize(
    ("text", "matter"),
    [
        ("市民来电反映:路灯不亮", "路灯不亮"),
        ("市民微信咨询：路灯不亮", "路灯不亮"),
        ("路灯不亮：很黑", "路灯不亮：很黑"),
    ],
)
def test_the_clerks_opening_is_taken_off(text: str, matter: str) -> None:
    assert strip_lead(text) == matter


def test_titles_lose_their_frame() -> None:
    assert matter_of_title("关于路灯不亮的问题") == "路灯不亮"
    assert matter_of_title("路灯不亮") == "路灯不亮"


def row(**changes: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "source": "haikou-full",
        "title": "关于路灯不亮的问题",
        "content": "市民来电反映:其家门口路灯不亮，请市政局核实处理！",
        "agency": "市政工程维修公司",
        "request_type": "投诉类",
        "category": ["部件", "公共设施", "路灯", "不亮"],
        "district": "龙华区",
        "street": "城西镇",
    } | changes


def write(folder: Path, *rows: Any) -> Path:
    path = folder / "tickets.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        for item in rows:
            lines.write((item if isinstance(item, str) else json.dumps(item)) + "\n")
    return path


def test_tickets_are_read_with_their_labels(tmp_path: Path) -> None:
    full, newer = read_tickets(
        write(tmp_path, row(), row(source="haikou-8000-4000_testset", request_type=None))
    )
    assert full.category == ("部件", "公共设施", "路灯")
    assert full.content == "市民来电反映:其家门口路灯不亮，"
    assert newer.category is None
    assert newer.labels["newer_category"] == "部件/公共设施/路灯"
    assert "request_type" not in newer.labels
    assert full.labels["street"] == "龙华区/城西镇"


@pytest.mark.parametrize("bad", ["{", "[]", '{"id": 1}', "null"])
def test_a_wrong_line_is_named(tmp_path: Path, bad: str) -> None:
    with pytest.raises(TrainingDataError, match="line 2"):
        read_tickets(write(tmp_path, row(), bad))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="no labelled tickets"):
        read_tickets(write(tmp_path))


def test_a_ticket_is_seen_as_written_as_titled_and_as_said(tmp_path: Path) -> None:
    (ticket,) = read_tickets(write(tmp_path, row()))
    seen = list(views(ticket, random.Random(1)))
    assert ticket.content in seen
    assert "路灯不亮" in seen
    assert any("我家门口路灯不亮" in text and "市民" not in text for text in seen)


def test_frequent_agencies_have_ten_tickets(tmp_path: Path) -> None:
    rows = [row(id=str(n)) for n in range(10)] + [row(id=str(n), agency="少") for n in range(9)]
    assert frequent_agencies(read_tickets(write(tmp_path, *rows))) == {"市政工程维修公司"}


def test_columns_may_be_called_otherwise(tmp_path: Path) -> None:
    rows = [{"topic": "路灯不亮", "text": "路灯不亮。很黑", "label": "城乡建设", "mood": "急"}]
    columns = {"title": "topic", "content": "text", "category": "label", "urgency": "mood"}
    (ticket,) = read_tickets(write(tmp_path, *rows), columns)
    assert ticket.labels == {"category": "城乡建设", "urgency": "急"}
    assert ticket.text == "路灯不亮。很黑"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="absent"):
        read_tickets(tmp_path / "absent.jsonl.gz")


@pytest.mark.parametrize(
    ("agency", "function", "district"),
    [
        ("上海市青浦区教育局", "district:教育局", "青浦区"),
        ("上海市青浦区金泽镇人民政府", "town:镇人民政府", "青浦区"),
        ("上海市静安区人民政府宝山路街道办事处", "town:街道办事处", "静安区"),
        ("上海市市场监督管理局", "市场监督管理局", None),
        ("上海市交通委员会", "交通委员会", None),
    ],
)
def test_an_agency_name_tells_function_and_district(
    agency: str, function: str, district: str | None
) -> None:
    assert function_and_district(agency) == (function, district)
