"""What a citizen answered to which question of the callback, and the cues found in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from asr.types import Utterance
from nlu.types import Evidence
from ticket_draft.phonetic import find_sound
from ticket_draft.scoring.cues.cue import CONFIDENCE, Cue, Strength
from ticket_draft.scoring.dialogue import Dialogue, turn_of
from ticket_draft.scoring.heard import nearly, standard
from ticket_draft.scoring.script import CallbackScript, Topic

_PHRASE_SIMILARITY = 0.8
_CONNECTIVE = re.compile(
    r"(?<=[^，。！？,.!?\s])(?=但是?|不过|可是|只是|就是(?!说)|然而|结果(?!满|不|还|我|"
    r"挺|很|就|也|嘛|吧)|后来)"
)
_TAKEN = "\x00"


@dataclass(frozen=True, slots=True)
class Answer:
    """The citizen's words between one question and the next; `topics` are what was asked."""

    topics: tuple[Topic, ...]
    utterances: tuple[Utterance, ...]


@dataclass(frozen=True, slots=True)
class CueHit:
    """A cue found in an answer, in order of `position`; `evidence` says where."""

    value: str
    strength: Strength
    mark: str
    position: int
    text: str
    evidence: tuple[Evidence, ...]

    @property
    def confidence(self) -> float:
        """How surely these words mean the value."""
        return CONFIDENCE[self.strength]


def answers_of(dialogue: Dialogue, script: CallbackScript) -> tuple[Answer, ...]:
    """Cut a call into answers: what the citizen says after a question, up to the next.

    An agent's turn without a question (好的，我记一下) does not end an answer. What is said
    before the first question is an answer to none.
    """
    answers: list[Answer] = []
    current = Answer((), ())
    for turn in dialogue.turns:
        if turn.channel == "citizen":
            current = replace(current, utterances=(*current.utterances, *turn.utterances))
            continue
        topics = _topics_asked(turn.text, script)
        if topics:
            answers.append(current)
            current = Answer(topics, ())
    answers.append(current)
    return tuple(a for a in answers if a.topics or a.utterances)


def find_cues(
    utterances: Sequence[Utterance], cues: Iterable[Cue], near: Sequence[str] = ()
) -> tuple[CueHit, ...]:
    """Return the cues in some utterances; words that an earlier cue took are gone for later.

    `near` are words that may stand where something only roughly sounds like them.
    """
    if not utterances:
        return ()
    turn = turn_of(utterances)
    heard = _with_breaks(nearly(standard(turn.text), near))
    left = heard.text
    hits: list[CueHit] = []
    for cue in cues:
        for match in cue.pattern.finditer(left):
            start, end = match.span()
            if not heard.text[start:end].strip() or _TAKEN in match[0]:
                continue
            left = left[:start] + _TAKEN * (end - start) + left[end:]
            if cue.value is not None:
                span = heard.origin(start, end)
                evidence = turn.evidence(*span)
                words = turn.text[span[0] : span[1]]
                hits.append(CueHit(cue.value, cue.strength, cue.mark, start, words, evidence))
    return tuple(sorted(hits, key=lambda hit: hit.position))


@dataclass(frozen=True, slots=True)
class _Broken:
    """Text with commas put before contrasting words, and how to get back from it."""

    text: str
    breaks: tuple[int, ...]

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return the span before the commas were put in."""
        before = sum(position < start for position in self.breaks)
        within = sum(position < end for position in self.breaks)
        return start - before, end - within


def _with_breaks(text: str) -> _Broken:
    pieces = _CONNECTIVE.split(text)
    breaks: list[int] = []
    length = 0
    for piece in pieces[:-1]:
        length += len(piece)
        breaks.append(length)
        length += 1
    return _Broken("，".join(pieces), tuple(breaks))


def _topics_asked(text: str, script: CallbackScript) -> tuple[Topic, ...]:
    heard = standard(text)
    asked = [
        question.topic
        for question in script.questions
        if any(re.search(pattern, heard) for pattern in question.patterns)
        or any(find_sound(text, phrase, _PHRASE_SIMILARITY) for phrase in question.phrases)
    ]
    return tuple(dict.fromkeys(asked))
