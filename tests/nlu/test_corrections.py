"""What people corrected moves the next dispatch at once."""

from __future__ import annotations

from datetime import date

import pytest

from nlu.agency import NOTHING_LEARNED, Dispatcher, Learned
from nlu.corrections import (
    MOST_REMEMBERED,
    NO_LESSON,
    Correction,
    CorrectionMemory,
    features_of,
)
from nlu.extractor import Extractor
from nlu.location import Resolution
from nlu.types import Field
from tests.nlu.build import PROFILE, call

DISPATCHER = Dispatcher(PROFILE)
NOWHERE = Resolution(Field.empty("没有说到具体地点"), {})
SAID = "门口的共享单车堆成山没有人管"
TRAFFIC, POWER = "市公安局交通警察支队", "海口供电局"
LEARNED = Learned({TRAFFIC: 0.6, "龙华区城管局": 0.2, "美兰区城管局": 0.15, POWER: 0.05}, {})
DAY = date(2026, 3, 1)


def memory(*said: tuple[str, str | None, str | None]) -> CorrectionMemory:
    return CorrectionMemory(
        [Correction(features_of(text), right, wrong, DAY) for text, right, wrong in said]
    )


def dispatched(
    said: str, remembered: CorrectionMemory, learned: Learned = LEARNED, place: Resolution = NOWHERE
) -> Field[str]:
    return DISPATCHER.dispatch(said, learned, place, (), remembered.lesson(features_of(said)))


def test_the_same_matter_goes_where_it_was_corrected_to() -> None:
    before = dispatched(SAID, CorrectionMemory())
    after = dispatched(SAID, memory((SAID, "龙华区城管局", TRAFFIC)))
    assert (before.value, after.value) == (TRAFFIC, "龙华区城管局")


def test_the_reason_names_the_day_and_the_agencies_and_none_of_the_words() -> None:
    reason = dispatched(SAID, memory((SAID, "龙华区城管局", TRAFFIC))).reason
    assert reason is not None
    assert "2026-03-01" in reason
    assert TRAFFIC in reason
    assert "单车" not in reason


def test_a_correction_in_one_district_teaches_about_its_counterpart() -> None:
    there = Resolution(Field.empty(""), {"龙华区": 0.05, "美兰区": 0.95})
    field = dispatched(SAID, memory((SAID, "龙华区城管局", TRAFFIC)), place=there)
    assert field.value == "美兰区城管局"


def test_what_is_only_alike_moves_the_odds_a_little() -> None:
    alike = "路边的共享单车乱放没有人管"
    learned = memory((SAID, "龙华区城管局", TRAFFIC))
    before, after = (dispatched(alike, m) for m in (CorrectionMemory(), learned))
    assert before.value == after.value == TRAFFIC
    assert after.confidence < before.confidence


def test_what_has_nothing_in_common_stays() -> None:
    learned = memory(("abc 123", "龙华区城管局", TRAFFIC))
    other = "水费怎么交"
    assert dispatched(other, learned) == dispatched(other, CorrectionMemory())


def test_a_returned_ticket_lowers_the_unit_that_returned_it() -> None:
    before = dispatched(SAID, CorrectionMemory())
    after = dispatched(SAID, memory((SAID, None, TRAFFIC), (SAID, None, TRAFFIC)))
    assert before.value == TRAFFIC
    assert after.confidence < before.confidence


def test_corrections_help_where_nothing_was_trained() -> None:
    said = "请帮我找一下走失的猫"
    assert dispatched(said, CorrectionMemory(), NOTHING_LEARNED).value is None
    field = dispatched(said, memory((said, POWER, None)), NOTHING_LEARNED)
    assert field.value == POWER


def test_an_agency_that_was_abolished_is_passed_over() -> None:
    after = dispatched(SAID, memory((SAID, "已撤销的局", "也已撤销的局")))
    assert after.value == TRAFFIC
    assert "已撤销的局" not in [name for name, _ in after.alternatives]


def test_confidences_never_pass_one() -> None:
    learned = memory(*[(SAID, "龙华区城管局", TRAFFIC)] * 50)
    field = dispatched(SAID, learned)
    assert field.confidence + sum(share for _, share in field.alternatives) <= 1.001


@pytest.mark.parametrize("text", ["", "12345 abc", "！？"])
def test_texts_without_words_teach_and_learn_nothing(text: str) -> None:
    assert features_of(text) == ()
    assert memory((SAID, POWER, None)).lesson(features_of(text)) == NO_LESSON
    assert memory((text, POWER, None)).lesson(features_of(SAID)).shifts == {}


def test_only_the_newest_are_remembered() -> None:
    assert len(memory(*[("停水", POWER, None)] * (MOST_REMEMBERED + 5))) == MOST_REMEMBERED


def test_features_hold_neither_figures_nor_places() -> None:
    extractor = Extractor(PROFILE)
    one = extractor.features(call(("citizen", "滨涯路的共享单车堆成山，电话13900001234")))
    other = extractor.features(call(("citizen", "天鹅湾小区的共享单车堆成山")))
    assert set(features_of("的共享单车堆成山")) <= set(one) & set(other)
    assert features_of("13900001234") == ()
