"""Texts to speak: written and spoken forms, phrases, speakers, and the telephone."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.voices import telephone
from models.voices.hotline_texts import (
    MAX_CHARACTERS,
    caller_sentences,
    draw_phone,
    fill_phrase,
    load_phrases,
    mix_sentences,
    speakable_pieces,
)
from models.voices.speakers import CLEAR_MELODIES, draw_speaker, training_voices
from models.voices.spoken import to_spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("电话是13800123456，对吗？", "电话是幺三八零零幺二三四五六，对吗？"),
        ("拨打12345热线", "拨打幺二三四五热线"),
        ("12月25日8:07", "十二月二十五日八点零七分"),
        ("府城街道284-1号", "府城街道两百八十四杠一号"),
        ("最后四位是0452。", "最后四位是零四五二。"),
        ("住在1203室", "住在幺二零三室"),
        ("上涨25%", "上涨百分之二十五"),
    ],
)
def test_numbers_are_said_as_people_say_them(written: str, spoken: str) -> None:
    assert to_spoken(written) == spoken


def test_a_ticket_note_becomes_what_the_caller_said() -> None:
    note = "市民来电反映: 其家门口（某小区）的路灯坏了三天，请城管局核实处理！（请职能局联系市民）"
    rng = np.random.default_rng(1)
    said = "".join(caller_sentences(note, rng))
    assert "我家门口的路灯坏了三天" in said
    assert not re.search(r"市民|反映|城管局|职能局|（|其", said.replace("我要反映一个问题", ""))


@given(st.text(alphabet="路灯坏了，。！；13 A*（）\n", max_size=200))
def test_pieces_can_be_spoken(text: str) -> None:
    for piece in speakable_pieces(text):
        assert len(piece) <= MAX_CHARACTERS
        assert not re.search(r"[A-Za-z*（）\s]|[，。！]{2}", piece)


def test_every_phrase_fills_completely() -> None:
    phrases, rng = load_phrases(), np.random.default_rng(0)
    for pattern in (*phrases.agent, *phrases.citizen) * 20:
        sentence = fill_phrase(pattern, phrases.surnames, rng)
        assert sentence
        assert not re.search(r"[{}()|]|，，|，。|^，", sentence)


def test_phones_are_mobile_numbers() -> None:
    rng = np.random.default_rng(0)
    assert all(re.fullmatch(r"1[3-9]\d{9}", draw_phone(rng)) for _ in range(200))


def test_the_mixture_is_the_same_for_a_seed_and_holds_every_kind() -> None:
    sources = ["市民来电反映：路灯坏了很久没有人来修。"], ["府城街道"], ["球队赢得了昨天的比赛。"]
    first = list(itertools.islice(mix_sentences(*sources, seed=4), 300))
    assert first == list(itertools.islice(mix_sentences(*sources, seed=4), 300))
    for expected in ("路灯坏了", "府城街道", "球队赢得", "1\\d{10}", "12345"):
        assert any(re.search(expected, sentence) for sentence in first), expected


def test_no_measured_voice_is_ever_trained_on() -> None:
    names = [*CLEAR_MELODIES, "af_bella", "am_adam", "zf_xiaobei", "zm_yunxi", "af_nicole"]
    # A measured voice would show: its style is huge, all others lie between 0 and 1.
    rng = np.random.default_rng(0)
    styles = {
        n: np.full((510, 256), 1e6 if n.startswith("z") else rng.random(), np.float32)
        for n in names
    }
    assert not any(n.startswith("z") for n in training_voices(styles))
    drawn = [draw_speaker(styles, rng) for _ in range(100)]
    assert max(float(s.style.max()) for s in drawn) <= 1.0
    assert len({s.style.tobytes() for s in drawn}) == 100


def test_the_telephone_keeps_its_band_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    white = telephone.coloured_noise(16000 * 4, 0.0, rng)
    power = np.abs(np.fft.rfft(telephone.telephone_band(white, 16000))) ** 2
    hz = np.fft.rfftfreq(16000 * 4, 1 / 16000)
    inside = power[(hz > 500) & (hz < 3000)].mean()
    assert power[hz < 100].mean() < inside / 1000
    assert power[hz > 6000].mean() < inside / 1000


def test_a_law_errs_by_little_and_only_takes_256_values() -> None:
    ramp = np.linspace(-1, 1, 20001).astype(np.float32)
    back = telephone.a_law_round_trip(ramp)
    assert np.unique(back).size <= 257
    loud = np.abs(ramp) > 0.02
    assert np.max(np.abs(back - ramp)[loud] / np.abs(ramp)[loud]) < 0.07


@given(snr_db=st.floats(0, 40))
def test_noise_lies_at_the_asked_level(snr_db: float) -> None:
    speech = np.sin(np.arange(8000) / 5).astype(np.float32) * 0.1
    noise = telephone.coloured_noise(8000, 1.0, np.random.default_rng(0))
    added = telephone.add_noise(speech, noise, snr_db) - speech
    measured = 10 * np.log10(np.mean(speech**2) / np.mean(added**2))
    assert abs(measured - snr_db) < 0.5


def test_level_never_clips() -> None:
    click = np.zeros(1000, np.float32)
    click[3] = 0.5
    assert float(np.abs(telephone.to_level(click, -5)).max()) <= 1.0


def test_phrases_come_in_many_wordings() -> None:
    phrases = load_phrases()
    assert len(phrases.agent) > 20
    assert len(phrases.citizen) > 20
