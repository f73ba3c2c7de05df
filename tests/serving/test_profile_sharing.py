"""What hotlines share: a base folder, units that every district has, matters of the nation."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.profile import load_profile, read_profile
from tests.serving.profile_folder import FILES, write_profile

BASE_DIRECTORY = """\
valid_from: "2026-01-01"
duties:
  - {matter: 占道经营, words: [摆摊], clause: 管理市容, function: 城管,
     category: [城管, 市容, 占道经营]}
  - {matter: 打架, words: [打架], clause: 管理治安, function: 公安, level: district,
     assisting: [城管, 海事], category: [公安, 治安, 打架斗殴]}
"""
BASE_TAXONOMY = """\
request_types: [咨询, 投诉]
request_cues: {咨询: [怎么办理], 投诉: [投诉]}
categories:
  城管: {市容: [占道经营, 燃放鞭炮]}
  公安: {治安: [打架斗殴]}
"""
OWN = {
    "profile": FILES["profile"] + "base: _base\n",
    "taxonomy": "extends_base: true\nrequest_types: [咨询类, 投诉类]\n"
    "categories:\n  公安:\n    治安: [噪音扰民]\n",
    "directory": 'valid_from: "2026-01-01"\nextends_base: true\nlevels: {公安: city}\n'
    "duties:\n"
    "  - {matter: 占道经营, words: [占道], clause: 管理市容, function: 城管, level: district}\n"
    "  - {matter: 噪音, words: [噪音], clause: 管理治安, agency: 市公安局, "
    "category: [公安, 治安, 噪音扰民]}\n",
    "hotwords": "extends_base: true\nhotwords: [安陵, 河口镇]\n",
}


def write_base(parent: Path) -> None:
    base = parent / "_base"
    base.mkdir()
    (base / "directory.yaml").write_text(BASE_DIRECTORY, encoding="utf-8")
    (base / "taxonomy.yaml").write_text(BASE_TAXONOMY, encoding="utf-8")
    (base / "hotwords.yaml").write_text("hotwords: [工单, 安陵]\n", encoding="utf-8")
    (base / "qa.yaml").write_text(FILES["qa"], encoding="utf-8")


def shared_profile(parent: Path, **changed: str) -> Path:
    write_base(parent)
    folder = write_profile(parent, **{**OWN, **changed})
    (folder / "qa.yaml").unlink()
    return folder


def problems_of(folder: Path) -> list[str]:
    return [str(p).removeprefix(f"{folder}/") for p in read_profile(folder).problems]


def test_base_gives_matters_categories_words_and_missing_files(tmp_path: Path) -> None:
    profile = load_profile(str(shared_profile(tmp_path)))
    stall, noise, brawl = profile.nlu.directory.duties
    assert stall.words == ("占道",)  # the profile's own replaces the base's
    assert noise.matter == "噪音"
    assert (brawl.matter, brawl.level, brawl.assisting) == ("打架", "city", ("城管",))
    assert profile.nlu.taxonomy.categories == {"公安": {"治安": ("噪音扰民", "打架斗殴")}}
    assert profile.nlu.taxonomy.request_types == ("咨询类", "投诉类")
    assert profile.nlu.taxonomy.request_cues["投诉"] == ("投诉",)
    assert profile.nlu.hotwords.hotwords == ("安陵", "河口镇", "工单")
    assert profile.qa.rules[0].id == "greeting"


TICKETS = """\
extends_base: true
version: "1"
request_types: [咨询类, 投诉类]
flags: [{flag: 自己的, patterns: [自己]}]
seats: [{seat: 专席}]
"""


def test_ticket_rules_add_to_those_of_the_base(tmp_path: Path) -> None:
    folder = shared_profile(tmp_path, tickets=TICKETS)
    base = FILES["tickets"] + "flags: [{flag: 共有的, patterns: [共有]}]\n"
    (tmp_path / "_base" / "tickets.yaml").write_text(base, encoding="utf-8")
    rules = load_profile(str(folder)).tickets
    assert [flag.flag for flag in rules.flags] == ["自己的", "共有的"]
    assert rules.seats[0].seat == "专席"
    assert rules.sign_off[0].sign_off == "班长"


def test_ticket_rules_without_a_base_to_add_to(tmp_path: Path) -> None:
    folder = shared_profile(tmp_path, tickets=TICKETS)
    assert any("tickets.yaml:1: there is no" in problem for problem in problems_of(folder))


def test_version_follows_the_base_too(tmp_path: Path) -> None:
    folder = shared_profile(tmp_path)
    before = load_profile(str(folder)).content_hash
    (tmp_path / "_base" / "hotwords.yaml").write_text("hotwords: [工单]\n", encoding="utf-8")
    assert load_profile(str(folder)).content_hash != before


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("directory", "levels: {公安: city}\n", "", "directory.yaml:2: no agency of level"),
        ("directory", "{公安: city}", "{海事: city}", "directory.yaml:3: no matter of the base"),
        ("directory", "duties:", "without: [打嗝]\nduties:", "directory.yaml:4: the base has no"),
        ("directory", "噪音扰民]}", "噪声]}", "directory.yaml:6: taxonomy.yaml has no category"),
        ("taxonomy", "噪音扰民]", "噪音扰民, 养狗]", "taxonomy.yaml:5: no matter of directory"),
        ("profile", "_base", "_bases", "profile.yaml:4: the base '_bases' is no folder"),
        ("profile", "base: _base\n", "", "directory.yaml:2: there is no directory.yaml"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_base_is_named_with_file_and_line(
    tmp_path: Path, file: str, old: str, new: str, said: str
) -> None:
    assert old in OWN[file]
    folder = shared_profile(tmp_path, **{file: OWN[file].replace(old, new)})
    (folder / "qa.yaml").write_text(FILES["qa"], encoding="utf-8")
    assert any(said in problem for problem in problems_of(folder)), problems_of(folder)


EACH = """\
each_district:
  - {name: "{place}教育局", function: 教育, also: [体育], aliases: ["{stem}教育"],
     named: {西区: 西区文教局}}
  - {name: "{place}供电公司", function: 供电, level: enterprise, without: [西区]}
each_town:
  - {name: "{district}{place}人民政府", function: 镇街, endings: [镇, 乡]}
  - {name: "{district}{place}", function: 镇街, endings: [街道办事处]}
"""
TWO_DISTRICTS = FILES["places"] + '  - {name: 西区, code: "990103"}\n'


def test_units_that_repeat_are_spelt_out(tmp_path: Path) -> None:
    folder = write_profile(tmp_path, agencies=FILES["agencies"] + EACH, places=TWO_DISTRICTS)
    agencies = {a.name: a for a in load_profile(str(folder)).nlu.agencies.agencies}
    assert agencies["东区教育局"].jurisdiction == "东区"
    assert agencies["东区教育局"].aliases == ("东区教育",)
    assert agencies["东区教育局"].functions == ("教育", "体育")
    assert agencies["西区文教局"].function == "教育"
    assert agencies["东区供电公司"].level == "enterprise"
    assert "西区供电公司" not in agencies
    assert "东区河口镇" not in agencies
    assert agencies["东区河口镇人民政府"].jurisdiction == "东区/河口镇"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[西区]", "[南区]", "agencies.yaml:9: '南区' is no division of places.yaml"),
        ("{西区: 西区文教局}", "{西县: 文教局}", "agencies.yaml:8: '西县' is no division"),
        ("{place}教育局", "市公安局", "agencies.yaml:7: the agency 市公安局 stands here twice"),
    ],
)
def test_repeating_unit_that_does_not_fit(tmp_path: Path, old: str, new: str, said: str) -> None:
    each = EACH.replace(old, new)
    folder = write_profile(tmp_path, agencies=FILES["agencies"] + each, places=TWO_DISTRICTS)
    assert any(said in problem for problem in problems_of(folder)), problems_of(folder)
