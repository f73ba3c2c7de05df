"""What the operators of a QA card find in the times of a call: silence, overlap, haste."""

from __future__ import annotations

import re
from collections.abc import Sequence

from asr.types import Utterance
from nlu.types import Evidence
from ticket_draft.phonetic import find_sound
from ticket_draft.scoring.card import InterruptionOperator, SilenceOperator, SpeechRateOperator
from ticket_draft.scoring.dialogue import Dialogue
from ticket_draft.scoring.operators import EXACT_BELOW_SYLLABLES, Hit, IndexedTurns

_SPOKEN = re.compile(r"[0-9A-Za-z一-鿿]")
_MS_PER_MINUTE = 60_000
_PHRASE_SIMILARITY = 0.75


def silence_hits(
    operator: SilenceOperator, turns: IndexedTurns, dialogue: Dialogue
) -> tuple[Hit, ...]:
    """Return the pauses of the whole call; evidence is the speech before and after each.

    The check range picks the turns after which a pause counts.
    """
    after = {u.id: index for index, turn in turns for u in turn.utterances}
    hits: list[Hit] = []
    spoken_until = 0
    last: Utterance | None = None
    for utterance in dialogue.utterances:
        gap_ms = utterance.start_ms - spoken_until
        if last is not None and gap_ms > operator.longer_than_ms and last.id in after:
            around = (_last_words(last), _first_words(utterance))
            hits.append(Hit(after[last.id], around))
        if utterance.end_ms >= spoken_until:
            spoken_until, last = utterance.end_ms, utterance
    return tuple(hits)


def speech_rate_hits(operator: SpeechRateOperator, turns: IndexedTurns) -> tuple[Hit, ...]:
    """Return the turns spoken too fast; pauses between utterances do not dilute the rate."""
    hits: list[Hit] = []
    for index, turn in turns:
        characters = len(_SPOKEN.findall(turn.text))
        speaking_ms = sum(max(u.end_ms - u.start_ms, 0) for u in turn.utterances)
        if characters < operator.min_chars or speaking_ms == 0:
            continue
        if characters * _MS_PER_MINUTE > operator.chars_per_minute * speaking_ms:
            hits.append(Hit(index, turn.whole()))
    return tuple(hits)


def interruption_hits(
    operator: InterruptionOperator, turns: IndexedTurns, dialogue: Dialogue
) -> tuple[Hit, ...]:
    """Return the utterances that start while the other speaker is speaking.

    A voice detector moves ends by some tenths of a second, so slight overlaps do not count.
    """
    hits: list[Hit] = []
    for index, turn in turns:
        for utterance in turn.utterances:
            other = _spoken_over(utterance, dialogue.utterances)
            if other is not None and _cuts_short(operator, utterance, other):
                words = Evidence.of(utterance, 0, len(utterance.text))
                hits.append(Hit(index, (words, _last_words(other))))
    return tuple(hits)


def _spoken_over(utterance: Utterance, utterances: Sequence[Utterance]) -> Utterance | None:
    """Return what the other was saying when this began, or had said last."""
    others = [
        u for u in utterances if u.channel != utterance.channel and u.start_ms < utterance.start_ms
    ]
    return max(others, key=lambda u: u.end_ms, default=None)


def _cuts_short(operator: InterruptionOperator, utterance: Utterance, other: Utterance) -> bool:
    overlap_ms = min(other.end_ms, utterance.end_ms) - utterance.start_ms
    words = "".join(_SPOKEN.findall(utterance.text))
    for back_channel in sorted(operator.back_channels, key=len, reverse=True):
        words = words.replace(back_channel, "")
    if len(words) < operator.min_chars:
        return False
    if overlap_ms >= operator.overlap_ms:
        return True
    return overlap_ms >= operator.overlap_with_phrase_ms and any(
        find_sound(utterance.text, phrase, _phrase_similarity(phrase))
        for phrase in operator.cutting_phrases
    )


def _phrase_similarity(phrase: str) -> float:
    return 1.0 if len(phrase) < EXACT_BELOW_SYLLABLES else _PHRASE_SIMILARITY


def _last_words(utterance: Utterance) -> Evidence:
    return Evidence.of(utterance, max(len(utterance.text) - 10, 0), len(utterance.text))


def _first_words(utterance: Utterance) -> Evidence:
    return Evidence.of(utterance, 0, min(10, len(utterance.text)))
