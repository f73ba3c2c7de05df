"""Who speaks in a mono recording: by words, by voices, and by both where one is in doubt."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asr.diarisation import Turn, diarise
from asr.roles import assign_mono, default_cues
from asr.types import Utterance
from asr.voiceprint import Voiceprint


def voice(towards: int, seed: int, noise: float = 0.05) -> Voiceprint:
    """Return a voiceprint near one of two speakers."""
    print_ = np.random.default_rng(seed).normal(0, noise, 16)
    print_[towards] += 1.0
    return (print_ / np.linalg.norm(print_)).astype(np.float32)


def turns(speakers: str, words: dict[int, float], *, voiced: bool = True) -> list[Turn]:
    """Return turns of the speakers named by `a` and `c`; words speak at the given places."""
    return [
        Turn(words.get(i, 0.0), 0.6, 2_000, voice("ac".index(who), i) if voiced else None)
        for i, who in enumerate(speakers)
    ]


def roles(found: tuple[str, ...]) -> str:
    return "".join(channel[0] for channel in found)


def test_voices_follow_where_words_are_silent() -> None:
    spoken = "acaaccacca"
    # Only the first and the last turn say who they are.
    assert roles(diarise(turns(spoken, {0: 4.0, 9: 4.0})).channels) == spoken


def test_words_say_which_voice_is_the_agent() -> None:
    spoken = "caccaac"
    assert roles(diarise(turns(spoken, {1: 5.0, 4: 3.0})).channels) == spoken
    assert diarise(turns(spoken, {1: 5.0})).voice_distance == pytest.approx(1.0, abs=0.1)


def test_one_misleading_sentence_does_not_change_its_speaker() -> None:
    spoken = "acacac"
    found = diarise(turns(spoken, {0: 4.0, 3: 3.0, 4: 3.0, 5: -3.0}))
    assert roles(found.channels) == spoken


def test_alike_voices_leave_it_to_the_words() -> None:
    same = [Turn(w, 0.6, 2_000, voice(0, 1)) for w in (4.0, -4.0, 4.0, -4.0, -4.0)]
    found = diarise(same)
    assert roles(found.channels) == "acacc"
    assert found.voice_distance == pytest.approx(0.0, abs=1e-3)


def test_without_voices_words_and_alternation_decide() -> None:
    found = diarise(turns("acac", {0: 2.0, 2: 2.0}, voiced=False))
    assert roles(found.channels) == "acac"
    assert found.voice_distance is None
    assert diarise([]).channels == ()


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-9, 9), st.booleans(), st.integers(0, 9_000)), max_size=12))
def test_any_row_of_turns_gets_a_speaker_each(row: list[tuple[float, bool, int]]) -> None:
    given_turns = [
        Turn(words, 0.6, duration, voice(i % 2, i) if voiced else None)
        for i, (words, voiced, duration) in enumerate(row)
    ]
    assert len(diarise(given_turns).channels) == len(row)


def test_roles_say_how_they_were_found() -> None:
    said = ["您好，请问有什么可以帮您", "我们小区停水了", "请问您贵姓", "都停了两天了", "好的"]
    utterances = [
        Utterance(f"u{i}", "agent", i * 3_000, i * 3_000 + 2_000, text, 0.9)
        for i, text in enumerate(said)
    ]
    prints = [voice(i % 2, i) for i in range(5)]
    assigned, how = assign_mono(utterances, default_cues(), prints)
    assert [u.channel[0] for u in assigned] == list("acaca")
    assert "sound" in how.reason
    assert how.confidence > 0.9
    _, by_words = assign_mono(utterances, default_cues())
    assert "words alone" in by_words.reason
    assert by_words.confidence < 0.7
    _, alike = assign_mono(utterances, default_cues(), [voice(0, 1)] * 5)
    assert "alike" in alike.reason
