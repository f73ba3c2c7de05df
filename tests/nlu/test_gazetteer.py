from __future__ import annotations

from dataclasses import replace

import pytest

from nlu.errors import GazetteerError
from nlu.gazetteer import Gazetteer
from tests.nlu.build import PLACES

GAZETTEER = Gazetteer(PLACES)


def found(text: str) -> list[tuple[str, str, bool]]:
    return [(text[m.start : m.end], m.places[0].name, m.repaired) for m in GAZETTEER.find(text)]


def test_names_are_found_as_written_longest_first() -> None:
    assert found("龙华区海垦街道办事处滨涯路") == [
        ("龙华区", "龙华区", False),
        ("海垦街道办事处", "海垦街道办事处", False),
        ("滨涯路", "滨涯路", False),
    ]


def test_communities_are_found_by_their_short_forms() -> None:
    assert found("瑶城村有违建") == [("瑶城村", "瑶城村委会", False)]
    assert found("金牛岭社区里") == [("金牛岭社区", "金牛岭社区居委会", False)]


@pytest.mark.parametrize(
    ("heard", "name"),
    [
        ("海店五西路", "海甸五西路"),
        ("海甸五西陆", "海甸五西路"),
        ("天额湾小区", "天鹅湾小区"),
        ("椰海大到", "椰海大道"),
    ],
)
def test_misheard_names_are_found_by_their_sound(heard: str, name: str) -> None:
    assert found(f"在{heard}这里") == [(heard, name, True)]


@pytest.mark.parametrize(
    "text", ["城管处理一下", "社保卡怎么办理", "", "12345", "hello", "已经很久了"]
)
def test_other_words_name_no_place(text: str) -> None:
    assert found(text) == []


def test_codes_are_of_the_deepest_division() -> None:
    assert GAZETTEER.code("龙华区", "海垦街道办事处", "金牛岭社区居委会") == "460106005001"
    assert GAZETTEER.code("龙华区", "城西镇", None) == "460106100"
    assert GAZETTEER.code("龙华区", None, None) == "460106"
    assert GAZETTEER.code(None, None, None) == "4601"


@pytest.mark.parametrize(
    "row",
    ["滨涯路", "滨涯路 river 龙华区", "滨涯路 road 南山区", "滨涯路 road 龙华区 白沙街道办事处"],
)
def test_a_wrong_landmark_is_refused_by_name(row: str) -> None:
    with pytest.raises(GazetteerError, match="滨涯路"):
        Gazetteer(replace(PLACES, landmarks=(row,)))


def test_a_community_without_a_code_is_refused() -> None:
    district = PLACES.districts[0]
    street = replace(district.streets[0], communities=("金牛岭社区居委会",))
    wrong = replace(district, streets=(street,))
    with pytest.raises(GazetteerError, match="code name"):
        Gazetteer(replace(PLACES, districts=(wrong,)))


def test_a_name_at_the_end_of_a_text_ends_with_it() -> None:
    text = "我在美兰区"
    assert [text[m.start : m.end] for m in Gazetteer(PLACES).find(text)] == ["美兰区"]
    assert all(m.end <= len(text) for m in Gazetteer(PLACES).find(text))
