"""The caller's statement as clauses, each of which still knows where it was said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asr.types import Transcript, Utterance
from nlu.types import Evidence
from ticket_draft.phonetic import find_sound

_CLAUSE = re.compile(r"[^，。！？；,!?;\n]+[，。！？；,!?;\n]*")
_CLAUSE_END = "，。！？；,!?;\n 、"
_FILLERS = re.compile(
    r"^(?:嗯|呃|额|啊|哦|噢|喂|唉|哎|诶|那个|这个|就是说|就是|然后|那么|那|反正|是这样的?|这样的?"
    r"|你好|您好|同志|麻烦你?|不好意思|我跟你说|我跟您说|我想说|我说一下|你听我说)+[，,]?"
)
_OPENING = re.compile(
    r"^我?(?:这边|现在)?(?:是|就是)?(?:想|要|来|打算)?(?:要|来)?(?:跟|向|给)?(?:你们|您|你)?"
    r"(?:反映|反应|投诉|举报|咨询|问|建议|提|说)(?:一下|下)?(?:一?个|一些|点|个)?"
    r"(?:问题|情况|事情|事儿|事|建议|意见)?$"
)
_SMALL_TALK = re.compile(
    r"^(?:比较着急|很?着急|比较急|对的?|是的?|好的?|没有了?|没了|谢谢(?:你|您)?|麻烦"
    r"(?:你们?|您)?了?"
    r"|嗯+|可以|行|就这样|就这些|请(?:尽快)?(?:帮忙)?处理一下)$"
)
_ANNOUNCEMENTS = (
    "我要投诉一个问题",
    "我要反映一个问题",
    "我要反映一个情况",
    "我要举报一个问题",
    "我想咨询一个问题",
    "我想咨询一下",
    "我想提个建议",
)
_ANNOUNCEMENT_SIMILARITY = 0.75
_ASKS_FORMALITY = re.compile(
    r"贵姓|怎么称呼|姓名|电话|号码|联系方式|对吗|对吧|对不对|是吗|还有(?:其他|什么|别的)|其他需要|需要帮您"
)
_CONTACT = re.compile(
    r"电话|号码|手机|姓|[0-9零一二三四五六七八九幺][^一-鿿]?[0-9零一二三四五六七八九幺]{2}"
)
_MATTER_CHARS = 10


@dataclass(frozen=True, slots=True)
class Clause:
    """`utterance.text[start:end]` without fillers and punctuation; `final` ends a sentence."""

    utterance: Utterance
    start: int
    end: int
    final: bool

    @property
    def text(self) -> str:
        """The words."""
        return self.utterance.text[self.start : self.end]

    @property
    def evidence(self) -> Evidence:
        """Where they were said."""
        return Evidence.of(self.utterance, self.start, self.end)


def demand_clauses(transcript: Transcript, demand: Iterable[Evidence]) -> tuple[Clause, ...]:
    """Cut the caller's statement into clauses and leave out what says nothing of the matter.

    That is fillers, announcements (「我要投诉一个问题」, also misheard), and what answers the
    agent's question about name, number or further matters, unless it is a matter itself.
    """
    clauses: list[Clause] = []
    for piece in demand:
        utterance = transcript.utterance(piece.utterance_id)
        formality = _answers_formality(transcript, utterance)
        for match in _CLAUSE.finditer(utterance.text, piece.char_start, piece.char_end):
            clause = _trimmed(utterance, match)
            if clause is not None and not (formality and _is_formal(clause.text)):
                clauses.append(clause)
    return tuple(clauses)


def joined(clauses: Sequence[Clause]) -> str:
    """Join clauses into running text with Chinese punctuation."""
    parts: list[str] = []
    for clause in clauses:
        parts.append(clause.text)
        parts.append("。" if clause.final else "，")
    if parts:
        parts[-1] = "。"
    return "".join(parts)


def _answers_formality(transcript: Transcript, utterance: Utterance) -> bool:
    if utterance.channel != "citizen":
        return False
    before = [u for u in transcript.of("agent") if u.start_ms < utterance.start_ms]
    asked = max(before, key=lambda u: u.start_ms, default=None)
    return asked is not None and _ASKS_FORMALITY.search(asked.text) is not None


def _is_formal(text: str) -> bool:
    return len(text) < _MATTER_CHARS or _CONTACT.search(text) is not None


def _announced_until(text: str) -> int:
    """Return where an announcement at the start of a clause ends, 0 without one."""
    for phrase in _ANNOUNCEMENTS:
        match = find_sound(text[: len(phrase) + 2], phrase, _ANNOUNCEMENT_SIMILARITY)
        if match is not None and match.start <= 1:
            return match.end
    return 0


def _trimmed(utterance: Utterance, match: re.Match[str]) -> Clause | None:
    body = match[0].rstrip(_CLAUSE_END)
    start = match.start() + len(body) - len(body.lstrip())
    end = match.start() + len(body)
    filler = _FILLERS.match(utterance.text[start:end])
    if filler is not None:
        start += filler.end()
    start += _announced_until(utterance.text[start:end])
    text = utterance.text[start:end]
    if not text.strip() or _OPENING.match(text) or _SMALL_TALK.match(text):
        return None
    final = any(c in "。！？!?\n" for c in match[0][len(body) :])
    return Clause(utterance, start, end, final)
