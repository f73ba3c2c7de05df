"""A processed call on the screen: transcript, ticket card, QA findings, callback answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from serving.contract import (
    AffectedModel,
    CallbackModel,
    CallModel,
    EvidenceModel,
    FactsModel,
    FieldModel,
    LocationModel,
    QAModel,
    ReferenceModel,
    TicketModel,
    TranscriptModel,
)

_SPEAKERS = {"agent": ("坐席", "cyan"), "citizen": ("市民", "green")}
_KINDS = {"ticket": "来电", "callback": "回访"}
_ANSWERS = {
    "yes": "是",
    "no": "否",
    "partly": "部分",
    "unknown": "未表态",
    "satisfied": "满意",
    "neutral": "基本满意",
    "dissatisfied": "不满意",
    "refused": "拒绝评价",
    "person": "个人",
    "enterprise": "企业",
}
_DOUBTFUL = 0.5
_QUOTES_SHOWN = 2
_QUOTE_CHARS = 16
_ALTERNATIVES_SHOWN = 3
_WORTH_SHOWING = 0.01


def render_call(call: CallModel, rule_names: Mapping[str, str]) -> RenderableType:
    """Return the whole call, ready to print; `rule_names` are the QA card's, by rule id."""
    parts: list[RenderableType] = [_heading(call), render_transcript(call.transcript)]
    if call.ticket:
        parts.append(render_ticket(call.ticket))
    if call.callback:
        parts.append(render_callback(call.callback))
    parts.append(render_qa(call.qa, rule_names))
    return Group(*parts)


def render_transcript(transcript: TranscriptModel) -> RenderableType:
    """Return the utterances by time, one colour for each speaker."""
    table = Table.grid(padding=(0, 1))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for utterance in transcript.utterances:
        label, colour = _SPEAKERS[utterance.channel]
        text = Text(utterance.text, style=colour)
        if utterance.confidence < _DOUBTFUL:
            text.append(" ?", style="yellow")
        table.add_row(clock(utterance.start_ms), Text(label, style=f"bold {colour}"), text)
    if not transcript.utterances:
        table.add_row("", "", Text("（没有听到话语）", style="dim"))
    return Panel(table, title="通话记录", box=box.ROUNDED, title_align="left")


def render_ticket(ticket: TicketModel) -> RenderableType:
    """Return the ticket card: each field with how sure we are and the words it came from."""
    card = _card("字段", "内容", "把握", "依据")
    _field(card, "标题", ticket.title)
    _field(card, "诉求类型", ticket.request_type)
    _field(card, "问题分类", ticket.category)
    _field(card, "承办单位", ticket.agency)
    _field(card, "事发地点", ticket.location)
    _field(card, "发生时间", ticket.occurred_at)
    _field(card, "紧急程度", ticket.urgency)
    _field(card, "来电人", ticket.caller.surname)
    _field(card, "联系电话", ticket.caller.phone)
    _field(card, "摘要", ticket.summary)
    _field(card, "内容", ticket.content)
    due = ticket.due_at.strftime("%Y-%m-%d %H:%M") if ticket.due_at else "—"
    card.add_row("办理时限", due, "", "")
    if ticket.respond_by:
        card.add_row("首次联系", ticket.respond_by.strftime("%Y-%m-%d %H:%M"), "", "")
    if ticket.handling:
        card.add_row("办理方式", ticket.handling, "", "")
    card.add_row("审签", ticket.sign_off or "—", "", "")
    for label, field in facts_shown(ticket.facts):
        _field(card, label, field)
    if ticket.missing:
        card.add_row("待补充", Text("、".join(ticket.missing), style="yellow"), "", "")
    for flag in ticket.flags:
        card.add_row("提示", Text(flag, style="bold red"), "", "")
    return Panel(card, title="工单草稿", box=box.ROUNDED, title_align="left")


def facts_shown(facts: FactsModel | None) -> Iterator[tuple[str, FieldModel[Any]]]:
    """Yield the facts that were said, with their labels."""
    if facts is None:
        return
    several: tuple[tuple[str, Iterable[FieldModel[Any]]], ...] = (
        ("车牌号", facts.plates),
        ("编号", facts.references),
        ("金额（元）", facts.amounts),
        ("涉及", (facts.affected,)),
        ("诉求主体", (facts.party,)),
        ("此前反映", (facts.earlier_calls,)),
    )
    for label, fields in several:
        for field in fields:
            if field.value is not None:
                yield label, field


def render_qa(report: QAModel, rule_names: Mapping[str, str]) -> RenderableType:
    """Return the QA report: broken rules with their evidence, the others in a line."""
    card = _card("未通过", "说明", "扣分", "依据")
    broken = [f for f in report.findings if not f.passed]
    for finding in broken:
        name = Text(rule_names.get(finding.rule_id, finding.rule_id), style="bold red")
        deduction = f"-{finding.deduction:g}" if finding.deduction else ""
        quotes = Text(_quotes(finding.evidence), style="dim")
        card.add_row(name, finding.note, deduction, quotes)
    passed = [rule_names.get(f.rule_id, f.rule_id) for f in report.findings if f.passed]
    line = Text(f"通过：{'、'.join(passed)}", style="green") if passed else Text("")
    title = f"质检 {report.score:g}/{report.max_score:g}"
    body = Group(card, line) if broken else line
    return Panel(body, title=title, box=box.ROUNDED, title_align="left")


def render_callback(callback: CallbackModel) -> RenderableType:
    """Return the answers of a callback."""
    card = _card("问题", "回答", "把握", "依据")
    _field(card, "是否联系", callback.contacted)
    _field(card, "是否解决", callback.resolved)
    _field(card, "是否满意", callback.satisfaction)
    for reason in callback.reasons:
        card.add_row("原因", reason, "", "")
    if callback.reopen:
        card.add_row("处理", Text("建议重新办理", style="bold red"), "", "")
    for flag in callback.flags:
        card.add_row("提示", Text(flag, style="bold red"), "", "")
    return Panel(card, title="回访结果", box=box.ROUNDED, title_align="left")


def clock(at_ms: int) -> str:
    """Return a time in the call as minutes and seconds."""
    return f"{at_ms // 60_000:02d}:{at_ms % 60_000 // 1000:02d}"


def _heading(call: CallModel) -> Text:
    duration_ms = int(call.provenance["recording"]["duration_ms"])
    return Text.assemble(
        (call.call_id, "bold"),
        f"  {_KINDS[call.kind]}  {call.profile}  {clock(duration_ms)}",
    )


def _card(*headers: str) -> Table:
    card = Table(box=box.SIMPLE_HEAD, padding=(0, 1), expand=True)
    for header, ratio in zip(headers, (None, 3, None, 2), strict=True):
        card.add_column(header, ratio=ratio, no_wrap=ratio is None, overflow="fold")
    return card


def _field(card: Table, label: str, field: FieldModel[Any]) -> None:
    if field.value is None:
        card.add_row(label, Text(field.reason or "未提及", style="dim italic"), "", "")
        return
    value = Text(_shown(field.value))
    likely = [a for a in field.alternatives if a.confidence >= _WORTH_SHOWING]
    others = "；".join(
        f"{_shown(a.value)} {a.confidence:.0%}" for a in likely[:_ALTERNATIVES_SHOWN]
    )
    if others:
        value.append(f"\n备选：{others}", style="dim")
    style = "yellow" if field.confidence < _DOUBTFUL else ""
    sure = Text(f"{field.confidence:.0%}", style=style)
    card.add_row(label, value, sure, Text(_quotes(field.evidence), style="dim"))


def _shown(value: object) -> str:
    if isinstance(value, LocationModel):
        parts = (value.province, value.city, value.district, value.street, value.community)
        area = "".join(part for part in parts if part)
        return f"{value.text}（{area}）" if area else value.text
    if isinstance(value, AffectedModel):
        return value.text
    if isinstance(value, ReferenceModel):
        return f"{value.kind} {value.number}"
    if isinstance(value, float):
        return f"{value:,.2f}".removesuffix(".00")
    if isinstance(value, list):
        return " / ".join(value)
    strftime = getattr(value, "strftime", None)
    if strftime:
        return str(strftime("%Y-%m-%d %H:%M"))
    return _ANSWERS.get(str(value), str(value))


def _quotes(evidence: Iterable[EvidenceModel]) -> str:
    pieces = [f"{clock(e.start_ms)}「{_shortened(e.quote)}」" for e in evidence]
    more = f" 等{len(pieces)}处" if len(pieces) > _QUOTES_SHOWN else ""
    return "\n".join(pieces[:_QUOTES_SHOWN]) + more


def _shortened(quote: str) -> str:
    return quote if len(quote) <= _QUOTE_CHARS else quote[: _QUOTE_CHARS - 1] + "…"
