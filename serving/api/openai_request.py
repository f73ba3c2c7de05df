"""The form fields of OpenAI's transcription request, checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from serving.errors import RequestFieldError

Format = Literal["json", "text", "srt", "vtt", "verbose_json", "diarized_json"]
Granularity = Literal["segment", "word"]

_FORMATS: tuple[Format, ...] = get_args(Format)
_STREAMED: tuple[Format, ...] = ("json", "text", "diarized_json")
_GRANULARITIES: tuple[Granularity, ...] = get_args(Granularity)
MODELS = ("whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-transcribe-diarize")
"""OpenAI's names, which clients have built in; all mean the service's own recogniser."""

_BETWEEN_WORDS = re.compile(r"[\s，。、；：？！,.;:?!“”\"'（）()《》]+")
_WORD_CHARS = (2, 12)
_MOST_HOTWORDS = 200
_YES, _NO = ("true", "1"), ("false", "0", "")


@dataclass(frozen=True, slots=True)
class TranscriptionRequest:
    """What is asked of a recording."""

    response_format: Format
    granularities: frozenset[Granularity]
    hotwords: tuple[str, ...]
    is_streamed: bool
    profile: str | None


def read_request(
    fields: Sequence[tuple[str, str]], known_models: Sequence[str]
) -> TranscriptionRequest:
    """Return the request that form fields make; raises RequestFieldError naming the field.

    Fields that mean nothing here (`language`, `include[]`, `chunking_strategy`, speakers
    known before) are taken and not used, so that clients work unchanged.
    """
    values = {name: value for name, value in fields if value}
    _check_model(values.get("model"), known_models)
    _check_temperature(values.get("temperature"))
    form = _format(values.get("response_format", "json"))
    is_streamed = _flag("stream", values.get("stream", ""))
    if is_streamed and form not in _STREAMED:
        raise RequestFieldError(
            f"`{form}` cannot be streamed; choose one of: {', '.join(_STREAMED)}", "stream"
        )
    return TranscriptionRequest(
        response_format=form,
        granularities=_granularities(_all(fields, "timestamp_granularities"), form),
        hotwords=hotwords_of(values.get("prompt", ""), _all(fields, "keywords")),
        is_streamed=is_streamed,
        profile=values.get("profile"),
    )


def hotwords_of(prompt: str, keywords: Sequence[str]) -> tuple[str, ...]:
    """Return the words to listen for: all keywords, and of a prompt what is short as a name is.

    Sentences in a prompt, which tell OpenAI's models how to write, are no words to hear.
    """
    low, high = _WORD_CHARS
    words = [word for word in _BETWEEN_WORDS.split(prompt) if low <= len(word) <= high]
    return tuple(dict.fromkeys([*(k.strip() for k in keywords if k.strip()), *words]))[
        :_MOST_HOTWORDS
    ]


def _all(fields: Sequence[tuple[str, str]], name: str) -> list[str]:
    """Return the values of a list, whose name clients write with brackets or without."""
    return [value for key, value in fields if key.partition("[")[0] == name and value]


def _check_model(model: str | None, known: Sequence[str]) -> None:
    if model is None:
        raise RequestFieldError("name a `model`", "model", "missing_required_parameter")
    if model not in (*MODELS, *known):
        raise RequestFieldError(
            f"no model {model!r}; one of: {', '.join((*known, *MODELS))}",
            "model", "model_not_found", 404,
        )  # fmt: skip


def _check_temperature(value: str | None) -> None:
    try:
        is_wrong = value is not None and not 0.0 <= float(value) <= 1.0
    except ValueError:
        is_wrong = True
    if is_wrong:
        raise RequestFieldError("`temperature` is a number from 0 to 1", "temperature")


def _format(value: str) -> Format:
    for form in _FORMATS:
        if value == form:
            return form
    raise RequestFieldError(
        f"no format {value!r}; one of: {', '.join(_FORMATS)}", "response_format"
    )


def _granularities(values: Sequence[str], form: Format) -> frozenset[Granularity]:
    if values and form != "verbose_json":
        raise RequestFieldError(
            "`timestamp_granularities` need `response_format` verbose_json",
            "timestamp_granularities",
        )
    known = [g for g in _GRANULARITIES if g in values]
    if len(known) < len(set(values)):
        raise RequestFieldError(
            f"`timestamp_granularities` are: {', '.join(_GRANULARITIES)}",
            "timestamp_granularities",
        )
    return frozenset(known or ["segment"])


def _flag(name: str, value: str) -> bool:
    if value.lower() not in (*_YES, *_NO):
        raise RequestFieldError(f"`{name}` is true or false", name)
    return value.lower() in _YES
