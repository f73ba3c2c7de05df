from __future__ import annotations

import pytest

from nlu.gazetteer import Gazetteer
from nlu.location import resolve_location
from tests.nlu.build import PLACES, passage

GAZETTEER = Gazetteer(PLACES)


def test_a_road_gives_its_divisions() -> None:
    field = resolve_location(passage("滨涯路5号门口有人摆摊"), GAZETTEER).field
    assert field.value is not None
    assert (field.value.city, field.value.district) == ("海口市", "龙华区")
    assert field.value.street == "海垦街道办事处"
    assert field.value.code == "460106005"
    assert field.value.text.startswith("滨涯路5号")


def test_a_village_gives_street_and_code() -> None:
    field = resolve_location(passage("美兰区演丰镇瑶城村有违建"), GAZETTEER).field
    assert field.value is not None
    assert field.value.community == "瑶城村委会"
    assert field.value.code == "460108102201"
    assert field.value.text == "美兰区演丰镇瑶城村"


def test_what_is_said_outweighs_where_a_road_usually_is() -> None:
    field = resolve_location(passage("龙华区海甸五西路"), GAZETTEER).field
    assert field.value is not None
    assert field.value.district == "龙华区"
    assert "美兰区" in [place.district for place, _ in field.alternatives]


def test_a_road_across_districts_leaves_the_district_open() -> None:
    field = resolve_location(passage("椰海大道有坑"), GAZETTEER).field
    assert field.value is not None
    assert field.value.district is None
    assert field.value.text == "椰海大道"


def test_where_it_happens_is_told_from_where_the_caller_lives() -> None:
    text = "我家住在龙华区，昨天在美兰区海甸五西路看到有人占道"
    field = resolve_location(passage(text), GAZETTEER).field
    assert field.value is not None
    assert field.value.district == "美兰区"


def test_an_office_is_no_place() -> None:
    field = resolve_location(passage("我要投诉龙华区城管不作为"), GAZETTEER).field
    assert field.value is None


def test_an_unknown_address_keeps_its_words() -> None:
    field = resolve_location(passage("我在幸福花园3号楼停电了"), GAZETTEER).field
    assert field.value is not None
    assert field.value.text == "幸福花园3号"
    assert field.value.district is None
    assert field.reason


@pytest.mark.parametrize("text", ["", "社保卡怎么办理", "12345", "hello world", "好的"])
def test_no_place_gives_a_reason(text: str) -> None:
    resolution = resolve_location(passage(text), GAZETTEER)
    assert resolution.field.value is None
    assert resolution.field.reason == "没有说到具体地点"
    assert resolution.districts == {}


def test_a_repaired_place_is_less_sure() -> None:
    heard = resolve_location(passage("海店五西路"), GAZETTEER).field
    written = resolve_location(passage("海甸五西路"), GAZETTEER).field
    assert heard.value is not None
    assert heard.value.district == "美兰区"
    assert heard.value.text == "海店五西路"
    assert heard.confidence < written.confidence


def test_what_bears_a_community_s_name_lies_near_it() -> None:
    value = resolve_location(passage("金牛岭公园里有人烧烤"), GAZETTEER).field.value
    assert value is not None
    assert (value.district, value.street, value.community) == ("龙华区", "海垦街道办事处", None)


def test_a_road_through_several_districts_is_asked_about() -> None:
    field = resolve_location(passage("椰海大道上有人违停"), GAZETTEER).field
    assert field.value is not None
    assert field.value.district is None
    assert field.reason is not None
    assert "请问清是哪个区：龙华区、美兰区" in field.reason


@pytest.mark.parametrize(
    ("said", "district"),
    [
        ("我家住在美兰区海甸五西路，我要投诉龙华区滨涯路的夜市", "龙华区"),
        ("龙华区滨涯路的夜市太吵，我本人住在美兰区", "龙华区"),
        ("我是美兰区的居民，滨涯路那边的工地太吵", "龙华区"),
        ("我家住在美兰区海甸五西路，楼下太吵", "美兰区"),
        ("我是龙华区滨涯路的业主，楼上漏水", "龙华区"),
    ],
)
def test_the_callers_home_is_not_the_place_of_the_matter(said: str, district: str) -> None:
    value = resolve_location(passage(said), GAZETTEER).field.value
    assert value is not None
    assert value.district == district
