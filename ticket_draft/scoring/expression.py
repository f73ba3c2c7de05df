"""Boolean expressions over rule parts: `1&&2&&3`, `7&&!8`, `(a||b)&&c`.

A small parser of our own: profiles are data, and data is never evaluated as code.
Grammar: or := and ('||' and)*; and := not ('&&' not)*; not := '!' not | '(' or ')' | id.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ticket_draft.errors import RuleError

_TOKEN = re.compile(r"\s*(&&|\|\||!|\(|\)|[A-Za-z0-9_]+)")
_MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression: the ids it names, and those it names without negation."""

    source: str
    ids: tuple[str, ...]
    positive_ids: tuple[str, ...]
    _holds: Callable[[Mapping[str, bool]], bool]

    def holds(self, values: Mapping[str, bool]) -> bool:
        """Evaluate; `values` has every id of the expression."""
        return self._holds(values)


def parse_expression(source: str, known_ids: frozenset[str] | set[str]) -> Expression:
    """Parse an expression; RuleError when it is malformed or names an id not in `known_ids`."""
    parser = _Parser(source, _tokens(source), known_ids)
    holds = parser.either(depth=0, negated=False)
    if parser.position < len(parser.tokens):
        raise parser.error(f"unexpected {parser.tokens[parser.position]!r}")
    return Expression(
        source, tuple(dict.fromkeys(parser.ids)), tuple(dict.fromkeys(parser.positive)), holds
    )


def _tokens(source: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    text = source.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise RuleError(f"expression {source!r}: cannot read {text[position:]!r}")
        tokens.append(match[1])
        position = match.end()
    return tokens


class _Parser:
    def __init__(self, source: str, tokens: list[str], known_ids: frozenset[str] | set[str]):
        self.source = source
        self.tokens = tokens
        self.known_ids = known_ids
        self.position = 0
        self.ids: list[str] = []
        self.positive: list[str] = []

    def error(self, what: str) -> RuleError:
        return RuleError(f"expression {self.source!r}: {what}")

    def either(self, depth: int, negated: bool) -> Callable[[Mapping[str, bool]], bool]:
        parts = [self.both(depth, negated)]
        while self._take("||"):
            parts.append(self.both(depth, negated))
        return parts[0] if len(parts) == 1 else lambda values: any(p(values) for p in parts)

    def both(self, depth: int, negated: bool) -> Callable[[Mapping[str, bool]], bool]:
        parts = [self.single(depth, negated)]
        while self._take("&&"):
            parts.append(self.single(depth, negated))
        return parts[0] if len(parts) == 1 else lambda values: all(p(values) for p in parts)

    def single(self, depth: int, negated: bool) -> Callable[[Mapping[str, bool]], bool]:
        if depth > _MAX_DEPTH:
            raise self.error("nested too deeply")
        if self._take("!"):
            inner = self.single(depth + 1, not negated)
            return lambda values: not inner(values)
        if self._take("("):
            group = self.either(depth + 1, negated)
            if not self._take(")"):
                raise self.error("a ')' is missing")
            return group
        return self._named(negated)

    def _named(self, negated: bool) -> Callable[[Mapping[str, bool]], bool]:
        token = self.tokens[self.position] if self.position < len(self.tokens) else None
        if token is None or not (token[0].isalnum() or token[0] == "_"):
            raise self.error("an id is missing" if token is None else f"unexpected {token!r}")
        if token not in self.known_ids:
            raise self.error(f"no part has the id {token!r}; known: {sorted(self.known_ids)}")
        self.position += 1
        self.ids.append(token)
        if not negated:
            self.positive.append(token)
        return lambda values: values[token]

    def _take(self, token: str) -> bool:
        if self.position < len(self.tokens) and self.tokens[self.position] == token:
            self.position += 1
            return True
        return False
