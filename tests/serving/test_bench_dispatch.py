"""Figures of dispatch without a model and of live updates; the public example of Baoding."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

from models.extractor.dataset import Ticket
from nlu.extractor import Extractor
from serving.bench.dispatch import dispatch_figures
from serving.bench.incremental import incremental_figures
from serving.clock import CHINA_TIME
from serving.profile import load_profile
from tests.nlu.build import PROFILE

CALL_TIME = datetime(2026, 3, 2, 9, 30, tzinfo=CHINA_TIME)
POWER, TRAFFIC = "海口供电局", "市公安局交通警察支队"


def ticket(number: int, content: str, agency: str) -> Ticket:
    return Ticket(str(number), "own", "", content, content, {"agency": agency})


def test_corrections_show_in_the_figures() -> None:
    odd = "门口的共享单车堆成山没有人管"
    train = [ticket(n, odd, TRAFFIC) for n in range(30)]
    dev = [ticket(100, odd, TRAFFIC), ticket(101, "小区停电了", POWER)]
    seen: list[int] = []
    figures = dispatch_figures(
        PROFILE, train, dev, {POWER, TRAFFIC}, lambda part, at, of: seen.append(at)
    )
    first = [figure for figure in figures if figure.name == "agency top-1"]
    assert [figure.value for figure in first] == [0.5, 1.0]
    assert seen == list(range(1, 31))


def test_each_utterance_of_a_call_is_timed(tmp_path: Path) -> None:
    turns = [
        {"channel": "agent", "text": "您好，请讲"},
        {"channel": "citizen", "text": "小区停电了"},
    ]
    path = tmp_path / "ticket_1.json"
    path.write_text(json.dumps({"turns": turns}, ensure_ascii=False), encoding="utf-8")
    figures = incremental_figures(Extractor(PROFILE), [path, path])
    assert figures[0].of == "4 updates of 2 calls"
    assert all(figure.value >= 0 for figure in figures)


@cache
def baoding() -> Extractor:
    return Extractor(load_profile("baoding").nlu)


@pytest.mark.parametrize(
    ("said", "agency"),
    [
        ("房子买了好几年，开发商没有交契税，房产证一直办不下来", "国家税务总局保定市税务局"),
        ("竞秀区我家暖气不热，屋里才十三度", "大唐保定供热有限责任公司"),
        ("莲池区我们小区物业乱收停车费", "莲池区人民政府"),
        ("包工头欠了我三个月工资不给", "保定市人力资源和社会保障局"),
        ("买的衣服质量有问题，商家不给退", "保定市市场监督管理局"),
        ("有人往河里排污水", "保定市生态环境局"),
        ("出租车拒载", "保定市交通运输局"),
        ("孩子上小学学区怎么划分的", "保定市教育局"),
    ],
)
def test_baoding_dispatches_without_training_data(said: str, agency: str) -> None:
    """The deed tax is the public example of a ticket that stood still at the wrong unit."""
    field = baoding().extract_text(said, call_time=CALL_TIME).agency
    assert field.value == agency
    assert field.confidence <= 0.9
