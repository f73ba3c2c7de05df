"""Plain data checked against the rooms' own configuration dataclasses.

The rooms define frozen standard-library dataclasses; pydantic checks data against them
here, at the edge, so that the rooms need not know pydantic.
"""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from serving.profile.document import Document, Location
from serving.profile.problems import Problem

T = TypeVar("T")


def validate(document: Document, data: Any, into: type[T]) -> tuple[T | None, list[Problem]]:
    """Turn a document's data into a configuration dataclass, or say all that is wrong with it."""
    try:
        return TypeAdapter(into).validate_python(data, extra="forbid"), []
    except ValidationError as error:
        return None, [
            document.problem(_yaml_location(detail), _message(detail, into))
            for detail in error.errors(include_url=False)
        ]


def _yaml_location(detail: ErrorDetails) -> Location:
    return tuple(part for part in detail["loc"] if part != "[key]")


def _message(detail: ErrorDetails, into: Any) -> str:
    location = detail["loc"]
    key = location[-1] if location else ""
    where = ".".join(str(part) for part in location) or "the file"
    match detail["type"]:
        case "missing":
            return f"`{where}` is missing; add it"
        case "unexpected_keyword_argument":
            return f"`{where}` is not a known key{_suggestion(str(key), into, location[:-1])}"
        case "dataclass_type" | "dataclass_exact_type":
            return f"`{where}` must hold keys and values, not {_short(detail['input'])}"
        case "string_type" if isinstance(detail["input"], int | float):
            return f"`{where}` must be text; put {detail['input']} in quotes"
        case "value_error":
            return f"`{where}`: {detail['msg'].removeprefix('Value error, ')}"
    message = detail["msg"][0].lower() + detail["msg"][1:]
    return f"`{where}`: {message}, not {_short(detail['input'])}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _suggestion(key: str, into: Any, location: tuple[str | int, ...]) -> str:
    known = _keys_at(into, location)
    if not known:
        return "; remove it"
    near = difflib.get_close_matches(key, known, n=1)
    if near:
        return f"; did you mean `{near[0]}`?"
    return f"; known here: {', '.join(known)}"


def _keys_at(into: Any, location: tuple[str | int, ...]) -> list[str]:
    """Return the keys a configuration type knows at a place inside it; empty where unclear."""
    candidates = _dataclasses_in(into)
    for part in location:
        inner: list[Any] = []
        for candidate in candidates:
            hints = typing.get_type_hints(candidate)
            if part in hints:
                inner.extend(_dataclasses_in(hints[str(part)]))
        # Indices and mapping keys do not change the dataclass that stands inside.
        candidates = inner or candidates
    return sorted({f.name for candidate in candidates for f in dataclasses.fields(candidate)})


def _dataclasses_in(hint: Any) -> list[Any]:
    """Return the dataclasses a type hint holds: itself, or those inside its brackets."""
    if dataclasses.is_dataclass(hint):
        return [hint]
    if isinstance(hint, types.UnionType | types.GenericAlias) or typing.get_origin(hint):
        return [found for inner in typing.get_args(hint) for found in _dataclasses_in(inner)]
    return []
