from __future__ import annotations

from nlu.agency import NOTHING_LEARNED, Dispatcher, Learned
from nlu.location import Resolution
from nlu.types import Field
from tests.nlu.build import PROFILE

DISPATCHER = Dispatcher(PROFILE)
NOWHERE = Resolution(Field.empty("没有说到具体地点"), {})


def at(district: str) -> Resolution:
    odds = {"龙华区": 0.05, "美兰区": 0.05, district: 0.95}
    return Resolution(Field.empty(""), odds)


SHARES = {
    "市公安局交通警察支队": 0.1,
    "龙华区城管局": 0.5,
    "美兰区城管局": 0.3,
    "美兰区演丰镇政府": 0.05,
    "海口供电局": 0.05,
}
LEARNED = Learned(SHARES, {})


def test_the_districts_unit_follows_the_place() -> None:
    assert DISPATCHER.dispatch("有人吵闹", LEARNED, NOWHERE, ()).value == "龙华区城管局"
    assert DISPATCHER.dispatch("有人吵闹", LEARNED, at("美兰区"), ()).value == "美兰区城管局"


def shares_of(field: Field[str]) -> dict[str, float]:
    return dict([(str(field.value), field.confidence), *field.alternatives])


def test_the_place_moves_probability_only_between_counterparts() -> None:
    nowhere = shares_of(DISPATCHER.dispatch("有人吵闹", LEARNED, NOWHERE, ()))
    there = shares_of(DISPATCHER.dispatch("有人吵闹", LEARNED, at("美兰区"), ()))
    assert there["美兰区城管局"] > nowhere["美兰区城管局"]
    assert there["龙华区城管局"] < nowhere["龙华区城管局"]
    police, power = "市公安局交通警察支队", "海口供电局"
    assert abs(there[police] / there[power] - nowhere[police] / nowhere[power]) < 0.01


def test_a_model_that_is_all_but_certain_still_leaves_room() -> None:
    sure = Learned({"龙华区城管局": 0.98, "海口供电局": 0.02}, {})
    field = DISPATCHER.dispatch("有人吵闹", sure, NOWHERE, ())
    assert field.value == "龙华区城管局"
    assert 0.5 < field.confidence < 0.98


def test_the_directory_strengthens_and_explains() -> None:
    plain = DISPATCHER.dispatch("有人吵闹", LEARNED, at("美兰区"), ())
    field = DISPATCHER.dispatch("有人占道经营", LEARNED, at("美兰区"), ())
    assert field.confidence > plain.confidence
    assert field.reason is not None
    assert "市容由区城管管理" in field.reason


def test_without_a_model_the_directory_and_the_place_decide() -> None:
    field = DISPATCHER.dispatch("路边摆摊", NOTHING_LEARNED, at("美兰区"), ())
    assert field.value == "美兰区城管局"
    assert field.alternatives[0][0] == "龙华区城管局"


def test_without_model_and_matter_nothing_is_guessed() -> None:
    field = DISPATCHER.dispatch("我要找人聊天", NOTHING_LEARNED, NOWHERE, ())
    assert field.value is None
    assert field.reason == "派单目录中没有对应事项，请人工派单"


def test_under_the_threshold_a_person_decides_with_the_candidates_named() -> None:
    flat = Learned({f"单位{n}": 0.1 for n in range(10)}, {})
    field = DISPATCHER.dispatch("有人吵闹", flat, NOWHERE, ())
    assert field.value is None
    assert field.reason is not None
    assert "人工确认" in field.reason
    assert len(field.alternatives) == 5


def test_the_function_weighs_the_agencies() -> None:
    learned = Learned(SHARES, {"district:城管": 0.002, "town:镇": 0.9, "海口供电局": 0.05})
    assert DISPATCHER.dispatch("有人吵闹", learned, NOWHERE, ()).value == "美兰区演丰镇政府"


def test_an_agency_called_by_name_gains() -> None:
    plain = dict(DISPATCHER.dispatch("有人吵闹", LEARNED, NOWHERE, ()).alternatives)
    named = dict(DISPATCHER.dispatch("有人吵闹，供电局管不管", LEARNED, NOWHERE, ()).alternatives)
    assert named["海口供电局"] > plain["海口供电局"]
