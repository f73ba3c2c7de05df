"""From the cues in an answer to its value: what outweighs what.

Each reading returns the value with its confidence and the hits that decided it, or None
when the words say nothing about the topic.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ticket_draft.scoring.answers import CueHit

_LATER = re.compile(
    r"后来|后面|最后|现在|今天|昨天|刚才|刚刚|前几?天|终于|总算|才|哦|噢|对了|想起来|"
    r"这两天|目前|这次|这回|如今"
)
_CLAIMED = re.compile(r"说是|其实|实际|他们说|应该说|本来")
_EARLIER = re.compile(r"之前|原来|以前|原先|一开始|开始|起初|刚开始|头")
_SERVICE = re.compile(
    r"态度|服务|你们(?:热线|这边|12345|接线|话务)?|热线|接线|话务|工作人员|办事的?人|"
    r"小姑娘|小伙子|同志|人家|师傅|客服|速度"
)
_SURE_EXCESS = re.compile(r"太|真是|真|可(?!以)|那是|实在是?|简直|好(?=满意)|得很")
_MIXED_CONFIDENCE = 0.65
_INDIFFERENT = ("indifferent", "thanks")


@dataclass(frozen=True, slots=True)
class Reading:
    """A value, how sure, what decided it, and what the words could otherwise mean."""

    value: str
    confidence: float
    hits: tuple[CueHit, ...]
    alternatives: tuple[tuple[str, float], ...] = ()
    notes: tuple[str, ...] = ()


Reader = Callable[[Sequence[CueHit], str], Reading | None]
"""From the hits in an answer, and the answer's text, to its reading."""


def read_contacted(hits: Sequence[CueHit], text: str) -> Reading | None:
    """A call nobody received is no contact, even if somebody came; later news corrects."""
    hits = _heard_clearly(hits)
    if not hits:
        return None
    foreign = [h for h in hits if h.mark == "not_mine"]
    if foreign:
        return Reading("unknown", 0.9, tuple(foreign))
    yes = [h for h in hits if h.value == "yes"]
    no = [h for h in hits if h.value == "no"]
    if not yes and not no:
        return Reading("unknown", 0.8, tuple(hits))
    if not (yes and no):
        return _plain(yes or no)
    if yes[0].position < no[0].position:
        if _CLAIMED.search(text) and no[0].strength == "explicit":
            return _mixed(no, "yes")
        return _mixed(yes, "no")
    corrected = [h for h in yes if h.position > no[-1].position and h.strength == "explicit"]
    if corrected and _LATER.search(_before(text, corrected[0])):
        return _mixed(corrected, "no")
    return _mixed(no, "yes")


def read_resolved(hits: Sequence[CueHit], text: str) -> Reading | None:
    """What came back is not resolved; something done and something left is partly."""
    hits = _heard_clearly(hits)
    if not hits:
        return None
    foreign = [h for h in hits if h.mark == "not_mine"]
    if foreign:
        return Reading("unknown", 0.9, tuple(foreign))
    again = [h for h in hits if h.mark == "again"]
    if again:
        return _plain(again)
    partly = [h for h in hits if h.value == "partly"]
    if partly and all(h.mark == "nearly" for h in partly):
        # 「差不多都弄好了，没问题了」 is done; 「差不多了」 alone is not quite.
        surely = [h for h in hits if h.value == "yes" and h.strength == "explicit"]
        if surely and not any(h.value == "no" for h in hits):
            return _mixed(surely, "partly")
    if partly:
        return _plain(partly, alternative="no" if any(h.value == "no" for h in hits) else "yes")
    yes = [h for h in hits if h.value == "yes"]
    no = [h for h in hits if h.value == "no"]
    if yes and no:
        return _done_and_not_done(yes, no, text)
    if yes or no:
        return _plain(yes or no)
    return Reading("unknown", 0.8, tuple(hits))


def read_satisfaction(hits: Sequence[CueHit], text: str) -> Reading | None:
    """Words of dissatisfaction outweigh the rest, unless they are about something else."""
    foreign = [h for h in hits if h.mark == "not_mine"]
    if foreign:
        return Reading("unknown", 0.9, tuple(foreign))
    refused = [h for h in hits if h.value == "refused"]
    hits = _heard_clearly(hits)
    if refused and all(h.mark in _INDIFFERENT or h.strength == "faint" for h in hits):
        return _plain(refused)
    hits = [h for h in hits if h.value != "unknown"]
    explicit_no = [h for h in hits if h.value == "dissatisfied" and h.strength == "explicit"]
    explicit_yes = [h for h in hits if h.value == "satisfied" and h.strength == "explicit"]
    neutral = [h for h in hits if h.value == "neutral"]
    complaints = [h for h in hits if h.value == "dissatisfied" and h.strength in ("soft", "faint")]
    praise = [h for h in hits if h.value == "satisfied" and h.strength in ("soft", "faint")]
    if neutral and explicit_no and all(h.mark == "hardly" for h in explicit_no):
        return _plain(neutral, alternative="dissatisfied")
    if explicit_no:
        return _dissatisfied_or_not(explicit_no, explicit_yes, text)
    if explicit_yes:
        return _satisfied_or_not(explicit_yes, complaints, text)
    if neutral:
        return _plain(neutral, alternative="dissatisfied" if complaints else "satisfied")
    real_praise = [h for h in praise if h.mark != "thanks"]
    if complaints and real_praise:
        return Reading("neutral", 0.5, (*real_praise, *complaints), (("dissatisfied", 0.4),))
    if complaints:
        return _plain(complaints)
    bare = [h for h in hits if h.strength == "bare"]
    return _plain(real_praise or bare or praise) if hits else None


def _heard_clearly(hits: Sequence[CueHit]) -> list[CueHit]:
    """Leave out refusals, and faint cues where there are others."""
    answering = [h for h in hits if h.value != "refused"]
    clear = [h for h in answering if h.strength != "faint"]
    refused = len(answering) < len(hits)
    return clear if clear or refused else answering


def _done_and_not_done(yes: list[CueHit], no: list[CueHit], text: str) -> Reading:
    last_yes, last_no = yes[-1], no[-1]
    if last_yes.position > last_no.position:
        said_before = _EARLIER.search(text[: last_no.position])
        if said_before or _LATER.search(_before(text, last_yes)):
            return _mixed(yes, "partly")
        return _mixed(no, "partly") if last_yes.mark == "weak" else _mixed(yes, "partly")
    strong = [h for h in yes if h.mark != "weak" and h.strength == "explicit"]
    if not strong:
        return _mixed(no, "partly")
    return Reading("partly", _MIXED_CONFIDENCE, (*strong, *no), (("no", 0.25), ("yes", 0.1)))


def _dissatisfied_or_not(against: list[CueHit], satisfied: list[CueHit], text: str) -> Reading:
    if not satisfied:
        return _plain(against)
    last = satisfied[-1]
    if _about_policy(against, text) and last.position != against[-1].position:
        return Reading("satisfied", 0.7, tuple(satisfied), (("dissatisfied", 0.3),), ("policy",))
    if last.position > against[-1].position and _LATER.search(_before(text, last)):
        return _mixed(satisfied, "dissatisfied")
    return _mixed(against, "satisfied")


def _satisfied_or_not(satisfied: list[CueHit], complaints: list[CueHit], text: str) -> Reading:
    if not complaints:
        return _plain(satisfied)
    excess = any(_SURE_EXCESS.search(h.text) for h in satisfied)
    if excess and not _SERVICE.search(text):
        hits = (*satisfied, *complaints)
        return Reading("dissatisfied", 0.6, hits, (("satisfied", 0.3),), ("sarcasm",))
    notes = ("policy",) if any(h.mark == "policy" for h in complaints) else ("service_only",)
    return Reading("satisfied", 0.7, tuple(satisfied), (("neutral", 0.2),), notes)


def _about_policy(hits: list[CueHit], text: str) -> bool:
    return all(
        re.search(r"政策|规定|制度|标准|法律|价格", text[max(h.position - 10, 0) : h.position + 12])
        for h in hits
    )


def _before(text: str, hit: CueHit) -> str:
    return text[max(hit.position - 8, 0) : hit.position + len(hit.text)]


def _plain(hits: Sequence[CueHit], alternative: str | None = None) -> Reading:
    value = hits[-1].value
    confidence = max(h.confidence for h in hits)
    notes = tuple(dict.fromkeys(h.mark for h in hits if h.mark in ("sarcasm", "conditional")))
    others = ((alternative, round(1 - confidence, 3)),) if alternative else ()
    return Reading(value, confidence, tuple(h for h in hits if h.value == value), others, notes)


def _mixed(hits: Sequence[CueHit], alternative: str) -> Reading:
    return Reading(
        hits[-1].value, _MIXED_CONFIDENCE, tuple(hits), ((alternative, 1 - _MIXED_CONFIDENCE),)
    )
