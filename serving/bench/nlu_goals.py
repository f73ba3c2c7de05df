"""Which data set a hotline is measured on, and what is to be reached there.

Reference figures are a linear SVM's over character n-grams; that of category paths counts only
paths with ten tickets and more, as agencies do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from serving.bench.report import Goal


@dataclass(frozen=True, slots=True)
class Aim:
    """A goal and the reference beside it."""

    goal: Goal | None = None
    reference: str = ""


NO_AIM = Aim()


@dataclass(frozen=True, slots=True)
class DataSet:
    """Ticket files `<stem>.train/dev.jsonl.gz`, where they keep what, and the aims by figure."""

    stem: str
    columns: Mapping[str, str] = field(default_factory=dict)
    aims: Mapping[str, Aim] = field(default_factory=dict)

    def aim(self, figure: str) -> Aim:
        """Return what a figure is to reach."""
        return self.aims.get(figure, NO_AIM)


_HAIKOU = {
    "agency top-1": Aim(Goal(">=", 0.85), "0.762"),
    "agency top-3": Aim(Goal(">=", 0.96), "0.893"),
    "agency top-1, haikou-full": Aim(Goal(">=", 0.88), "0.806"),
    "agency top-3, haikou-full": Aim(Goal(">=", 0.97), "0.926"),
    "request type": Aim(Goal(">=", 0.91), "0.859"),
    "category, first level": Aim(None, "0.526"),
    "category path of 3 levels": Aim(Goal(">=", 0.60)),
    "category path of 3 levels, frequent": Aim(Goal(">=", 0.60), "0.445"),
    "district": Aim(Goal(">=", 0.95), "0.804"),
    "street": Aim(Goal(">=", 0.80), "0.459"),
}
_SHANGHAI = {
    "agency top-1": Aim(Goal(">=", 0.68), "0.564"),
    "agency top-3": Aim(Goal(">=", 0.82), "0.709"),
}
_SMART_GOV = {"category, macro-F1": Aim(Goal(">=", 0.95), "0.916")}

_KNOWN = {
    "haikou": DataSet("haikou_tickets", aims=_HAIKOU),
    "shanghai": DataSet("shanghai_letters", aims=_SHANGHAI),
    "smart_gov": DataSet(
        "taidi_messages",
        {"title": "topic", "content": "text", "category": "label"},
        _SMART_GOV,
    ),
}


def data_set(profile: str) -> DataSet:
    """Return what a profile is measured on: `<profile>_tickets` where nothing else is known."""
    return _KNOWN.get(profile) or DataSet(f"{profile}_tickets")
