"""A hotline that answers for a region of several cities."""

from __future__ import annotations

import pytest

from nlu.agency import NOTHING_LEARNED, Dispatcher
from nlu.gazetteer import Gazetteer
from nlu.location import Resolution, resolve_location
from nlu.profile import (
    Agencies,
    Agency,
    Directory,
    District,
    Duty,
    Hotwords,
    NluProfile,
    Places,
    Taxonomy,
)
from tests.nlu.build import passage

PLACES = Places(
    province="宁夏回族自治区",
    city="宁夏回族自治区",
    city_code="64",
    districts=(
        District("兴庆区", "640104", city="银川市"),
        District("金凤区", "640106", city="银川市"),
        District("利通区", "640302", city="吴忠市"),
        District("盐池县", "640323", city="吴忠市"),
    ),
    landmarks=("览山公园 site 金凤区",),
    cities={"银川市": "6401", "吴忠市": "6403"},
)
PROFILE = NluProfile(
    "region",
    Taxonomy(("投诉",), {}),
    Agencies(
        (
            Agency("自治区教育厅", "region", "教育", "宁夏回族自治区"),
            Agency("银川市教育局", "city", "教育", "银川市"),
            Agency("吴忠市教育局", "city", "教育", "吴忠市"),
        )
    ),
    Directory("2026-01-01", (Duty("补课", ("补课",), "管理学校", function="教育"),)),
    PLACES,
    Hotwords(()),
    dispatch_threshold=0.45,
)


def place(text: str) -> Resolution:
    return resolve_location(passage(text), Gazetteer(PLACES))


@pytest.mark.parametrize(
    ("said", "city", "district", "code"),
    [
        ("银川市金凤区有人违停", "银川市", "金凤区", "640106"),
        ("盐池县停水了", "吴忠市", "盐池县", "640323"),
        ("览山公园门口摆摊", "银川市", "金凤区", "640106"),
        ("我在吴忠这边，学校补课", "吴忠市", None, "6403"),
    ],
)
def test_a_district_lies_in_its_city(said: str, city: str, district: str | None, code: str) -> None:
    value = place(said).field.value
    assert value is not None
    assert (value.province, value.city, value.district, value.code) == (
        "宁夏回族自治区", city, district, code,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "agency"),
    [
        ("银川的学校寒假补课", "银川市教育局"),
        ("盐池县中学寒假补课", "吴忠市教育局"),
        ("学校寒假补课", None),
    ],
)
def test_the_place_decides_which_city_answers(said: str, agency: str | None) -> None:
    field = Dispatcher(PROFILE).dispatch(said, NOTHING_LEARNED, place(said), ())
    assert field.value == agency
