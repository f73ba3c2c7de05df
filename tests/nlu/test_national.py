"""Divisions of the whole country: resolved to codes, repaired by sound, asked for when unclear."""

from __future__ import annotations

import pytest

from nlu.elsewhere import place_elsewhere
from nlu.gazetteer import Gazetteer
from nlu.location import resolve_location
from nlu.national import Table, national_divisions
from nlu.types import Field, Location
from tests.nlu.build import PLACES, passage

GAZETTEER = Gazetteer(PLACES)


def elsewhere(said: str) -> Field[Location] | None:
    return place_elsewhere(passage(said), GAZETTEER)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("我在河北省保定市竞秀区", "130602"),
        ("保定竞秀区这边暖气不热", "130602"),
        ("北京市朝阳区三里屯街道", "110105004"),
        ("山西长治市潞州区", "140403"),
        ("安徽亳州市谯城区古井镇", "341602100"),
        ("新疆乌鲁木齐", "6501"),
        ("三亚市崖州区", "460205"),
    ],
)
def test_names_resolve_to_codes(said: str, code: str) -> None:
    found = national_divisions().resolve(said)
    assert found is not None
    assert (found.code, found.rivals) == (code, ())


def test_a_village_is_found_among_those_of_its_town() -> None:
    found = national_divisions().resolve("海口市美兰区演丰镇演海村有违建")
    assert found is not None
    assert found.names[-1] == "演海村委会"
    assert len(found.code) == 12


@pytest.mark.parametrize(
    ("said", "code"),
    [("保定市静秀区停电", "130602"), ("亳州市桥城区古警镇", "341602100")],
)
def test_a_misheard_name_is_repaired_behind_the_division_above_it(said: str, code: str) -> None:
    found = national_divisions().resolve(said)
    assert found is not None
    assert found.code == code
    assert any(mention.repaired for mention in found.mentions)


@pytest.mark.parametrize("said", ["", "小区停电了", "123", "hello", "他是个热心人"])
def test_other_words_name_nothing(said: str) -> None:
    assert national_divisions().resolve(said) is None


def test_a_place_beyond_the_city_stands_at_its_levels() -> None:
    field = elsewhere("我是保定市竞秀区的，房产证办不下来")
    assert field is not None
    assert field.value == Location(
        "保定市竞秀区", "河北省", "保定市", "竞秀区", code="130602"
    )  # fmt: skip


def test_a_county_of_several_cities_is_asked_for() -> None:
    field = elsewhere("朝阳区有人违停")
    assert field is not None
    assert field.value is None
    assert field.reason is not None
    assert "北京市朝阳区" in field.reason
    assert len(field.alternatives) >= 2


@pytest.mark.parametrize("said", ["在郊区那边", "开发区管委会", "去三亚旅游", "海口市有人违停"])
def test_everyday_words_the_own_city_and_a_mere_city_are_no_place_elsewhere(said: str) -> None:
    assert elsewhere(said) is None


def test_the_hotline_s_own_places_go_first() -> None:
    field = resolve_location(passage("滨涯路停电，我是保定市竞秀区人"), GAZETTEER).field
    assert field.value is not None
    assert field.value.city == "海口市"


def test_a_table_reads_what_it_wrote() -> None:
    divisions = national_divisions()
    assert len(divisions) > 40_000
    assert Table.of(divisions._villages.packed()).codes[5] == divisions._villages.codes[5]
    assert divisions.name("999999") is None
    assert divisions.name("1101") is None  # 市辖区 is a division in name only
