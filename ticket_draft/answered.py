"""What the agent told the caller about the matter during the call."""

from __future__ import annotations

import re

from asr.types import Transcript
from nlu.types import Evidence, Extraction
from ticket_draft.clauses import Clause, demand_clauses

_SCRIPT = re.compile(
    r"热线|为您服务|帮您|帮到您|贵姓|怎么称呼|电话是|联系电话|联系方式|号码|核对|核实一下|记录|登记|转交"
    r"|转给|反馈给|相关部门|畅通|稍等|稍候|久等|查询一下|查一下|再见|来电|评价|打分|满意|请讲|请说|您说|继续说"
    r"|什么情况|具体|在哪|哪里|什么时候|还有其他|别的需要|抱歉|对不起|不好意思|感谢|谢谢|您好|你好|喂"
    r"|不归我们|没办法|记一下|挂了|等一下|先别"
)
_QUESTION = re.compile(r"[?？]$|[吗呢么][?？。]?$|对吧|对不对|是吧|是不是")
_MIN_CHARS = 6


def answer_clauses(transcript: Transcript, extraction: Extraction) -> tuple[Clause, ...]:
    """Return what the agent answered: statements after the demand that are not of the script."""
    if not extraction.demand:
        return ()
    asked_ms = min(piece.start_ms for piece in extraction.demand)
    whole = [
        Evidence.of(u, 0, len(u.text))
        for u in transcript.of("agent")
        if u.start_ms > asked_ms and u.text.strip()
    ]
    return tuple(clause for clause in demand_clauses(transcript, whole) if _is_answer(clause))


def _is_answer(clause: Clause) -> bool:
    following = clause.utterance.text[clause.end : clause.end + 1]
    return (
        len(clause.text) >= _MIN_CHARS
        and not _SCRIPT.search(clause.text)
        and not _QUESTION.search(clause.text + following)
    )
