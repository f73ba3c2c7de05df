from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from serving.clock import CHINA_TIME, iso_china, parse_moment, recorded_at
from serving.errors import SettingsError
from serving.settings import load_settings


def test_time_without_offset_is_china_time() -> None:
    assert parse_moment("2026-03-01T09:30") == datetime(2026, 3, 1, 1, 30, tzinfo=UTC)
    assert parse_moment("2026-03-01T01:30Z") == parse_moment("2026-03-01T09:30+08:00")
    with pytest.raises(ValueError, match="2026-03-01T09:30"):
        parse_moment("tomorrow")


def test_times_are_written_with_the_offset_of_china() -> None:
    assert iso_china(datetime(2026, 3, 1, 1, 30, tzinfo=UTC)) == "2026-03-01T09:30:00+08:00"
    assert iso_china(datetime(2026, 3, 1, 9, 30)) == "2026-03-01T09:30:00+08:00"


def test_recording_of_the_future_counts_as_of_now(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.touch()
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert recorded_at(path) == datetime.fromtimestamp(1_700_000_000, CHINA_TIME)
    later = (datetime.now(UTC) + timedelta(days=3)).timestamp()
    os.utime(path, (later, later))
    assert recorded_at(path) <= datetime.now(UTC)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIESU_PROFILE", "bozhou")
    monkeypatch.setenv("JIESU_THREADS", "3")
    settings = load_settings()
    assert (settings.profile, settings.threads, settings.engine) == ("bozhou", 3, "whisper")


def test_wrong_settings_are_named_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIESU_PORT", "70000")
    monkeypatch.setenv("JIESU_LOG_LEVEL", "loud")
    with pytest.raises(SettingsError, match=r"JIESU_PORT=70000(.|\n)*JIESU_LOG_LEVEL=loud"):
        load_settings()
