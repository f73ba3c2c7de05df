from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from serving.errors import ProfileError
from serving.profile import available_profiles, load_profile, read_profile
from tests.serving.profile_folder import FILES, write_profile


def problems_of(folder: Path) -> list[str]:
    return [str(p).removeprefix(f"{folder}/") for p in read_profile(folder).problems]


def test_whole_profile_loads_by_name_and_by_folder(tmp_path: Path) -> None:
    folder = write_profile(tmp_path)
    by_name = load_profile("anling", tmp_path)
    assert by_name == load_profile(str(folder))
    assert by_name.title == "安陵 12345"
    assert by_name.nlu.places.districts[0].streets[0].name == "河口镇"
    assert by_name.qa.rules[0].id == "greeting"
    assert "anling" in available_profiles(tmp_path)


def test_profile_travels_to_other_processes(tmp_path: Path) -> None:
    profile = load_profile(str(write_profile(tmp_path)))
    assert pickle.loads(pickle.dumps(profile)) == profile


def test_version_follows_every_byte_of_the_folder(tmp_path: Path) -> None:
    first = load_profile(str(write_profile(tmp_path / "1")))
    same = load_profile(str(write_profile(tmp_path / "2")))
    changed = load_profile(str(write_profile(tmp_path / "3", hotwords="hotwords: [安陵]\n")))
    assert first.full_version == same.full_version
    assert first.full_version != changed.full_version
    assert first.full_version.startswith("1+")


def test_unknown_profile_names_those_there_are(tmp_path: Path) -> None:
    write_profile(tmp_path)
    with pytest.raises(ProfileError, match=r"no profile 'nix'.*anling.*haikou"):
        load_profile("nix", tmp_path)


def test_folder_that_is_no_profile(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"no profile\.yaml"):
        load_profile(str(tmp_path))


def test_all_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    folder = write_profile(
        tmp_path,
        taxonomy="request_types: [咨询类, 投诉类]\ncategories: [城管]\n",
        hotwords="hotwords: [安陵]\nhotword: [河口]\n",
        deadlines="version: '1'\nrules:\n  - {limit: soon, unit: working_days}\n",
        qa="version: [\n",
    )
    (folder / "callback.yaml").unlink()
    with pytest.raises(ProfileError) as caught:
        load_profile(str(folder))
    message = str(caught.value)
    for expected in (
        "callback.yaml: is missing",
        "deadlines.yaml:3: `rules.0.limit`",
        "hotwords.yaml:2: `hotword` is not a known key; did you mean `hotwords`?",
        "qa.yaml:2: is not YAML",
        "taxonomy.yaml:2: `categories`",
    ):
        assert expected in message


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("profile", "name: anling", "name: other", "profile.yaml:1: `name` is 'other' but"),
        ("profile", 'version: "1"', "version: 1", "profile.yaml:3: `version` must be text; put 1"),
        ("profile", "title: 安陵 12345\n", "", "profile.yaml:1: `title` is missing"),
        ("agencies", "jurisdiction: 东区}", "jurisdiction: 西区}", "agencies.yaml:3: the juris"),
        ("agencies", "jurisdiction: 东区}", "juris: 东区}", "agencies.yaml:3: `agencies.1.juris`"),
        ("agencies", "东区城管局", "市城管局", "agencies.yaml:3: the agency 市城管局 stands here"),
        ("agencies", "level: town", "level: village", "agencies.yaml:5: `agencies.3.level`"),
        ("directory", "agency: 市公安局", "agency: 公安部", "directory.yaml:4: the agency"),
        ("directory", "[市城管局]", "[省城管局]", "directory.yaml:4: the agency '省城管局'"),
        ("directory", "level: district", "level: town", "directory.yaml:3: no agency of level"),
        ("directory", ", agency: 市公安局", "", "directory.yaml:4: the matter"),
        ("tickets", "[咨询类, 投诉类]", "[咨询类]", "tickets.yaml:2: the request type 投诉类"),
        ("tickets", "[咨询类, 投诉类]", "[咨询类, 投诉类, 举报]", "tickets.yaml:2: the request"),
        ("tickets", "{sign_off: 班长}", "{sign_off: 班长, applies_to: {agencies: [省局]}}",
         "tickets.yaml:13: '省局' is none of the profile's agencies"),
        ("tickets", "sign_off:", "seats: [{seat: 席, applies_to: {categories: [供热]}}]\nsign_off:",
         "tickets.yaml:12: '供热' is none of the profile's categories"),
        ("tickets", "sign_off:", "grades: [{grade: 甲, applies_to: {grades: [甲]}}]\nsign_off:",
         "tickets.yaml:12: a grade cannot depend on the grade"),
        ("tickets", "sign_off:",
         "lines: [{line: '110', name: 警, boundary: 警情, signals: [火]}]\nsign_off:",
         "tickets.yaml:12: '火' is no risk that is listened for"),
        ("tickets", "sign_off:", "flags: [{flag: 催办, patterns: ['(催']}]\nsign_off:",
         "tickets.yaml:12: '(催' is no regular expression"),
        ("deadlines", "咨询类]", "咨询类], grades: [甲]", "deadlines.yaml:3: '甲' is none of"),
        ("deadlines", "  - {limit: 5, unit: working_days}\n", "", "has no deadline for 投诉类"),
        ("deadlines", "咨询类]", "建议类]", "deadlines.yaml:3: '建议类' is none of"),
        ("qa", '"!opening"', '"!ending"', "qa.yaml:8: "),
    ],
)  # fmt: skip
def test_contradiction_is_named_with_file_and_line(
    tmp_path: Path, file: str, old: str, new: str, said: str
) -> None:
    assert old in FILES[file]
    folder = write_profile(tmp_path, **{file: FILES[file].replace(old, new, 1)})
    assert any(said in problem for problem in problems_of(folder)), problems_of(folder)


def test_misspelt_file_does_not_go_unnoticed(tmp_path: Path) -> None:
    folder = write_profile(tmp_path)
    (folder / "hotword.yaml").write_text("hotwords: [新词]\n")
    [problem] = problems_of(folder)
    assert problem.startswith("hotword.yaml: is no file of a profile")


def test_own_profiles_go_before_shipped_ones(tmp_path: Path) -> None:
    folder = write_profile(tmp_path).rename(tmp_path / "haikou")
    assert available_profiles(tmp_path)["haikou"] == folder


def test_folder_of_profiles_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="JIESU_PROFILES_DIR"):
        load_profile("haikou", tmp_path / "nix")


def test_taxonomy_must_match_the_trained_labels(tmp_path: Path) -> None:
    folder = write_profile(tmp_path, profile=FILES["profile"] + "extractor: haikou\n")
    assert read_profile(folder).problems == ()
    [problem] = read_profile(folder, with_weights=True).problems
    assert str(problem).startswith(f"{folder}/profile.yaml:4: ")
    assert "do not match" in problem.message


def test_extractor_without_weights_is_told(tmp_path: Path) -> None:
    folder = write_profile(tmp_path, profile=FILES["profile"] + "extractor: atlantis\n")
    [problem] = read_profile(folder, with_weights=True).problems
    assert "extractor-atlantis" in problem.message


def test_shipped_profiles_are_whole() -> None:
    for folder in available_profiles().values():
        assert read_profile(folder, with_weights=True).problems == ()


def test_a_district_outside_the_region_s_cities_is_named_with_its_line(tmp_path: Path) -> None:
    places = FILES["places"].replace(
        'city_code: "990100"\n', 'city_code: "990100"\ncities: {海东市: "9902"}\n'
    )
    folder = write_profile(tmp_path, places=places)
    assert problems_of(folder) == ["places.yaml:6: 东区 lies in no city; give its `city`"]
    places = places.replace('code: "990102"\n', 'code: "990102"\n    city: 海西市\n', 1)
    folder = write_profile(tmp_path / "other", places=places)
    assert problems_of(folder) == [
        "places.yaml:8: the city '海西市' of 东区 does not stand under `cities`"
    ]


def test_a_season_that_is_none_is_named_with_its_line(tmp_path: Path) -> None:
    deadlines = (
        'version: "1"\nrules:\n'
        "  - limit: 24\n    unit: hours\n    season:\n      first_day: 11-31\n"
        "      last_day: 03-15\n"
        "  - {limit: 5, unit: working_days}\n"
    )
    folder = write_profile(tmp_path, deadlines=deadlines)
    assert problems_of(folder) == [
        "deadlines.yaml:6: '11-31' is no day of the year; write it as '11-15'"
    ]


def test_a_rule_of_one_season_leaves_the_rest_of_the_year_open(tmp_path: Path) -> None:
    deadlines = (
        'version: "1"\nrules:\n'
        "  - {limit: 5, unit: working_days, season: {first_day: 11-15, last_day: 03-15}}\n"
    )
    (problem,) = problems_of(write_profile(tmp_path, deadlines=deadlines))
    assert "has no deadline" in problem
