"""What a FunASR client says of its audio: the start message, with all its variants.

Clients differ in types, spelling and completeness, and servers take what they send. So
does this; only what decides how the bytes are read must make sense.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any, Literal

from serving.errors import MessageFormatError

Mode = Literal["2pass", "online", "offline"]

DEFAULT_RATE_HZ = 16_000
_RATES_HZ = (8_000, 48_000)
_RAW_FORMATS = ("", "pcm", "wav")
_MAX_NAME = 255
_MAX_HOTWORDS = 1_000
_MAX_HOTWORD = 32
_WEIGHT = re.compile(r"[-+]?\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class FunasrStart:
    """The fields that matter here; chunk sizes and look-backs are those of our recogniser."""

    mode: Mode = "2pass"
    wav_name: str = ""
    sample_rate_hz: int = DEFAULT_RATE_HZ
    is_container: bool = False
    """Whether the bytes are a file (MP3, FLAC and so on) to be decoded when it is complete;
    samples, with or without a WAV header, are heard as they come."""
    hotwords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FunasrControl:
    """A text message: does it end the audio, and what does it say of audio to come?"""

    is_end: bool
    wants_acknowledgement: bool
    start: FunasrStart


def read_control(text: str, before: FunasrStart) -> FunasrControl:
    """Return a client's text message; what it leaves out stays as it was `before`.

    Raises MessageFormatError where it is no JSON object or its `audio_fs` cannot be used.
    """
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise MessageFormatError(
            "a text message must be one JSON object; audio goes in binary messages"
        )
    is_end = (
        _flag(fields.get("is_speaking")) is False
        or _flag(fields.get("is_end")) is True
        or _flag(fields.get("is_finished")) is True
    )
    return FunasrControl(
        is_end=is_end,
        wants_acknowledgement=_flag(fields.get("is_end")) is True,
        start=_start(fields, before),
    )


def _start(fields: dict[str, Any], before: FunasrStart) -> FunasrStart:
    mode, wav_format = before.mode, fields.get("wav_format")
    if "mode" in fields:
        mode = _mode(fields["mode"])
    is_container = before.is_container
    if wav_format is not None:
        is_container = str(wav_format).strip().lower() not in _RAW_FORMATS
    name, rate = fields.get("wav_name"), fields.get("audio_fs")
    hotwords = fields.get("hotwords")
    return FunasrStart(
        mode=mode,
        wav_name=before.wav_name if name is None else str(name)[:_MAX_NAME],
        sample_rate_hz=before.sample_rate_hz if rate is None else _rate_hz(rate),
        is_container=is_container,
        hotwords=before.hotwords if hotwords is None else read_hotwords(hotwords),
    )


def _mode(value: object) -> Mode:
    match str(value).strip().lower():
        case "online":
            return "online"
        case "offline":
            return "offline"
        case _:
            return "2pass"


def _rate_hz(value: object) -> int:
    """Return `audio_fs`: a number, or one written as text; one client sends a float."""
    try:
        rate = math.nan if isinstance(value, bool) else float(str(value))
    except ValueError:
        rate = math.nan
    low, high = _RATES_HZ
    if not low <= rate <= high or rate != int(rate):
        raise MessageFormatError(
            f"`audio_fs` must be a whole number of Hz from {low} to {high}; "
            "telephone lines have 8000"
        )
    return int(rate)


def _flag(value: object) -> bool | None:
    """Return a JSON boolean, also where it was written as text or number."""
    match value:
        case bool():
            return value
        case 0 | "0" | "false" | "False":
            return False
        case 1 | "1" | "true" | "True":
            return True
        case _:
            return None


def read_hotwords(value: object) -> tuple[str, ...]:
    """Return the words of FunASR's `hotwords`: a JSON object of word and weight, or plain words.

    Weights are FunASR's own scale and are not used. Plain words are apart by spaces or
    lines, each perhaps followed by its weight.
    """
    if isinstance(value, str):
        try:
            parsed = json.loads(value)
        except (ValueError, RecursionError):
            parsed = None
        value = parsed if isinstance(parsed, dict | list) else value.split()
    if not isinstance(value, dict | list):
        return ()
    words = [word.strip() for word in value if isinstance(word, str)]
    wanted = [word for word in words if word and not _WEIGHT.fullmatch(word)]
    return tuple(dict.fromkeys(word for word in wanted if len(word) <= _MAX_HOTWORD))[
        :_MAX_HOTWORDS
    ]
