"""Simplified characters and full-width punctuation, whatever the model wrote."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from opencc import OpenCC

_HALF_WIDTH = str.maketrans({",": "，", "?": "？", "!": "！", ";": "；", "､": "、", "｡": "。"})
_HAN = r"\u3400-\u9fff\uf900-\ufaff"
_PUNCTUATION = "，。？！；、"
_SPACES = re.compile(rf"(?<=[{_HAN}{_PUNCTUATION}])\s+|\s+(?=[{_HAN}{_PUNCTUATION}])")
_FULL_STOP = re.compile(rf"(?<=[{_HAN}])[.．](?!\d)|(?<=\d)[.．](?=\s|$|[{_HAN}])")
_DOUBLED = re.compile(rf"([{_PUNCTUATION}])[{_PUNCTUATION}]+")
_LEADING = re.compile(rf"^[{_PUNCTUATION}\s]+")
_NOISE = re.compile(r"[\ufffd♪♫♬*#_~`|<>\[\]{}【】]+")
_ASIDE = re.compile(r"[（(][^（()）]*[)）]")


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


def tidy(text: str) -> str:
    """Return the text in simplified characters with Chinese punctuation and no stray signs.

    Stage directions that a model learnt from subtitles, such as (音乐), are dropped.
    """
    text = _ASIDE.sub("", unicodedata.normalize("NFC", text))
    text = _NOISE.sub("", _full_width_to_ascii(text))
    text = str(_simplifier().convert(text))
    text = _FULL_STOP.sub("。", text.translate(_HALF_WIDTH))
    text = _SPACES.sub("", text.strip())
    return _LEADING.sub("", _DOUBLED.sub(r"\1", text))


def _full_width_to_ascii(text: str) -> str:
    """Return full-width letters and digits as ASCII; punctuation is left alone."""
    return "".join(
        chr(ord(c) - 0xFEE0) if "０" <= c <= "９" or "Ａ" <= c <= "Ｚ" or "ａ" <= c <= "ｚ" else c
        for c in text
    )
