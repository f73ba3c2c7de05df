"""The caller's telephone number: voted over what was heard, said again and read back.

A number is spoken in groups, misheard in single digits, corrected (「不对，是…」) and read back
by the agent. Every hearing (each utterance, each of its alternative readings) is a vote; the
winner is the valid number nearest to all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from asr.types import Transcript, Utterance
from nlu.digits import DigitRun, digit_runs
from nlu.phone_consensus import MOBILE, closeness, mobile_candidates
from nlu.phone_pieces import Pieces
from nlu.types import Evidence, Field

_VALID = re.compile(r"1[3-9]\d{9}|0(?:10|2\d|[3-9]\d{2})[2-9]\d{6,7}|[2-8]\d{6,7}|[48]00\d{7}")
_ASKED = re.compile(r"电话|号码|联系方式|怎么联系|手机")
_OTHERS = re.compile(
    r"(他|她|它|对方|司机|老板|店家|商家|物业|公司|客服|单位|店|局)[^，。]{0,6}(电话|手机|号码)"
)
_OWN = re.compile(r"我[^，。]{0,6}(电话|手机|号码)|联系(我|电话)|打(这个|我)")
_DENIED = re.compile(r"不对|错了|不是|说错|写错|弄错")
_AGREED = re.compile(r"^[\s，,]*(嗯|对|是的?|没错|正确|可以|好)")
_TAIL = re.compile(r"(后面|最后|尾号|末尾)[^0-9零一二三四五六七八九幺]{0,6}")
_ORDER = re.compile(r"(工单|订单|单号|编号|身份证|卡号|车牌|账号|户号)")

_CALLER_WEIGHT, _AGENT_WEIGHT, _AGREED_FACTOR, _ASIDE = 1.0, 1.4, 2.0, 0.35
_MIN_DIGITS = 7
_RIVALS = 4


@dataclass(frozen=True, slots=True)
class _Vote:
    digits: str
    weight: float
    evidence: tuple[Evidence, ...]
    by_agent: bool
    read_back: bool = False


def find_phone(transcript: Transcript) -> Field[str]:
    """Return the caller's number, its alternatives and where it was said."""
    votes = _collect(transcript)
    if not votes:
        return Field.empty("通话中没有说到联系电话")
    scores = _score(votes)
    if not scores:
        longest = max(votes, key=lambda vote: (vote.weight, len(vote.digits)))
        return Field.empty(f"听到的号码位数不对（{len(longest.digits)}位），请向来电人核对")
    # Of the many numbers one edit away only the nearest rivals speak against the best.
    ranked = sorted(scores.items(), key=lambda item: -item[1])[:_RIVALS]
    best = ranked[0][0]
    total = sum(score for _, score in ranked)
    lead = ranked[0][1] / sum(score for _, score in ranked[:2])
    support = [vote for vote in votes if vote.digits == best] or votes
    exact = sum(vote.weight for vote in support if vote.digits == best)
    confidence = min(0.99, lead * (0.75 + 0.25 * min(1.0, exact / 2.0)))
    return Field(
        value=best,
        confidence=round(confidence, 4),
        evidence=_distinct(e for vote in support for e in vote.evidence),
        alternatives=tuple((number, round(score / total, 4)) for number, score in ranked[1:]),
    )


def _collect(transcript: Transcript) -> list[_Vote]:
    votes: list[_Vote] = []
    asked = False
    pieces = Pieces()
    for utterance in transcript.utterances:
        heard = list(_votes_of(utterance, asked))
        whole = pieces.add(utterance)
        if whole is not None and not any(len(vote.digits) >= len(whole.digits) for vote in heard):
            heard = [_Vote(whole.digits, _CALLER_WEIGHT, whole.evidence, by_agent=False)]
        if utterance.channel == "agent":
            votes += [replace(vote, read_back=bool(votes)) for vote in heard]
            asked = bool(_ASKED.search(utterance.text)) or (asked and not heard)
            continue
        if _DENIED.search(utterance.text):
            votes = _corrected(votes, utterance, heard)
        elif _AGREED.match(utterance.text) and votes and votes[-1].read_back:
            votes = [
                replace(v, weight=v.weight * _AGREED_FACTOR) if v.read_back else v for v in votes
            ]
            votes += heard
        else:
            votes += heard
    return votes


def _corrected(votes: list[_Vote], utterance: Utterance, heard: list[_Vote]) -> list[_Vote]:
    """Apply 「不对，是…」: a whole new number replaces the votes, a few digits mend them."""
    if heard:
        return [replace(vote, weight=vote.weight * 2) for vote in heard]
    after = _DENIED.search(utterance.text)
    start = after.end() if after else 0
    runs = [run for run in digit_runs(utterance.text, 2) if run.char_start >= start]
    kept = [replace(vote, weight=vote.weight * 0.5) for vote in votes]
    if not runs or not votes:
        return [vote for vote in kept if not vote.read_back] or kept
    mended, run = [], runs[-1]
    evidence = (Evidence.of(utterance, run.char_start, run.char_end),)
    at_tail = _TAIL.search(utterance.text) is not None or not run.digits.startswith("1")
    for vote in kept:
        count = len(run.digits)
        digits = vote.digits[:-count] + run.digits if at_tail else run.digits + vote.digits[count:]
        mended.append(_Vote(digits, vote.weight * 4, evidence, by_agent=False))
    return mended + kept


def _votes_of(utterance: Utterance, asked: bool) -> Iterable[_Vote]:
    agent = utterance.channel == "agent"
    weight = _AGENT_WEIGHT if agent else _CALLER_WEIGHT
    if not agent and not asked and not _OWN.search(utterance.text):
        weight *= _ASIDE
    if _OTHERS.search(utterance.text) and not _OWN.search(utterance.text):
        weight *= _ASIDE
    spoken = [run for run in digit_runs(utterance.text) if _usable(utterance.text, run)]
    if not spoken:
        return
    place = max(spoken, key=lambda run: len(run.digits))
    evidence = (Evidence.of(utterance, place.char_start, place.char_end),)
    for run in spoken:
        own = (Evidence.of(utterance, run.char_start, run.char_end),)
        yield _Vote(_trimmed(run.digits), weight, own, agent)
    for alternative in utterance.alternatives:
        if alternative.text == utterance.text:
            continue
        for run in digit_runs(alternative.text):
            if _usable(alternative.text, run):
                share = weight * 0.6 * alternative.confidence
                yield _Vote(_trimmed(run.digits), share, evidence, agent)


def _usable(text: str, run: DigitRun) -> bool:
    before = text[max(0, run.char_start - 8) : run.char_start]
    return len(run.digits) >= _MIN_DIGITS and _ORDER.search(before) is None


def _trimmed(digits: str) -> str:
    """Drop the country code before a mobile number."""
    if len(digits) > 11 and digits.startswith("86"):
        found = MOBILE.fullmatch(digits[2:])
        return found[0] if found else digits
    return digits


def _score(votes: Sequence[_Vote]) -> dict[str, float]:
    """Return each valid candidate's closeness to all hearings, weighted.

    A number that nobody heard whole is only offered where several hearings support it.
    """
    hearings: dict[str, float] = {}
    for vote in votes:
        hearings[vote.digits] = hearings.get(vote.digits, 0.0) + vote.weight
    candidates = {digits for digits in hearings if _VALID.fullmatch(digits)}
    if len(hearings) > 1:
        candidates.update(mobile_candidates(hearings))
    return {candidate: closeness(candidate, hearings) for candidate in candidates}


def _distinct(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(evidence))
