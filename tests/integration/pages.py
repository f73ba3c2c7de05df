"""The documentation as data: headings, fenced blocks, links and the commands in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_INLINE_COMMAND = re.compile(r"`(jiesu [a-z][^`]*)`")
_ASSIGNMENT = re.compile(r"^[A-Z_]+=")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language and what stands in it."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """One Markdown file."""

    path: Path
    text: str

    @classmethod
    def read(cls, path: Path) -> Page:
        return cls(path, path.read_text(encoding="utf-8"))

    def blocks(self, language: str) -> list[Block]:
        return [Block(*m.groups()) for m in _FENCE.finditer(self.text) if m[1] == language]

    @property
    def prose(self) -> str:
        return _FENCE.sub("", self.text)

    def heading_levels(self) -> list[int]:
        return [len(m[1]) for m in _HEADING.finditer(self.prose)]

    def anchors(self) -> set[str]:
        """The names GitHub gives to the headings."""
        return {
            re.sub(r"[^\w\- ]", "", m[2].lower()).replace(" ", "-")
            for m in _HEADING.finditer(self.prose)
        }

    def links(self) -> list[str]:
        return _LINK.findall(self.prose)

    def commands(self) -> Iterator[list[str]]:
        """Every command of the `bash` blocks, word by word, pipelines taken apart."""
        for block in self.blocks("bash"):
            yield from commands_of(block.text)

    def mentioned_commands(self) -> list[list[str]]:
        """The `jiesu …` commands in running text and tables, in their first words."""
        return [words(found) for found in _INLINE_COMMAND.findall(self.prose)]


def commands_of(script: str) -> Iterator[list[str]]:
    for line in script.replace("\\\n", " ").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parts: list[str] = []
        for token in shlex.split(line, comments=True):
            if token in ("|", "&&", ";"):
                yield _without_assignments(parts)
                parts = []
            else:
                parts.append(token)
        yield _without_assignments(parts)


def words(command: str) -> list[str]:
    return shlex.split(command)


def _without_assignments(parts: list[str]) -> list[str]:
    while parts and _ASSIGNMENT.match(parts[0]):
        parts = parts[1:]
    for sign in (">", "<", "2>"):
        if sign in parts:
            parts = parts[: parts.index(sign)]
    return parts
