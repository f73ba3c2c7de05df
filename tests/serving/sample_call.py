"""A call in contract form, made of texts of our own."""

from __future__ import annotations

from typing import Any

from serving.contract import CallModel

_TURNS = [
    ("agent", 400, 4200, "您好，海口市民服务热线，请问有什么可以帮您？"),
    (
        "citizen",
        4800,
        11_300,
        "你好，我住在美兰区和平大道十八号，楼下工地半夜还在施工，吵得睡不着。",
    ),
    ("agent", 11_800, 14_900, "好的，请问您贵姓，联系电话是多少？"),
    ("citizen", 15_400, 19_600, "我姓林，电话是13900001234。"),
    ("agent", 19_900, 20_900, "好的，马上为您登记。"),
]


def utterances() -> list[dict[str, Any]]:
    """The call in words."""
    return [
        {
            "id": f"u{number}",
            "channel": channel,
            "start_ms": start_ms,
            "end_ms": end_ms,
            "text": text,
            "confidence": 0.93,
        }
        for number, (channel, start_ms, end_ms, text) in enumerate(_TURNS, start=1)
    ]


def sample_call(call_id: str) -> CallModel:
    """Return an intake call with a draft and a QA report."""
    return CallModel.model_validate(
        {
            "call_id": call_id,
            "kind": "ticket",
            "profile": "haikou",
            "provenance": {"software": "jiesu", "recording": {"duration_ms": 21_000}},
            "transcript": {"utterances": utterances()},
            "ticket": _ticket(),
            "qa": {
                "score": 95.0,
                "max_score": 100.0,
                "findings": [
                    _finding("greeting", True, 0, [_evidence(0, "您好，海口市民服务热线")]),
                    _finding("closing", False, 5, [_evidence(4, "好的，马上为您登记。")]),
                ],
            },
            "callback": None,
        }
    )


def _evidence(index: int, quote: str) -> dict[str, Any]:
    utterance = utterances()[index]
    start = utterance["text"].index(quote)
    span_ms = utterance["end_ms"] - utterance["start_ms"]
    length = len(utterance["text"])
    return {
        "utterance_id": utterance["id"],
        "quote": quote,
        "start_ms": utterance["start_ms"] + span_ms * start // length,
        "end_ms": utterance["start_ms"] + span_ms * (start + len(quote)) // length,
    }


def _field(value: Any, confidence: float = 0.9, **more: Any) -> dict[str, Any]:
    return {"value": value, "confidence": confidence, "evidence": [], "alternatives": []} | more


def _finding(
    rule_id: str, passed: bool, deduction: float, evidence: list[dict[str, Any]]
) -> dict[str, Any]:
    note = "已说" if passed else "结束时没有说结束语"
    return {
        "rule_id": rule_id,
        "passed": passed,
        "deduction": deduction,
        "evidence": evidence,
        "note": note,
    }


def _ticket() -> dict[str, Any]:
    noise = _evidence(1, "楼下工地半夜还在施工，吵得睡不着")
    place = _evidence(1, "美兰区和平大道十八号")
    return {
        "title": _field("美兰区和平大道18号工地夜间施工噪音扰民", 0.86, evidence=[place, noise]),
        "request_type": _field(
            "投诉",
            0.91,
            evidence=[noise],
            alternatives=[{"value": "求助", "confidence": 0.06}],
        ),
        "category": _field(
            ["生态环境", "噪声污染", "建筑施工噪声"],
            0.74,
            evidence=[noise],
            alternatives=[{"value": ["城乡建设", "建筑市场", "违规施工"], "confidence": 0.17}],
        ),
        "summary": _field("工地夜间施工噪音扰民", 0.8, evidence=[noise]),
        "content": _field("来电人反映：美兰区和平大道18号楼下工地半夜施工，影响休息。", 0.8),
        "location": _field(
            {
                "text": "美兰区和平大道18号",
                "province": "海南省",
                "city": "海口市",
                "district": "美兰区",
                "street": None,
                "community": None,
                "code": "460108",
            },
            0.88,
            evidence=[place],
        ),
        "occurred_at": _field(None, 0.0, reason="没有说具体时间"),
        "agency": _field(
            "美兰区综合行政执法局",
            0.68,
            evidence=[noise],
            alternatives=[
                {"value": "海口市生态环境局", "confidence": 0.19},
                {"value": "美兰区住房和城乡建设局", "confidence": 0.08},
            ],
        ),
        "urgency": _field("一般", 0.95),
        "caller": {
            "surname": _field("林", 0.97, evidence=[_evidence(3, "我姓林")]),
            "phone": _field("13900001234", 0.96, evidence=[_evidence(3, "13900001234")]),
        },
        "due_at": "2026-03-10T17:30:00+08:00",
        "sign_off": "科长",
        "missing": ["发生时间"],
        "flags": ["夜间施工，建议当日联系"],
    }
