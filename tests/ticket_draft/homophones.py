"""Recognition errors made by rule: characters replaced by others of the same sound."""

from __future__ import annotations

import random
from functools import lru_cache

from pypinyin import Style, lazy_pinyin


@lru_cache(maxsize=1)
def _by_sound() -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for code in range(0xB0A1, 0xD7FA):
        try:
            character = code.to_bytes(2, "big").decode("gb2312")
        except UnicodeDecodeError:
            continue
        table.setdefault(lazy_pinyin(character, style=Style.NORMAL)[0], []).append(character)
    return table


def misheard(text: str, share: float, rng: random.Random) -> str:
    """Replace a share of the Chinese characters by homophones."""
    return "".join(
        rng.choice(_by_sound().get(lazy_pinyin(c, style=Style.NORMAL)[0], [c]))
        if "一" <= c <= "龥" and rng.random() < share
        else c
        for c in text
    )
