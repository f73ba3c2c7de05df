"""The time of the hotlines: China Standard Time, without daylight saving."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

CHINA_TIME = timezone(timedelta(hours=8), "CST")
"""UTC+8 all year; a fixed offset needs no time zone data on the machine."""


def parse_moment(text: str) -> datetime:
    """Read an ISO 8601 time; one without an offset is China time.

    Raises ValueError, saying what is expected, for anything else.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is not a time; write it like 2026-03-01T09:30 or 2026-03-01T09:30+08:00"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=CHINA_TIME)


def iso_china(moment: datetime) -> str:
    """Return ISO 8601 to the second with the offset of China; without one it is taken as there."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=CHINA_TIME)
    return moment.astimezone(CHINA_TIME).isoformat(timespec="seconds")


def recorded_at(path: Path) -> datetime:
    """Return when a recording was last written: the best guess at the end of its call."""
    return min(datetime.fromtimestamp(path.stat().st_mtime, CHINA_TIME), datetime.now(CHINA_TIME))
