"""Boolean expressions over ids: our parser against Python's own logic."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticket_draft.errors import RuleError
from ticket_draft.scoring.expression import parse_expression

IDS = ("1", "2", "a", "long_name")


@pytest.mark.parametrize(
    ("source", "true_ids", "holds"),
    [
        ("1&&2&&3", {"1", "2", "3"}, True),
        ("1&&2&&3", {"1", "3"}, False),
        ("7&&!8", {"7"}, True),
        ("7&&!8", {"7", "8"}, False),
        ("a||b", {"b"}, True),
        ("!a||b&&c", {"a", "b"}, False),
        ("!(a||b)", set(), True),
        ("!!a", {"a"}, True),
        (" ( a ) ", {"a"}, True),
    ],
)
def test_readings(source: str, true_ids: set[str], holds: bool) -> None:
    ids = {"1", "2", "3", "7", "8", "a", "b", "c"}
    expression = parse_expression(source, ids)
    assert expression.holds({key: key in true_ids for key in ids}) is holds


@pytest.mark.parametrize(
    "source",
    ["", "a&&", "&&a", "(a", "a)", "a b", "a&b", "a|b", "__import__('os')", "a;b", "unknown", "!"],
)
def test_malformed_expressions_are_refused(source: str) -> None:
    with pytest.raises(RuleError):
        parse_expression(source, {"a", "b"})


def test_deep_nesting_is_refused_not_a_crash() -> None:
    with pytest.raises(RuleError, match="deeply"):
        parse_expression("(" * 5000 + "a" + ")" * 5000, {"a"})


def test_positive_ids_are_those_not_negated() -> None:
    expression = parse_expression("a&&!(b||!c)", {"a", "b", "c"})
    assert expression.ids == ("a", "b", "c")
    assert expression.positive_ids == ("a", "c")


Values = dict[str, bool]
Tree = tuple[str, Callable[[Values], bool]]
"""An expression and what it means."""


def _leaf(key: str) -> Tree:
    return key, lambda values: values[key]


def _negated(tree: Tree) -> Tree:
    return f"!({tree[0]})", lambda values: not tree[1](values)


def _both(pair: tuple[Tree, Tree]) -> Tree:
    left, right = pair
    return f"({left[0]})&&({right[0]})", lambda values: left[1](values) and right[1](values)


def _either(pair: tuple[Tree, Tree]) -> Tree:
    left, right = pair
    return f"{left[0]}||{right[0]}", lambda values: left[1](values) or right[1](values)


trees: st.SearchStrategy[Tree] = st.recursive(
    st.sampled_from(IDS).map(_leaf),
    lambda inner: st.one_of(
        inner.map(_negated),
        st.tuples(inner, inner).map(_both),
        st.tuples(inner, inner).map(_either),
    ),
    max_leaves=8,
)


@given(trees, st.fixed_dictionaries({key: st.booleans() for key in IDS}))
def test_agrees_with_pythons_logic(tree: Tree, values: Values) -> None:
    source, meaning = tree
    assert parse_expression(source, set(IDS)).holds(values) is meaning(values)
