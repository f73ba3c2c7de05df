"""YAML read with the line of every value kept, so that errors can point at it.

Values follow the core schema of YAML 1.2: `yes` and `no` stay words and `8:30` stays a
time of day, where PyYAML by itself reads YAML 1.1 and turns them into booleans and 510.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from serving.profile.problems import Problem

Location = tuple[str | int, ...]
"""Keys and indices from the top of a document down to a value."""

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FLOAT = r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"
_TAG = "tag:yaml.org,2002:"


class _CoreSchemaLoader(_BASE):  # type: ignore[misc]
    yaml_implicit_resolvers: dict[str | None, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


for _name, _pattern, _first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^[-+]?[0-9]+$", list("-+0123456789")),
    (
        "float",
        r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$",
        list("-+.0123456789"),
    ),
):
    _CoreSchemaLoader.add_implicit_resolver(_TAG + _name, re.compile(_pattern), _first)


@dataclass(slots=True)
class Document:
    """A YAML file as plain data, with the line of every value and what was wrong in it."""

    path: Path
    data: Any = None
    lines: dict[Location, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line_of(self, location: Location) -> int:
        """Return the line of a value, or of the nearest thing around it that has one."""
        for length in range(len(location), -1, -1):
            line = self.lines.get(location[:length])
            if line is not None:
                return line
        return 0

    def problem(self, location: Location, message: str) -> Problem:
        """Describe a problem with the value at `location`."""
        return Problem(self.path, self.line_of(location), message)


def read_document(path: Path) -> Document:
    """Read one YAML file; syntax errors and repeated keys end up in its `problems`."""
    document = Document(path)
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_CoreSchemaLoader)
    except UnicodeDecodeError as error:
        document.problems.append(Problem(path, 0, f"is not UTF-8 ({error}); save it as UTF-8"))
    except OSError as error:
        document.problems.append(Problem(path, 0, f"cannot be read: {error.strerror}"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        document.problems.append(
            Problem(path, line, f"is not YAML here: {error.problem}; check indentation and quotes")
        )
    except yaml.YAMLError as error:
        document.problems.append(Problem(path, 0, f"is not YAML: {error}"))
    else:
        if node is not None:
            document.data = _construct(document, node, (), frozenset())
    return document


def _construct(
    document: Document, node: yaml.Node, location: Location, above: frozenset[int]
) -> Any:
    document.lines[location] = node.start_mark.line + 1
    if id(node) in above:
        document.problems.append(document.problem(location, "an alias contains itself"))
        return None
    above = above | {id(node)}
    if isinstance(node, yaml.MappingNode):
        return _construct_mapping(document, node, location, above)
    if isinstance(node, yaml.SequenceNode):
        return [
            _construct(document, item, (*location, index), above)
            for index, item in enumerate(node.value)
        ]
    return _scalar(node)


def _construct_mapping(
    document: Document, node: yaml.MappingNode, location: Location, above: frozenset[int]
) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            line = key_node.start_mark.line + 1
            document.problems.append(Problem(document.path, line, "a key must be a plain word"))
            continue
        key = str(key_node.value)
        if key in mapping:
            line = key_node.start_mark.line + 1
            first = document.lines[(*location, key)]
            document.problems.append(
                Problem(document.path, line, f"`{key}` stands here again after line {first}")
            )
            continue
        mapping[key] = _construct(document, value_node, (*location, key), above)
        # A nested block starts on the line below its key; errors belong to the key.
        document.lines[(*location, key)] = key_node.start_mark.line + 1
    return mapping


def _scalar(node: yaml.Node) -> str | int | float | bool | None:
    text = str(node.value)
    match node.tag.removeprefix(_TAG):
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return int(text)
        case "float":
            return float(text)
    return text
