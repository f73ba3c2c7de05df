"""Place names as a recogniser mishears them: how many are found again, how many made up.

One name of each ticket has one or two syllables replaced by characters that sound the same, or
the same but for the confusions of southern accents (zh/z, n/l, -n/-ng …).
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence

from nlu.gazetteer import Gazetteer, Mention
from nlu.sounds import folded
from serving.bench.report import Figure, Goal

_SEED = 5
_LEAST_SYLLABLES = 3
_LEAST_SEEN = 3


def misheard_figures(gazetteer: Gazetteer, texts: Sequence[str]) -> list[Figure]:
    """Return the share of misheard names repaired and of clean texts' names wrongly changed."""
    chance = random.Random(_SEED)
    sounds = _characters_by_sound(texts)
    figures = []
    for syllables in (1, 2):
        hits = []
        for text in texts:
            mention = _a_name(gazetteer, text, chance)
            if mention is None:
                continue
            heard = _misheard(text[mention.start : mention.end], syllables, sounds, chance)
            changed = text[: mention.start] + heard + text[mention.end :]
            hits.append(_found_again(gazetteer, changed, mention))
        name = f"misheard place names repaired, {syllables} syllable{'s' * (syllables > 1)}"
        value = sum(hits) / len(hits) if hits else float("nan")
        figures.append(Figure(name, value, "share", f"{len(hits)} names", Goal(">=", 0.90)))
    return [*figures, _changed_figure(gazetteer, texts)]


def _changed_figure(gazetteer: Gazetteer, texts: Sequence[str]) -> Figure:
    """Count repairs in clean texts: an upper bound, since clerks misspell places too."""
    found = [mention for text in texts for mention in gazetteer.find(text)]
    changed = sum(mention.repaired for mention in found)
    share = changed / len(found) if found else 0.0
    return Figure(
        "place names wrongly changed", share, "share", f"{len(found)} names", Goal("<=", 0.01)
    )


def _characters_by_sound(texts: Sequence[str]) -> dict[str, list[str]]:
    seen = Counter(character for text in texts for character in text)
    sounds: dict[str, list[str]] = defaultdict(list)
    for character, count in sorted(seen.items()):
        if "\u4e00" <= character <= "\u9fff" and count >= _LEAST_SEEN:
            sounds[folded(character)].append(character)
    return sounds


def _a_name(gazetteer: Gazetteer, text: str, chance: random.Random) -> Mention | None:
    names = [
        mention
        for mention in gazetteer.find(text)
        if not mention.repaired
        and mention.end - mention.start >= _LEAST_SYLLABLES
        and mention.places[0].kind != "district"
    ]
    return chance.choice(names) if names else None


def _misheard(
    name: str, syllables: int, sounds: dict[str, list[str]], chance: random.Random
) -> str:
    characters = list(name)
    for place in chance.sample(range(len(name)), min(syllables, len(name))):
        others = [c for c in sounds.get(folded(name[place]), ()) if c != name[place]]
        if others:
            characters[place] = chance.choice(others)
    return "".join(characters)


def _found_again(gazetteer: Gazetteer, text: str, mention: Mention) -> bool:
    return any(
        set(found.places) & set(mention.places)
        for found in gazetteer.find(text)
        if found.start < mention.end and found.end > mention.start
    )
