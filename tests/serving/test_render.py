from __future__ import annotations

import io

from rich.console import Console

from serving.cli.render import render_call
from serving.conversion import call_model
from serving.result import CallKind
from tests.serving.test_contract import result


def screen(kind: CallKind, width: int = 110) -> str:
    buffer = io.StringIO()
    call = call_model(result(kind))
    Console(file=buffer, width=width).print(render_call(call, {"greeting": "开头语"}))
    return buffer.getvalue()


def test_ticket_shows_value_certainty_and_the_words_it_came_from() -> None:
    shown = screen("ticket")
    [agency] = [line for line in shown.splitlines() if "承办单位" in line]
    assert "东区城管局" in agency
    assert "70%" in agency
    assert "「占道经营」" in agency
    assert "备选：市城管局 20%；市公安局 10%" in shown
    assert "河口镇沙洲村（安陵省安陵市东区河口镇沙洲村）" in shown
    assert "2026-03-02 09:30" in shown
    assert "未留电话" in shown
    assert "回访结果" not in shown


def test_transcript_shows_speakers_and_times() -> None:
    lines = screen("ticket").splitlines()
    assert any("00:03" in line and "市民" in line and "我姓林" in line for line in lines)
    assert any("00:00" in line and "坐席" in line and "您好" in line for line in lines)


def test_broken_rules_show_their_name_and_deduction() -> None:
    shown = screen("ticket")
    [rule] = [line for line in shown.splitlines() if "开头语" in line]
    assert "-5" in rule
    assert "没有问候" in rule
    assert "质检 95/100" in shown


def test_callback_answers_are_in_chinese() -> None:
    shown = screen("callback")
    for words in ("是否联系", "不满意", "未表态", "拖延", "建议重新办理"):
        assert words in shown
    assert "工单草稿" not in shown


def test_narrow_terminal_loses_nothing() -> None:
    assert "可能为重复诉求" in screen("ticket", width=60).replace("\n", "")
