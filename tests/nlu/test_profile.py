from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from nlu.profile import NluProfile, Places
from tests.nlu.build import PROFILE

ADAPTER = TypeAdapter(NluProfile)


def test_a_profile_goes_through_plain_data_and_back() -> None:
    plain = ADAPTER.dump_python(PROFILE, mode="json")
    assert ADAPTER.validate_python(plain) == PROFILE


def test_paths_are_three_levels_deep() -> None:
    assert PROFILE.taxonomy.paths() == (("城管", "市容", "占道"), ("城管", "市容", "噪音"))


def test_unknown_keys_are_refused() -> None:
    plain = TypeAdapter(Places).dump_python(PROFILE.places, mode="json")
    with pytest.raises(ValidationError, match="landmark"):
        TypeAdapter(Places).validate_python(plain | {"landmark": []})


@pytest.mark.parametrize("level", ["village", "", None])
def test_agency_levels_are_fixed(level: str | None) -> None:
    plain = ADAPTER.dump_python(PROFILE, mode="json")
    plain["agencies"]["agencies"][0]["level"] = level
    with pytest.raises(ValidationError, match="level"):
        ADAPTER.validate_python(plain)
