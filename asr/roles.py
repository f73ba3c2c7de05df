"""Who is the agent: told from the words, and always reported with a reason.

Two legs: the leg that speaks like an agent is the agent's. Mono: each turn's words, the
alternation of question and answer, and the voices where they are known
(`asr.diarisation`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from asr.diarisation import Turn, diarise
from asr.types import Channel, RoleAssignment, Utterance
from asr.voiceprint import Voiceprint

AgentSide = Literal["left", "right", "auto"]

_NOT_WORDS = re.compile(r"[\W_]+")
_EARLY_UTTERANCES = 2
_EARLY_FACTOR = 1.5
_ALTERNATION = 0.6
_ANSWER_FOLLOWS = 0.85
_WORDS_CONFIDENCE, _ALIKE_CONFIDENCE, _VOICES_CONFIDENCE = 0.6, 0.7, 0.95
"""Ceilings for mono: by words alone, with voices that are alike, and with distinct ones."""
_ALIKE = 0.1
"""Distance of two mean voices under which they may be one speaker."""


@dataclass(frozen=True, slots=True)
class RoleCues:
    """Phrases with their weight (log odds) for each side, and how a question ends."""

    agent: tuple[tuple[str, float], ...]
    citizen: tuple[tuple[str, float], ...]
    question_endings: tuple[str, ...] = ()


@cache
def default_cues() -> RoleCues:
    """Return the cues of `role_cues.yaml`, which hold for any hotline."""
    text = Path(__file__).with_name("role_cues.yaml").read_text(encoding="utf-8")
    cues = yaml.safe_load(text)
    return RoleCues(
        agent=tuple(cues["agent"].items()),
        citizen=tuple(cues["citizen"].items()),
        question_endings=tuple(cues["question_endings"]),
    )


def assign_two_legs(
    utterances: Sequence[Utterance], agent_side: AgentSide, cues: RoleCues
) -> tuple[list[Utterance], RoleAssignment]:
    """Return `utterances`, given with left as agent and right as citizen, in their true roles."""
    if agent_side == "auto":
        roles = find_agent_side(utterances, cues)
    else:
        roles = RoleAssignment(
            "two-leg", agent_side, "setting", 1.0, f"the agent's side is set to {agent_side}"
        )
    if roles.agent_side == "left":
        return list(utterances), roles
    return [replace(u, channel=_other(u.channel)) for u in utterances], roles


def find_agent_side(utterances: Sequence[Utterance], cues: RoleCues) -> RoleAssignment:
    """Return which leg speaks like an agent; `utterances` have left as agent, right as citizen."""
    left = [u.text for u in utterances if u.channel == "agent"]
    right = [u.text for u in utterances if u.channel == "citizen"]
    left_score, left_cues = _leg_score(left, cues)
    right_score, right_cues = _leg_score(right, cues)
    lead = left_score - right_score
    if lead == 0.0:
        return RoleAssignment(
            "two-leg",
            "left",
            "default",
            0.5,
            "nothing that was said tells the legs apart; left is taken for the agent",
        )
    side: Literal["left", "right"] = "left" if lead > 0 else "right"
    heard = left_cues if lead > 0 else right_cues
    because = f"it says {'、'.join(heard[:4])}" if heard else "the other leg speaks like a citizen"
    return RoleAssignment(
        "two-leg", side, "speech", _sigmoid(abs(lead)), f"{side} is the agent: {because}"
    )


def assign_mono(
    utterances: Sequence[Utterance],
    cues: RoleCues,
    voiceprints: Sequence[Voiceprint | None] = (),
) -> tuple[list[Utterance], RoleAssignment]:
    """Return the turns of a mono recording with the likeliest row of roles.

    `voiceprints` are those of the utterances; without them the words decide alone.
    """
    known = voiceprints or [None] * len(utterances)
    texts = [_bare(u.text) for u in utterances]
    turns = [
        Turn(_score(text, cues)[0], _change(before, cues), u.end_ms - u.start_ms, voice)
        for text, before, u, voice in zip(texts, ["", *texts], utterances, known, strict=False)
    ]
    found = diarise(turns)
    assigned = [replace(u, channel=c) for u, c in zip(utterances, found.channels, strict=True)]
    return assigned, _mono_roles(found.voice_distance)


def _change(before: str, cues: RoleCues) -> float:
    """Return how likely the other one speaks next: an answer follows a question."""
    asked = bool(cues.question_endings) and before.endswith(cues.question_endings)
    return _ANSWER_FOLLOWS if asked else _ALTERNATION


def _mono_roles(voice_distance: float | None) -> RoleAssignment:
    if voice_distance is None:
        reason = (
            "one channel holds both voices; turns are told apart by their words alone, "
            "so roles are uncertain"
        )
        return RoleAssignment("mono", None, "speech", _WORDS_CONFIDENCE, reason)
    if voice_distance < _ALIKE:
        reason = "one channel holds two voices that are much alike; roles are uncertain"
        return RoleAssignment("mono", None, "speech", _ALIKE_CONFIDENCE, reason)
    reason = "one channel holds two voices, told apart by their sound and by what they say"
    return RoleAssignment("mono", None, "speech", _VOICES_CONFIDENCE, reason)


def _leg_score(texts: Sequence[str], cues: RoleCues) -> tuple[float, list[str]]:
    """Return how much the leg speaks like an agent, and the agent's cues found in it."""
    total, found = 0.0, []
    for index, text in enumerate(texts):
        score, heard = _score(_bare(text), cues)
        total += score * (_EARLY_FACTOR if index < _EARLY_UTTERANCES else 1.0)
        found += [cue for cue in heard if cue not in found]
    weights = dict(cues.agent)
    return total, sorted(found, key=lambda cue: -weights[cue])


def _score(text: str, cues: RoleCues) -> tuple[float, list[str]]:
    """Return agent weight minus citizen weight of a bare text, and the agent's cues in it."""
    heard = [(cue, weight) for cue, weight in cues.agent if cue in text]
    against = sum(weight for cue, weight in cues.citizen if cue in text)
    return sum(weight for _, weight in heard) - against, [cue for cue, _ in heard]


def _bare(text: str) -> str:
    return _NOT_WORDS.sub("", text)


def _other(channel: Channel) -> Channel:
    return "citizen" if channel == "agent" else "agent"


def _sigmoid(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(log_odds, 30.0)))
