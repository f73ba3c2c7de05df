"""What the agent told the caller about the matter during the call."""

from __future__ import annotations

import re

from asr.types import Transcript
from nlu.types import Evidence, Extraction
from ticket_draft.clauses import Clause, demand_clauses

_INFORMS = re.compile(
    r"可以|需要|应当|应该|必须|带上|携带|准备|办理|材料|窗口|地址|工作日|工作时间|元|"
    r"费用|免费|规定|政策|拨打|预计|按照"
    r"|根据|开通|恢复|流程|申请|登录|网站|公众号|小程序|官网|期限|有效期|不用|不需要|"
    r"无需|正在|已经(?!记录|登记)|目前|属于"
    r"|[0-9一二三四五六七八九十]+(?:号|点|天|日|个月|年|楼|小时)"
)
_SCRIPT = re.compile(
    r"热线|为您服务|帮您|帮到您|贵姓|怎么称呼|您的电话|联系电话|联系方式|号码|核对|核实|"
    r"记录|登记|转交|转给|反馈"
    r"|相关部门|保持电话|畅通|稍等|稍候|久等|查询一下|查一下|再见|来电|评价|打分|请讲|"
    r"请说|您说|继续说|什么情况"
    r"|还有其他|别的需要|抱歉|对不起|不好意思|感谢|谢谢|您好|你好"
)
_UNHELPFUL = re.compile(
    r"不归|不属于我们|管不了|没办法|不知道|不清楚|自己(?:去|找|打|想)|问他们|记一下|"
    r"挂了|等一下|先别"
)
_QUESTION = re.compile(r"[?？]$|[吗呢么][?？。]?$|对吧|对不对|是吧|是不是|什么|哪|多少")
_MIN_CHARS = 6


def answer_clauses(transcript: Transcript, extraction: Extraction) -> tuple[Clause, ...]:
    """Return what the agent answered after the demand: statements that inform.

    Phrases of the script, questions and words that turn the caller away are no answer.
    """
    if not extraction.demand:
        return ()
    asked_ms = min(piece.start_ms for piece in extraction.demand)
    said = [
        Evidence.of(u, 0, len(u.text))
        for u in transcript.of("agent")
        if u.start_ms > asked_ms and u.text.strip()
    ]
    return tuple(clause for clause in demand_clauses(transcript, said) if _is_answer(clause))


def _is_answer(clause: Clause) -> bool:
    following = clause.utterance.text[clause.end : clause.end + 1]
    return (
        len(clause.text) >= _MIN_CHARS
        and _INFORMS.search(clause.text) is not None
        and not _SCRIPT.search(clause.text)
        and not _UNHELPFUL.search(clause.text)
        and not _QUESTION.search(clause.text + following)
    )
