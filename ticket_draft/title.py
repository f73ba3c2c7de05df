"""The title of a ticket: 「关于〈地点〉〈事项〉的问题」, as hotline agents write it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from asr.text import written_numbers
from nlu.types import Evidence
from ticket_draft.clauses import Clause
from ticket_draft.wording import third_person, without_speaker

_REQUEST = re.compile(
    r"^(?:所以|因此|故|现|特|故来电|来电)*(?:来电人|其|市民|我们?)?(?:希望|请求?|要求|"
    r"恳请|望|麻烦|建议|想要)"
    r".*(?:处理|核实|解决|答复|回复|协调|整改|查处|督促|管一?管|给个说法|管理|改善|帮助|尽快|来人)"
)
_CONCLUSION = re.compile(
    r"^(?:所以|因此|故|现|特|故此|为此)(?:我|其)?(?:来电|来信)?(?P<verb>投诉|建议|举报|咨询)"
    r"(?P<matter>.{5,})"
)
_CONCLUDES = re.compile(r"投诉|建议|举报|咨询")
_ANNOUNCED = re.compile(
    r"^(?:来电|我|其)?(?:想|要|来|再)*(?:问|咨询|投诉|反映|举报|建议|请问|了解|知道|"
    r"询问)(?:一下|下|的是)?"
    r"(?:一个|个)?(?:问题|情况)?(?=.{3,})"
)
_SPEAKER = re.compile(
    r"^(?:我们?|本人|其|来电人|市民)(?:表示|说|认为|觉得|发现|看到|听说|是|想|现)?(?:在|"
    r"于)?(?=.{4,})"
)
_LINK = re.compile(
    r"^(?:但是?|而且?|并且|且|以及|不过|可是|同时|另外|还|所以|因此|故|然后|后来|现在?|"
    r"目前|并|也)(?=.{3,})"
)
_TIME = re.compile(
    r"^(?=.?(?:\d|今|昨|前天|去年|最近|近期|凌晨|早上|上午|中午|下午|傍晚|晚上|夜里))(?:于|在)?"
    r"(?:(?:20)?\d\d[年\-/])?"
    r"(?:\d{1,2}[月\-/](?:\d{1,2}[日号]?)?份?|今天|昨天|前天|昨晚|今早|今年|去年|最近|近期)?"
    r"(?:凌晨|早上|上午|中午|下午|傍晚|晚上|夜里)?"
    r"(?:\d{1,2}(?:[:：]\d{2}|[点时](?:\d{1,2}分?|半|多)?))?(?:分|左右|多|许|的时候)*"
)
_ASIDE = re.compile(r"[（(][^）)]*[）)]")
_QUESTION = re.compile(
    r"什么|怎么|哪|多少|几|是否|能否|可否|如何|吗|多久|要不要|能不能|可不可以|有没有"
)
_IDLE_QUESTION = re.compile(
    r"^(?:请问)?(?:这|那|此|到底|究竟)?(?:是)?(?:什么|怎么)(?:情况|原因|回事|一回事|办|样)"
)
_TAIL = re.compile(r"(?:吗|呢|吧|啊|呀|的|了)+$")
_MATTER = re.compile(
    r"打桩|坏|损|漏|堵|吵|噪|扰|占|违|乱|脏|臭|停[电水气]|拖欠|欠|不给|不退|拒|骗|贵|高|危险|"
    r"隐患|倒塌|塌|积水|污染"
    r"|没有|缺|不足|不能|不合理|未|无法|打人|被打|偷|丢|遗落|遗失|忘|赌|纠纷|态度|超时|"
    r"拥堵|施工|排放|收费|维权|断"
    r"|推脱|不处理|不作为|拖|迟迟|骚扰|欺|抽烟|不打表|绕路|矛盾|质量|故障|掉落|松动|挡|过高|过长|差"
)
_LOOKED_AT = 5
_CONCISE_CHARS = 36


@dataclass(frozen=True, slots=True)
class Wording:
    """Text of the draft and the words it was made of."""

    text: str
    evidence: tuple[Evidence, ...]


def title_of(
    clauses: Sequence[Clause], *, place: str | None, prefix: str, max_chars: int
) -> Wording | None:
    """Make a title from the clauses of a demand; None when they say no matter.

    `place` is put first when the chosen clauses do not name it; `prefix` is the word after
    关于 for the request type (咨询, 建议).
    """
    chosen = _main_clauses(clauses, prefix=prefix, max_chars=max_chars)
    if not chosen:
        return None
    body = "".join(_as_title(clause.text) for clause in chosen)
    if len(body) > _CONCISE_CHARS:
        body = _ASIDE.sub("", body)
    fits = place is not None and len(place) + len(body) <= _CONCISE_CHARS
    if place and fits and not _names(body, place) and not _CONCLUDES.match(body):
        body = place + body
    body = body.strip("，。、 ")
    if prefix and prefix not in body[: len(prefix) + 1]:
        body = prefix + body
    ending = "" if body.endswith("问题") else "的问题"
    return Wording(f"关于{body}{ending}", tuple(c.evidence for c in chosen))


def requests_of(clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    """Return the clauses in which the caller says what should be done."""
    return tuple(c for c in clauses if _REQUEST.search(c.text))


def _main_clauses(clauses: Sequence[Clause], *, prefix: str, max_chars: int) -> list[Clause]:
    """Choose the clauses that state the matter: its conclusion, its question, or its start."""
    concluded = [c for c in clauses if _CONCLUSION.match(c.text)]
    if concluded and not _IDLE_QUESTION.search(_as_title(concluded[0].text)):
        return concluded[:1]
    stated = [c for c in clauses if not _REQUEST.search(c.text)] or list(clauses)
    if prefix == "咨询":
        asked = [
            c
            for c in stated
            if _QUESTION.search(c.text) and not _IDLE_QUESTION.search(_as_title(c.text))
        ]
        if asked:
            return asked[:1]
    return _from_start(stated[:_LOOKED_AT], max_chars)


def _from_start(stated: Sequence[Clause], max_chars: int) -> list[Clause]:
    """Take clauses until the matter is said; without the scene before it when that is long."""
    at = next((n for n, c in enumerate(stated) if _MATTER.search(c.text)), None)
    if at is None:
        return _fitting(stated, max_chars)
    until = list(stated[: at + 1])
    while len(until) > 1 and sum(len(_as_title(c.text)) for c in until) > max_chars:
        until.pop(0)
    return until


def _fitting(stated: Sequence[Clause], max_chars: int) -> list[Clause]:
    chosen: list[Clause] = []
    length = 0
    for clause in stated:
        length += len(_as_title(clause.text))
        if chosen and length > min(max_chars, _CONCISE_CHARS):
            break
        chosen.append(clause)
    return chosen


def _as_title(text: str) -> str:
    concluded = _CONCLUSION.match(text)
    if concluded is not None:
        text = concluded["verb"] + concluded["matter"]
        return third_person(written_numbers(_TAIL.sub("", text)))
    text = without_speaker(text)
    for pattern in (_LINK, _ANNOUNCED, _SPEAKER, _TIME, _SPEAKER, _LINK):
        text = pattern.sub("", text)
    return third_person(written_numbers(_TAIL.sub("", text)))


def _names(body: str, place: str) -> bool:
    """Tell whether the body names the place: its words in order, perhaps with others between."""
    remaining = iter(written_numbers(body))
    return all(character in remaining for character in written_numbers(place))
