"""Sentences for the recogniser to learn: what callers and agents say, and some general news.

Drawn from ticket texts (turned from an agent's note into what the caller said), from phrases with
choices (`hotline_phrases.yaml`) and from general sentences, so that the model keeps its Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import yaml

MAX_CHARACTERS = 42
MIN_CHARACTERS = 5

_CHOICE = re.compile(r"\(([^()]*)\)")
_SLOT = re.compile(r"\{(\w+)\}")
_BRACKETS = re.compile(r"[（(\[【《][^（()）]*[)）\]】》]|[“”\"‘’'《》]")
_NOTE_HEAD = re.compile(
    r"^[^:：，,。]{0,14}(?:反映|咨询|建议|投诉|反馈|补充|表扬|求助|举报)[:：]?\s*"
)
_ORDER_TO_AGENCY = re.compile(
    r"请[^，。！,；]{0,24}(?:局|委|办|中心|单位|部门|公司|政府|支队|大队|交警|城管|街道|集团)[^，。！,；]*"
)
_FOREIGN = re.compile(r"[A-Za-z*_#@/\\<>=…]|\d{12,}|工单|编号|话务|万？|㎡")
_SENTENCE_END = re.compile(r"(?<=[。！？；!?;])")
_CLAUSE_END = re.compile(r"(?<=[，,、。！？；!?;])")
_OPENINGS = (
    "你好，我要反映一个问题，", "你好，我想咨询一下，", "您好，我要投诉，", "喂，你好，",
    "是这样的，", "我想问一下，", "你好，我想提个建议，", "我打电话是想说，", "就是，", "那个，",
    "嗯，",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Phrases:
    """The grammar of `hotline_phrases.yaml`."""

    agent: tuple[str, ...]
    citizen: tuple[str, ...]
    surnames: str


def load_phrases() -> Phrases:
    """Read the phrases shipped with the package."""
    source = files("models.voices").joinpath("hotline_phrases.yaml").read_text(encoding="utf-8")
    data = yaml.safe_load(source)
    return Phrases(tuple(data["agent"]), tuple(data["citizen"]), data["surnames"])


def fill_phrase(pattern: str, surnames: str, rng: np.random.Generator) -> str:
    """One sentence of a phrase pattern: every choice made, every slot filled."""
    text = pattern
    while _CHOICE.search(text):
        text = _CHOICE.sub(lambda m: str(rng.choice(m.group(1).split("|"))), text, count=1)
    slots = {
        "phone": lambda: draw_phone(rng),
        "tail": lambda: "".join(str(d) for d in rng.integers(0, 10, 4)),
        "worker": lambda: str(rng.integers(100, 9999)),
        "surname": lambda: str(rng.choice(list(surnames))),
    }
    text = _SLOT.sub(lambda m: slots[m.group(1)](), text)
    return re.sub(r"，(?=[，。？])|^，", "", text)


def draw_phone(rng: np.random.Generator) -> str:
    """A random mobile number, now and then with repeated digits as real ones have."""
    digits = [1, int(rng.integers(3, 10)), *rng.integers(0, 10, 9).tolist()]
    if rng.random() < 0.35:
        at = int(rng.integers(3, 10))
        digits[at] = digits[at - 1]
    return "".join(str(d) for d in digits)


def caller_sentences(ticket_text: str, rng: np.random.Generator) -> Iterator[str]:
    """What the caller said to make the agent write `ticket_text`, in speakable pieces."""
    text = re.sub(r"\s+", "", ticket_text)
    text = re.split(r"(?:办结|回复|答复)[:：]", text)[0]
    text = _NOTE_HEAD.sub("", _BRACKETS.sub("", text))
    text = _ORDER_TO_AGENCY.sub("请核实处理" if rng.random() < 0.2 else "", text)
    text = re.sub(r"(?<![尤极与])其(?![他它中实余次])", "我", text).replace("市民", "我")
    pieces = list(speakable_pieces(text))
    for at, piece in enumerate(pieces):
        opening = str(rng.choice(_OPENINGS)) if at == 0 and rng.random() < 0.3 else ""
        if len(opening) + len(piece) <= MAX_CHARACTERS:
            yield opening + piece


def speakable_pieces(text: str) -> Iterator[str]:
    """Cut running text at its punctuation into pieces of a breath's length."""
    current = ""
    for clause in _CLAUSE_END.split(_BRACKETS.sub("", re.sub(r"\s+", "", text))):
        if len(current) + len(clause) > MAX_CHARACTERS and current:
            yield from _accepted(current)
            current = ""
        current += clause
    yield from _accepted(current)


def _accepted(piece: str) -> Iterable[str]:
    piece = re.sub(r"[，,、；;：:]+$", "。", piece).replace(",", "，").replace("?", "？")
    piece = re.sub(r"[^\w，。？！、%.:：\-]", "", piece).lstrip("，。？！、")
    piece = re.sub(
        r"[，。？！、]*([。？！])[，。？！、]*$|([，。？！、])[，。？！、]+", r"\1\2", piece
    )
    if MIN_CHARACTERS <= len(piece) <= MAX_CHARACTERS and not _FOREIGN.search(piece):
        yield piece


def mix_sentences(
    tickets: Sequence[str],
    places: Sequence[str],
    general: Sequence[str],
    seed: int,
) -> Iterator[str]:
    """Endless training sentences: half tickets, the rest phrases, places and general text."""
    rng = np.random.default_rng(seed)
    phrases = load_phrases()
    while True:
        kind = rng.choice(["ticket", "agent", "citizen", "place", "general"],
                          p=[0.42, 0.17, 0.15, 0.06, 0.20])  # fmt: skip
        if kind == "agent":
            yield fill_phrase(str(rng.choice(phrases.agent)), phrases.surnames, rng)
        elif kind == "citizen":
            yield fill_phrase(str(rng.choice(phrases.citizen)), phrases.surnames, rng)
        elif kind == "place":
            yield f"{rng.choice(['我在', '地址是', '就在', '位置在', ''])}{rng.choice(places)}。"
        else:
            source = tickets if kind == "ticket" else general
            text = source[int(rng.integers(len(source)))]
            cut = caller_sentences(text, rng) if kind == "ticket" else speakable_pieces(text)
            pieces = list(cut)
            if pieces:
                yield pieces[int(rng.integers(len(pieces)))]
