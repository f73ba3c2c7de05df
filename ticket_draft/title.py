"""The title of a ticket: 「关于〈地点〉〈事项〉的问题」, as hotline agents write it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nlu.types import Evidence
from ticket_draft.clauses import Clause
from ticket_draft.wording import arabic_digits, without_speaker

_REQUEST = re.compile(
    r"^(?:所以|因此|故|现|特|故来电|来电)*(?:来电人|其|市民)?(?:希望|请求?|要求|恳请|望|麻烦|建议|想要)"
    r".*(?:处理|核实|解决|答复|回复|协调|整改|查处|督促|管一?管|给个说法|管理|改善|帮助|尽快|来人)"
)
_ANNOUNCED = re.compile(
    r"^(?:来电|我)?(?:想|要|来)?(?:问|咨询|投诉|反映|举报|建议|请问|了解|知道|询问)(?:一下|下)?(?:一个|个)?"
    r"(?:问题|情况)?(?=.{3,})"
)
_SPEAKER = re.compile(
    r"^(?:我们?|本人|其|来电人|市民)(?:表示|说|认为|觉得|发现|看到|听说|是|想)?(?:在|于)?(?=.{4,})"
)
_LINK = re.compile(
    r"^(?:但是?|而且|并且|且|以及|不过|可是|同时|另外|还|所以|因此|故|然后|后来|现|现在|目前)(?=.)"
)
_QUESTION = re.compile(
    r"什么|怎么|哪|多少|几|是否|能否|可否|如何|吗|多久|要不要|能不能|可不可以|有没有"
)
_TAIL = re.compile(r"(?:吗|呢|吧|啊|呀|的|了)+$")
_COMPLAINT = re.compile(
    r"坏|损|漏|堵|吵|噪|扰|占|违|乱|脏|臭|停|拖欠|欠|不给|不退|拒|骗|贵|高|危险|隐患|倒|塌|积水|污染"
    r"|没有|缺|不足|不能|不合理|未|无法|打|偷|丢|遗落|赌|纠纷|态度|超时|拥堵|施工|排放|收费|维权|断"
)
_FIRST_CLAUSES = 4


@dataclass(frozen=True, slots=True)
class Wording:
    """Text of the draft and the words it was made of."""

    text: str
    evidence: tuple[Evidence, ...]


def title_of(
    clauses: Sequence[Clause],
    *,
    place: str | None,
    prefix: str,
    max_chars: int,
) -> Wording | None:
    """Make a title from the clauses of a demand; None when they say no matter.

    `place` is put first when the chosen clauses do not name it; `prefix` is the word after
    关于 for the request type (咨询, 建议).
    """
    chosen = _main_clauses(clauses, question=prefix == "咨询", max_chars=max_chars)
    if not chosen:
        return None
    body = "".join(_as_title(clause.text) for clause in chosen)
    if place and not _names(body, place) and len(place) + len(body) <= max_chars:
        body = place + body
    body = body.strip("，。、 ")
    if prefix and not body.startswith(prefix):
        body = prefix + body
    ending = "" if body.endswith("问题") else "的问题"
    return Wording(f"关于{body}{ending}", tuple(c.evidence for c in chosen))


def requests_of(clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    """Return the clauses in which the caller says what should be done."""
    return tuple(c for c in clauses if _REQUEST.search(c.text))


def _main_clauses(clauses: Sequence[Clause], *, question: bool, max_chars: int) -> list[Clause]:
    """Choose neighbouring clauses that state the matter and fit into a title."""
    stated = [c for c in clauses if not _REQUEST.search(c.text)] or list(clauses)
    if question:
        asked = [c for c in stated if _QUESTION.search(c.text)]
        if asked:
            return asked[:1]
    chosen: list[Clause] = []
    length = 0
    for clause in stated[:_FIRST_CLAUSES]:
        text = _as_title(clause.text)
        if chosen and (length + len(text) > max_chars or _states_matter(chosen)):
            break
        chosen.append(clause)
        length += len(text)
    return chosen


def _states_matter(clauses: Sequence[Clause]) -> bool:
    return any(_COMPLAINT.search(c.text) for c in clauses)


def _as_title(text: str) -> str:
    text = without_speaker(text)
    for pattern in (_ANNOUNCED, _LINK, _SPEAKER, _LINK):
        text = pattern.sub("", text)
    return arabic_digits(_TAIL.sub("", text))


def _names(body: str, place: str) -> bool:
    """Tell whether the body holds the place's words in order, perhaps with others between."""
    remaining = iter(body)
    return all(character in remaining for character in place)
