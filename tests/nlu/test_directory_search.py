"""Dispatch from duty texts alone: no training data, no words of the matter listed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nlu.agency import NOTHING_LEARNED, Dispatcher
from nlu.directory_search import DirectorySearch
from nlu.location import Resolution
from nlu.profile import Agencies, Agency, Directory, Duty
from nlu.types import Field
from tests.nlu.build import PROFILE

DUTIES = (
    Duty("税收征收管理", (), "契税、增值税等税收的征收管理由税务部门负责", agency="市税务局"),
    Duty("不动产登记", (), "不动产权证的办理由自然资源部门负责", agency="市自然资源局"),
    Duty("集中供热", (), "供热企业服务由住建部门监督", agency="市住建局", assisting=("市税务局",)),
    Duty("拖欠工资", (), "拖欠工资由劳动保障监察机构查处", function="人社", level="district"),
    Duty("夜间施工", (), "建筑施工噪声由城管部门查处", agency="市城管局", exclusions=("装修",)),
)
NAMES = ("市税务局", "市自然资源局", "市住建局", "市城管局")
CITY = replace(
    PROFILE,
    agencies=Agencies(
        (
            *(Agency(name, "city", name[1:-1], "海口市") for name in NAMES),
            Agency("龙华区人社局", "district", "人社", "龙华区"),
            Agency("美兰区人社局", "district", "人社", "美兰区"),
            Agency("龙华区政府", "district", "综合", "龙华区"),
        )
    ),
    directory=Directory("2026-01-01", DUTIES),
)
DISPATCHER = Dispatcher(CITY)
NOWHERE = Resolution(Field.empty("没有说到具体地点"), {})


def dispatched(text: str, place: Resolution = NOWHERE) -> Field[str]:
    return DISPATCHER.dispatch(text, NOTHING_LEARNED, place, ())


@pytest.mark.parametrize(
    ("text", "agency"),
    [
        ("开发商没有交契税，我们的证一直办不下来", "市税务局"),
        ("家里的暖气不热，屋里冷得不行", "市住建局"),
        ("我的房本什么时候能办下来", "市自然资源局"),
        ("工地半夜施工，吵得睡不着", "市城管局"),
    ],
)
def test_citizens_words_find_the_official_duty(text: str, agency: str) -> None:
    field = dispatched(text)
    assert agency in (field.value, *(name for name, _ in field.alternatives[:1]))


def test_the_reason_says_that_only_the_wording_is_alike_and_who_assists() -> None:
    field = dispatched("家里的暖气不热，供热温度不达标")
    assert field.value == "市住建局"
    assert field.reason is not None
    assert "说法与该事项相近" in field.reason
    assert "协办：市税务局" in field.reason


def test_counterparts_share_a_matter_until_the_place_decides() -> None:
    open_field = dispatched("包工头拖欠工资不给")
    shares = dict([(open_field.value, open_field.confidence), *open_field.alternatives])
    assert shares["龙华区人社局"] == shares["美兰区人社局"]
    odds = {"龙华区": 0.05, "美兰区": 0.95}
    settled = dispatched("包工头拖欠工资不给", Resolution(Field.empty(""), odds))
    assert settled.value == "美兰区人社局"
    assert settled.confidence > open_field.confidence


def test_the_districts_general_unit_is_a_candidate_where_the_place_is_known() -> None:
    odds = {"龙华区": 0.95, "美兰区": 0.05}
    field = dispatched("包工头拖欠工资不给", Resolution(Field.empty(""), odds))
    assert "龙华区政府" in [name for name, _ in field.alternatives]


def test_an_exclusion_also_rules_out_what_is_only_alike() -> None:
    names = [name for name, _ in dispatched("楼上装修夜间施工").alternatives]
    assert "市城管局" not in [dispatched("楼上装修夜间施工").value, *names]


def test_confidence_stays_under_nine_tenths_without_a_model() -> None:
    assert dispatched("契税 增值税 税收征收管理 税务部门").confidence <= 0.9


def test_what_resembles_nothing_has_no_score() -> None:
    assert not DirectorySearch(DUTIES).scores("abc 123 ？！")
    assert not DirectorySearch(()).scores("契税")


def test_a_rarer_pair_weighs_more() -> None:
    scores = DirectorySearch(DUTIES).scores("契税部门")
    assert max(scores, key=lambda number: scores[number]) == 0
