"""Calls and profiles of our own making for the tests of this room."""

from __future__ import annotations

from collections.abc import Iterable

from asr.types import Alternative, Transcript, Utterance
from nlu.passage import Passage
from nlu.profile import (
    Agencies,
    Agency,
    Directory,
    District,
    Duty,
    Hotwords,
    NluProfile,
    Places,
    Street,
    Taxonomy,
)
from nlu.types import Evidence


def call(*turns: tuple[str, ...]) -> Transcript:
    """Return a call of turns `(channel, text, other readings of its sound …)`."""
    return Transcript(
        tuple(
            Utterance(
                f"u{number}",
                "agent" if turn[0] == "agent" else "citizen",
                number * 1000,
                number * 1000 + 900,
                turn[1],
                0.9,
                alternatives=tuple(Alternative(text, 0.5) for text in turn[2:]),
            )
            for number, turn in enumerate(turns)
        ),
        len(turns) * 1000,
    )


def passage(text: str) -> Passage:
    """Return a text as one utterance of the citizen."""
    return Passage.of_utterances([Utterance("u0", "citizen", 0, 1000, text, 1.0)])


def quotes(transcript: Transcript, evidence: Iterable[Evidence]) -> list[str]:
    """Return the words that evidence points at."""
    return [transcript.utterance(e.utterance_id).text[e.char_start : e.char_end] for e in evidence]


PLACES = Places(
    province="海南省",
    city="海口市",
    city_code="4601",
    districts=(
        District(
            "龙华区",
            "460106",
            (
                Street(
                    "海垦街道办事处",
                    "460106005",
                    ("海垦街道",),
                    ("460106005001 金牛岭社区居委会",),
                ),
                Street("城西镇", "460106100"),
            ),
        ),
        District(
            "美兰区",
            "460108",
            (Street("演丰镇", "460108102", (), ("460108102201 瑶城村委会",)),),
        ),
    ),
    landmarks=(
        "滨涯路 road 龙华区 海垦街道办事处",
        "椰海大道 road - -",
        "海甸五西路 road 美兰区",
        "天鹅湾小区 estate 美兰区",
    ),
)

PROFILE = NluProfile(
    name="small",
    taxonomy=Taxonomy(("投诉类", "咨询类"), {"城管": {"市容": ("占道", "噪音")}}),
    agencies=Agencies(
        (
            Agency("市公安局交通警察支队", "city", "交警", "海口市"),
            Agency("龙华区城管局", "district", "城管", "龙华区"),
            Agency("美兰区城管局", "district", "城管", "美兰区"),
            Agency("美兰区演丰镇政府", "town", "镇", "美兰区/演丰镇"),
            Agency("海口供电局", "enterprise", "供电", "海口市"),
        )
    ),
    directory=Directory(
        "2026-01-01",
        (
            Duty(
                "占道经营",
                ("占道经营", "摆摊"),
                "市容由区城管管理",
                function="城管",
                level="district",
            ),
            Duty(
                "违停",
                ("违停", "乱停+车"),
                "停放秩序由交警管理",
                agency="市公安局交通警察支队",
            ),
            Duty("停电", ("停电",), "供电由供电局负责", agency="海口供电局", exclusions=("水",)),
        ),
    ),
    places=PLACES,
    hotwords=Hotwords(("城管",)),
    dispatch_threshold=0.2,
)
