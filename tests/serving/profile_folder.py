"""A small hotline's profile, whole, for tests to bend."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "profile": """\
name: anling
title: 安陵 12345
version: "1"
""",
    "taxonomy": """\
request_types: [咨询类, 投诉类]
categories:
  城管:
    市容: [占道经营, 户外广告]
  公安:
    治安: [噪音扰民]
""",
    "agencies": """\
agencies:
  - {name: 市城管局, level: city, function: 城管, jurisdiction: 安陵市}
  - {name: 东区城管局, level: district, function: 城管, jurisdiction: 东区}
  - {name: 市公安局, level: city, function: 公安, jurisdiction: 安陵市}
  - {name: 河口镇政府, level: town, function: 镇政府, jurisdiction: 东区/河口镇}
""",
    "directory": """\
valid_from: "2026-01-01"
duties:
  - {matter: 占道经营, words: [占道], clause: 管理市容, function: 城管, level: district}
  - {matter: 噪音, words: [噪音], clause: 管理治安, agency: 市公安局, assisting: [市城管局]}
""",
    "places": """\
province: 安陵省
city: 安陵市
city_code: "990100"
districts:
  - name: 东区
    code: "990102"
    streets:
      - {name: 河口镇, code: "990102001", communities: [990102001001 沙洲村]}
""",
    "hotwords": "hotwords: [安陵, 河口镇]\n",
    "tickets": """\
version: "1"
request_types: [咨询类, 投诉类]
urgency:
  levels: [普通, 紧急]
  default: 普通
  by_request_type: {投诉类: 普通}
  by_signal: {red: 紧急, orange: 紧急, yellow: 普通}
required:
  - {needs: phone, label: 联系电话}
handling:
  - {handling: 转办}
sign_off:
  - {sign_off: 班长}
""",
    "deadlines": """\
version: "1"
rules:
  - {limit: 1, unit: working_days, applies_to: {request_types: [咨询类]}}
  - {limit: 5, unit: working_days}
""",
    "qa": """\
version: "1"
max_score: 100
conditions:
  - id: opening
    check_range: {role: agent, last: 1}
    operators:
      - {type: keywords, id: hello, keywords: [您好]}
rules:
  - {id: greeting, name: 开头语, fault_when: "!opening", fault_note: 没有问候, deduction: 5}
""",
    "callback": """\
version: "1"
questions:
  - {topic: contacted, patterns: [联系您了吗]}
  - {topic: resolved, patterns: [解决了吗]}
  - {topic: satisfaction, patterns: [满意吗]}
reasons: []
""",
}


def write_profile(parent: Path, **changed: str) -> Path:
    """Write the profile `anling` under `parent`, with some of its files replaced."""
    folder = parent / "anling"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {**FILES, **changed}.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder
