"""Who is the agent: told from the words, and always reported with a reason.

Two legs: the leg that speaks like an agent is the agent's. Mono: a first, honest
version that weighs each turn's words and the alternation of question and answer; the
voices themselves are not compared here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

import yaml

from asr.types import Channel, RoleAssignment, Utterance

AgentSide = Literal["left", "right", "auto"]

_NOT_WORDS = re.compile(r"[\W_]+")
_EARLY_UTTERANCES = 2
_EARLY_FACTOR = 1.5
_ALTERNATION = 0.6
_ANSWER_FOLLOWS = 0.85
_AGENT_OPENS = 0.75
_MONO_CONFIDENCE = 0.6
"""Ceiling for mono: words alone do not tell voices apart."""


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
    utterances: Sequence[Utterance], cues: RoleCues
) -> tuple[list[Utterance], RoleAssignment]:
    """Return the turns of a mono recording with the likeliest row of roles (Viterbi)."""
    roles = RoleAssignment(
        "mono",
        None,
        "speech",
        _MONO_CONFIDENCE,
        "one channel holds both voices; turns are told apart by their words alone, "
        "so roles are uncertain",
    )
    if not utterances:
        return [], roles
    texts = [_bare(u.text) for u in utterances]
    channels = _likeliest_roles(texts, cues)
    return [replace(u, channel=c) for u, c in zip(utterances, channels, strict=True)], roles


def _likeliest_roles(texts: Sequence[str], cues: RoleCues) -> list[Channel]:
    """Return one channel a turn: words against alternation, over the whole call."""
    sides: tuple[Channel, Channel] = ("agent", "citizen")
    first = _score(texts[0], cues)[0] / 2
    best: dict[Channel, float] = {
        "agent": math.log(_AGENT_OPENS) + first,
        "citizen": math.log(1 - _AGENT_OPENS) - first,
    }
    came_from: list[dict[Channel, Channel]] = []
    for before, text in pairwise(texts):
        asked = before.endswith(cues.question_endings) if cues.question_endings else False
        turn = _ANSWER_FOLLOWS if asked else _ALTERNATION
        words = _score(text, cues)[0] / 2
        step: dict[Channel, Channel] = {}
        now: dict[Channel, float] = {}
        for side in sides:
            stay, change = best[side] + math.log(1 - turn), best[_other(side)] + math.log(turn)
            step[side] = side if stay > change else _other(side)
            now[side] = max(stay, change) + (words if side == "agent" else -words)
        came_from.append(step)
        best = now
    last: Channel = "agent" if best["agent"] >= best["citizen"] else "citizen"
    path = [last]
    for step in reversed(came_from):
        path.append(step[path[-1]])
    return path[::-1]


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
