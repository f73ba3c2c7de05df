from __future__ import annotations

from dataclasses import replace

import pytest

from nlu.directory import DispatchDirectory
from nlu.errors import DirectoryError
from nlu.profile import Directory, Duty
from tests.nlu.build import PROFILE


def matters(text: str) -> list[str]:
    return [match.duty.matter for match in DispatchDirectory(PROFILE).matches(text)]


def test_matters_are_found_by_their_words() -> None:
    assert matters("门口有人摆摊占道经营") == ["占道经营"]
    assert matters("路口有人乱停小汽车") == ["违停"]
    assert matters("乱停的是单") == []
    assert matters("小区停电了") == ["停电"]


def test_exclusions_rule_a_matter_out() -> None:
    assert matters("小区停电又停水") == []


def test_owners_are_one_or_one_for_each_district() -> None:
    directory = DispatchDirectory(PROFILE)
    stalls, parking, _ = PROFILE.directory.duties
    assert [a.name for a in directory.owners(stalls)] == ["龙华区城管局", "美兰区城管局"]
    assert [a.name for a in directory.owners(parking)] == ["市公安局交通警察支队"]


@pytest.mark.parametrize(
    ("directory", "message"),
    [
        (Directory("去年", ()), "valid_from"),
        (Directory("2026-01-01", (Duty("路灯", ("路灯",), "…"),)), "no agency and no function"),
        (
            Directory("2026-01-01", (Duty("路灯", ("路灯",), "…", agency="市路灯所"),)),
            "市路灯所",
        ),
        (
            Directory("2026-01-01", (Duty("路灯", ("路灯",), "…", function="路灯"),)),
            "which no agency has",
        ),
        (
            Directory(
                "2026-01-01",
                (
                    Duty("停电", ("停电",), "…", agency="海口供电局"),
                    Duty("停电", ("没电",), "…", agency="市公安局交通警察支队"),
                ),
            ),
            "both",
        ),
        (
            Directory(
                "2026-01-01",
                (Duty("停电", ("停电",), "…", agency="海口供电局", exclusions=("停电",)),),
            ),
            "exclusions",
        ),
    ],
)
def test_a_directory_that_contradicts_itself_is_refused(directory: Directory, message: str) -> None:
    with pytest.raises(DirectoryError, match=message):
        DispatchDirectory(replace(PROFILE, directory=directory))
