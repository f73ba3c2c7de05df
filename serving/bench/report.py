"""Figures of a benchmark beside their goals, as a table to read and as JSON."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from rich import box
from rich.table import Table
from rich.text import Text

Unit = Literal["%", "share", "×", "GiB", "count", "s"]

_HOLDS = {"<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure should reach."""

    relation: Literal["<=", ">="]
    value: float

    def met_by(self, value: float) -> bool:
        """Tell whether a measured value reaches the goal."""
        return bool(_HOLDS[self.relation](value, self.value))


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `of` says over what it was measured."""

    name: str
    value: float
    unit: Unit
    of: str
    goal: Goal | None = None
    reference: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached, None where there is none."""
        return self.goal.met_by(self.value) if self.goal else None


def figures_table(title: str, figures: Iterable[Figure]) -> Table:
    """Return the figures as a table."""
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for header in ("指标", "实测", "目标", "参照", "样本"):
        table.add_column(header, justify="right" if header in ("实测", "目标") else "left")
    for figure in figures:
        style = {True: "green", False: "bold red", None: ""}[figure.met]
        goal = figure.goal
        table.add_row(
            figure.name,
            Text(_shown(figure.value, figure.unit), style=style),
            f"{_RELATIONS[goal.relation]} {_shown(goal.value, figure.unit)}" if goal else "",
            figure.reference,
            figure.of,
        )
    return table


def figures_json(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """Return the figures as plain data."""
    return [asdict(figure) | {"met": figure.met} for figure in figures]


_RELATIONS = {"<=": "≤", ">=": "≥"}


def _shown(value: float, unit: Unit) -> str:
    match unit:
        case "%":
            return f"{value:.1f}%"
        case "share":
            return f"{value:.3f}"
        case "count":
            return f"{value:g}"
        case "×":
            return f"{value:.1f}×"
    return f"{value:.2f} {unit}"


def percentile(values: Sequence[float], percent: float) -> float:
    """Return what `percent` of the values stay below, not a number where there are none."""
    return float(np.percentile(values, percent)) if values else float("nan")
