"""What Asterisk's chan_websocket says in text messages, plain or JSON, and what it is told.

Plain text is `NAME key:value …`; JSON, since 20.18, 22.8 and 23.2, begins with a brace.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from serving.errors import MessageFormatError

HANG_UP = "HANGUP"
MEDIA_START = "MEDIA_START"
ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class MediaEvent:
    """One event; `variables` are those of the channel, which plain text does not carry."""

    name: str
    values: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, object] = field(default_factory=dict)
    is_json: bool = False

    def number(self, name: str) -> int | None:
        """Return a value that is a whole number; None where there is none."""
        value = self.values.get(name, "")
        return int(value) if value.isdecimal() else None


def read_event(text: str) -> MediaEvent:
    """Return what a text says; raises MessageFormatError where it is no event."""
    if text.lstrip().startswith("{"):
        return _read_json(text)
    name, *pairs = text.split()[:64] or [""]
    if not name.isupper():
        raise MessageFormatError("a text message must be an event of chan_websocket")
    split = (pair.partition(":") for pair in pairs)
    return MediaEvent(name, {key: value for key, colon, value in split if colon})


def command(name: str, *, is_json: bool) -> str:
    """Return a command in the form that Asterisk itself speaks."""
    return json.dumps({"command": name}) if is_json else name


def _read_json(text: str) -> MediaEvent:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise MessageFormatError("a text message begins like JSON and is none") from None
    name = said.get("event")
    if not isinstance(name, str):
        raise MessageFormatError("a JSON message must name its `event`")
    variables = said.get("channel_variables")
    return MediaEvent(
        name,
        {key: str(value) for key, value in said.items() if isinstance(value, str | int)},
        variables if isinstance(variables, dict) else {},
        is_json=True,
    )
