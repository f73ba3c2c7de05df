"""Who speaks in a mono recording: voices and words together, over the whole call.

Words alone know an agent by what agents say; voices alone know two speakers but not who is
who. Here the words give every turn a first guess, the guesses give each role a mean voice,
the voices correct the guesses, and so on until nothing changes (expectation maximisation
with a Viterbi path in each round).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from asr.types import Channel
from asr.voiceprint import Voiceprint

AGENT, CITIZEN = 0, 1
_CHANNELS: tuple[Channel, Channel] = ("agent", "citizen")


@dataclass(frozen=True, slots=True)
class Turn:
    """An utterance before anybody knows whose it is.

    `words` is how much it speaks like an agent (log odds), `change` the probability that
    another speaker takes over from the turn before, `voiceprint` its voice where known.
    """

    words: float
    change: float
    duration_ms: int
    voiceprint: Voiceprint | None = None


@dataclass(frozen=True, slots=True)
class DiarisationSettings:
    """Weights found on the development calls, mixed down to mono."""

    sharpness: float = 60.0
    """Log odds per unit of difference between the similarities to the two mean voices."""
    most_by_voice: float = 4.0
    """Log odds that one turn's voice can give, at most."""
    agent_opens: float = 0.75
    rounds: int = 12
    least_voice_ms: int = 600
    """Shorter turns say too little to shape a mean voice."""


@dataclass(frozen=True, slots=True)
class Diarisation:
    """The speaker of each turn, and how far apart the two voices are (0 the same, 1 unlike)."""

    channels: tuple[Channel, ...]
    voice_distance: float | None


def diarise(turns: Sequence[Turn], settings: DiarisationSettings | None = None) -> Diarisation:
    """Return the likeliest speaker of every turn."""
    chosen = settings or DiarisationSettings()
    if not turns:
        return Diarisation((), None)
    words = np.array([turn.words for turn in turns], float)
    change = np.array([turn.change for turn in turns], float)
    path = _viterbi(words, change, chosen.agent_opens)
    voiced = [i for i, turn in enumerate(turns) if turn.voiceprint is not None]
    if len(voiced) < 2:
        return Diarisation(_named(path), None)
    prints = np.stack([turns[i].voiceprint for i in voiced]).astype(np.float64)  # type: ignore[misc]
    weights = np.array([turns[i].duration_ms >= chosen.least_voice_ms for i in voiced], float)
    weights = weights * np.array([turns[i].duration_ms for i in voiced]) + 1e-3
    best: tuple[float, npt.NDArray[np.intp], float] | None = None
    for start in _starts(path[voiced], prints, weights):
        score, found, distance = _settle(start, words, change, voiced, prints, weights, chosen)
        if best is None or score > best[0]:
            best = (score, found, distance)
    assert best is not None
    return Diarisation(_named(best[1]), best[2])


_Labels = npt.NDArray[np.intp]
_Reals = npt.NDArray[np.float64]


def _starts(by_words: _Labels, prints: _Reals, weights: _Reals) -> list[_Labels]:
    """Return first guesses: by the words, and by the two most unlike voices, either way round."""
    first, second = np.unravel_index((prints @ prints.T).argmin(), (len(prints),) * 2)
    means = prints[[first, second]]
    labels = (prints @ means.T).argmax(axis=1)
    for _ in range(10):
        means = _means(labels, prints, weights, means)
        labels = (prints @ means.T).argmax(axis=1)
    return [by_words, labels, 1 - labels]


def _means(labels: _Labels, prints: _Reals, weights: _Reals, before: _Reals) -> _Reals:
    means = before.copy()
    for role in (AGENT, CITIZEN):
        mine = labels == role
        if mine.any():
            total = (prints[mine] * weights[mine, None]).sum(axis=0)
            means[role] = total / np.linalg.norm(total)
    return means


def _settle(
    start: _Labels,
    words: _Reals,
    change: _Reals,
    voiced: Sequence[int],
    prints: _Reals,
    weights: _Reals,
    settings: DiarisationSettings,
) -> tuple[float, _Labels, float]:
    """Return score, path and distance of voices that a first guess leads to."""
    everyone = prints.T @ weights / np.linalg.norm(prints.T @ weights)
    labels, means = start, np.stack([everyone, everyone])
    path = np.zeros(len(words), np.intp)
    odds = words
    for _ in range(settings.rounds):
        means = _means(labels, prints, weights, means)
        apart = settings.sharpness * (prints @ means[AGENT] - prints @ means[CITIZEN])
        odds = words.copy()
        odds[list(voiced)] += np.clip(apart, -settings.most_by_voice, settings.most_by_voice)
        path = _viterbi(odds, change, settings.agent_opens)
        if (path[list(voiced)] == labels).all():
            break
        labels = path[list(voiced)]
    score = _score(path, odds, change, settings.agent_opens)
    return score, path, float(1.0 - means[AGENT] @ means[CITIZEN])


def _viterbi(odds: _Reals, change: _Reals, agent_opens: float) -> _Labels:
    """Return the best row of roles: half the odds speak for one side, half against the other."""
    best = np.log([agent_opens, 1 - agent_opens]) + np.array([odds[0], -odds[0]]) / 2
    came_from = []
    for own, turn in zip(odds[1:], change[1:], strict=True):
        step = np.log([[1 - turn, turn], [turn, 1 - turn]]) + best[:, None]
        came_from.append(step.argmax(axis=0))
        best = step.max(axis=0) + np.array([own, -own]) / 2
    path = [int(best.argmax())]
    for step in reversed(came_from):
        path.append(int(step[path[-1]]))
    return np.array(path[::-1], np.intp)


def _score(path: _Labels, odds: _Reals, change: _Reals, agent_opens: float) -> float:
    """Return the log score of a row of roles."""
    signs = np.where(path == AGENT, 0.5, -0.5)
    turned = path[1:] != path[:-1]
    turns = np.log(np.where(turned, change[1:], 1 - change[1:])).sum()
    opens = math.log(agent_opens if path[0] == AGENT else 1 - agent_opens)
    return float((signs * odds).sum() + turns + opens)


def _named(path: _Labels) -> tuple[Channel, ...]:
    return tuple(_CHANNELS[int(role)] for role in path)
