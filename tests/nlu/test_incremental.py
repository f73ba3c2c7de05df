"""A call followed as it goes on: the same in the end, steadier and cheaper on the way."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cache

import pytest

from asr.types import Transcript, Utterance
from nlu.changes import changes
from nlu.extractor import Extractor
from nlu.incremental import Beliefs, CallFindings, CallReading, steadied
from nlu.types import Extraction, Field
from serving.profile import load_profile
from tests.nlu.build import PROFILE, call

CALL_TIME = datetime(2026, 3, 2, 9, 30, tzinfo=timezone(timedelta(hours=8)))

TURNS = (
    ("agent", "您好，海口一二三四五热线，请问有什么可以帮您？"),
    ("citizen", "你好，我要投诉，龙华区滨涯路的夜市占道经营。"),
    ("agent", "具体在什么位置？"),
    ("citizen", "就在金牛岭社区居委会对面，昨晚八点多还在摆摊，我家住在美兰区。"),
    ("citizen", "喇叭声音也很大，"),
    ("citizen", "根本睡不着，希望你们派人去看一下。"),
    ("agent", "请问您贵姓？电话多少？"),
    ("citizen", "我姓林，电话是13900001234。"),
    ("agent", "13900001234对吗？"),
    ("citizen", "不对，最后四位是1235。"),
    ("citizen", "不要告诉他们是我说的。"),
)


@cache
def extractor(name: str) -> Extractor:
    return Extractor(PROFILE if name == "small" else load_profile(name).nlu)


def read(reading: CallReading, transcript: Transcript) -> Extraction:
    return reading.extract(transcript, call_time=CALL_TIME)


def upto(count: int) -> Transcript:
    whole = call(*TURNS)
    return replace(whole, utterances=whole.utterances[:count])


@pytest.mark.parametrize("name", ["small", "haikou"])
@pytest.mark.parametrize("seed", range(6))
def test_at_the_end_it_is_as_if_read_for_the_first_time(name: str, seed: int) -> None:
    """Whatever the updates were: utterances by one or several, out of order, said anew."""
    chance = random.Random(seed)
    reading = extractor(name).follow()
    whole = call(*TURNS)
    for count in sorted(chance.choices(range(len(TURNS) + 1), k=chance.randint(1, 12))):
        heard = [u for u in whole.utterances[:count] if chance.random() < 0.8]
        if heard and chance.random() < 0.4:
            heard[-1] = replace(heard[-1], text=heard[-1].text[: chance.randint(0, 9)])
        read(reading, replace(whole, utterances=tuple(heard)))
    concluded = reading.conclude(whole, call_time=CALL_TIME)
    assert concluded == extractor(name).extract(whole, call_time=CALL_TIME)


@pytest.mark.parametrize("seed", range(8))
def test_the_same_words_cut_differently_name_the_same_places(seed: int) -> None:
    chance = random.Random(seed)
    said = "龙华区滨涯路的夜市，海甸五西路也有，在天鹅湾小区门口，金牛岭社区居委会对面"
    clauses = said.split("，")
    cut = sorted(chance.sample(range(1, len(clauses)), chance.randint(0, 3)))
    parts = ["，".join(clauses[a:b]) for a, b in zip([0, *cut], [*cut, None], strict=True)]
    whole, split = call(("citizen", said)), call(*(("citizen", part) for part in parts))
    places = [extractor("small").extract(t, call_time=CALL_TIME) for t in (whole, split)]
    assert places[0].location.value == places[1].location.value
    assert places[0].agency.value == places[1].agency.value


class Counting:
    """A model that counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, text: str) -> Beliefs:
        self.asked.append(text)
        return {"agency": {text: 1.0}}


def findings(*, thrifty: bool) -> tuple[CallFindings, Counting]:
    model = Counting()
    return CallFindings(extractor("small")._gazetteer, model, thrifty=thrifty), model


def test_the_model_reads_at_most_one_text_per_update() -> None:
    kept, model = findings(thrifty=True)
    for number, (matter, said) in enumerate([("a", "xa"), ("ab", "xab"), ("ab", "xab")], start=1):
        kept.beliefs(matter, said)
        assert len(model.asked) == number
    assert model.asked == ["a", "ab", "xab"]
    kept.beliefs("ab", "xab")
    assert len(model.asked) == 3


def test_until_its_turn_comes_the_matter_stands_for_all_that_was_said() -> None:
    kept, _ = findings(thrifty=True)
    matter, said = kept.beliefs("a", "xa")
    assert matter == said == {"agency": {"a": 1.0}}


def test_at_the_end_all_debts_are_paid() -> None:
    kept, model = findings(thrifty=False)
    assert kept.beliefs("a", "xa") == ({"agency": {"a": 1.0}}, {"agency": {"xa": 1.0}})
    assert model.asked == ["a", "xa"]


def test_an_utterance_is_cut_anew_only_when_its_words_change() -> None:
    kept, _ = findings(thrifty=True)
    first = Utterance("u1", "citizen", 0, 1000, "滨涯路占道经营", 1.0)
    found = kept.demand([first])
    assert kept.demand([first])[0] is found[0]
    again = kept.demand([replace(first, text="滨涯路占道经营，没人管")])
    assert again[0].char_end > found[0].char_end


def extraction(agency: Field[str]) -> Extraction:
    return replace(extractor("small").extract(upto(2), call_time=CALL_TIME), agency=agency)


def test_a_value_stays_until_another_is_clearly_better() -> None:
    before = extraction(Field("甲", 0.5, alternatives=(("乙", 0.45),)))
    hardly = extraction(Field("乙", 0.5, alternatives=(("甲", 0.45), ("丙", 0.01))))
    clearly = extraction(Field("乙", 0.7, alternatives=(("甲", 0.2),)))
    kept = steadied(before, hardly).agency
    assert kept.value == "甲"
    assert kept.alternatives == (("乙", 0.5), ("丙", 0.01))
    assert steadied(before, clearly).agency.value == "乙"
    assert steadied(None, hardly).agency.value == "乙"


def test_an_abstention_is_never_hidden() -> None:
    before = extraction(Field("甲", 0.5))
    assert steadied(before, extraction(Field.empty("把握不足"))).agency.value is None


def test_a_change_says_the_words_that_caused_it() -> None:
    reading = extractor("small").follow()
    seen: list[dict[str, str]] = []
    before: Extraction | None = None
    for count in range(1, len(TURNS) + 1):
        after = read(reading, upto(count))
        seen.append(dict(changes(before, after, upto(count))))
        before = after
    assert "龙华区滨涯路" in seen[1]["location"]
    assert "林" in seen[7]["caller.surname"]
    assert "1235" in seen[9]["caller.phone"]
    assert seen[2] == {}


def test_a_value_that_goes_says_why() -> None:
    before = extraction(Field("甲", 0.5))
    after = extraction(Field.empty("把握不足，请人工确认"))
    assert dict(changes(before, after, upto(2)))["agency"] == "把握不足，请人工确认"


def test_a_long_utterance_is_quoted_in_part() -> None:
    said = "小区停电" * 20
    after = extractor("small").extract(call(("citizen", said)), call_time=CALL_TIME)
    reasons = dict(changes(None, after, call(("citizen", said))))
    assert all(len(reason) < 60 for reason in reasons.values())
    assert "agency" in reasons
