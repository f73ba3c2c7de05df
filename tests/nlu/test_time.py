from datetime import datetime, timedelta, timezone

import pytest

from nlu.time import find_occurrence
from tests.nlu.build import passage

CHINA = timezone(timedelta(hours=8))
NOW = datetime(2018, 1, 10, 12, 0, tzinfo=CHINA)  # a Wednesday


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("text", "when", "words"),
    [
        ("昨晚八点多有人打架", at(2018, 1, 9, 20), "昨晚八点多"),
        ("我于12月25日到车管所上牌", at(2017, 12, 25), "12月25日"),
        ("我1月4日15点20分在服务站", at(2018, 1, 4, 15, 20), "1月4日15点20分"),
        ("今天早上停电", at(2018, 1, 10, 8), "今天早上"),
        ("上周三下午三点半来过", at(2018, 1, 3, 15, 30), "上周三下午三点半"),
        ("我于1月2日7:16在站台等车", at(2018, 1, 2, 7, 16), "1月2日7:16"),
        ("二零一七年十二月三号交的钱", at(2017, 12, 3), "二零一七年十二月三号"),
        ("半个小时前撞的", at(2018, 1, 10, 11, 30), "半个小时前"),
        ("三天前就没水了", at(2018, 1, 7), "三天前"),
        ("上个月28号交房", at(2017, 12, 28), "上个月28号"),
        ("昨晚两点还在施工", at(2018, 1, 10, 2), "昨晚两点"),
        ("昨天晚上12点还在唱歌", at(2018, 1, 10, 0), "昨天晚上12点"),
    ],
)
def test_reads_what_people_say(text: str, when: datetime, words: str) -> None:
    field = find_occurrence(passage(text), NOW)
    assert field.value == when
    quoted = [text[e.char_start : e.char_end] for e in field.evidence]
    assert quoted == [words]


@pytest.mark.parametrize(
    "text",
    [
        "琼山区新大洲大道284-1号停电",
        "已经8天没有回应",
        "2018年2月30日",
        "明天早上八点要停水",
        "每天晚上11点施工",
        "我在5号楼",
        "",
        "12345",
    ],
)
def test_does_not_take_other_numbers_for_times(text: str) -> None:
    field = find_occurrence(passage(text), NOW)
    assert field.value is None
    assert field.reason


def test_a_day_is_less_sure_than_an_hour() -> None:
    day = find_occurrence(passage("1月4日去的"), NOW)
    hour = find_occurrence(passage("1月4日15点20分去的"), NOW)
    assert day.confidence < hour.confidence


def test_other_times_are_alternatives() -> None:
    field = find_occurrence(passage("1月2日7:16开始等，昨天又去了一次"), NOW)
    assert field.value == at(2018, 1, 2, 7, 16)
    assert [when for when, _ in field.alternatives] == [at(2018, 1, 9)]
