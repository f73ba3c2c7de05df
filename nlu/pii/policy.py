"""Who may see what: the roles of a hotline, read from its profile or from roles.yaml here."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any, ClassVar, Literal

import yaml

from nlu.errors import UnknownRoleError
from nlu.pii.types import PII_KINDS, PiiKind

Shown = Literal["all", "part", "none"]
"""Readable, readable in part (surname, last four digits), or not at all."""

_STRICT: dict[str, Any] = {"extra": "forbid"}
_RANK: dict[Shown, int] = {"none": 0, "part": 1, "all": 2}


@dataclass(frozen=True, slots=True)
class Role:
    """What one role sees. A kind that `shows` does not name is not shown at all.

    `audio`: the recording may be heard, which tells everything. `decides`: may change the
    draft, overrule findings and submit. `confidential` is the most that is shown of a call
    whose caller asked to be kept confidential.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    name: str
    title: str
    shows: dict[PiiKind, Shown] = field(default_factory=dict)
    audio: bool = False
    decides: bool = False
    confidential: Shown = "none"

    def shown(self, kind: PiiKind, *, is_confidential: bool = False) -> Shown:
        """Return how much of a kind this role sees in a call."""
        usual = self.shows.get(kind, "none")
        if is_confidential:
            return min(usual, self.confidential, key=_RANK.__getitem__)
        return usual

    def sees_all(self, *, is_confidential: bool = False) -> bool:
        """Tell whether nothing is masked for this role."""
        return all(self.shown(kind, is_confidential=is_confidential) == "all" for kind in PII_KINDS)


@dataclass(frozen=True, slots=True)
class PrivacyPolicy:
    """The roles of a hotline."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    version: str
    roles: tuple[Role, ...]

    def role(self, name: str) -> Role:
        """Return a role; UnknownRoleError naming those there are."""
        for role in self.roles:
            if role.name == name:
                return role
        known = ", ".join(role.name for role in self.roles)
        raise UnknownRoleError(f"there is no role {name!r}; one of: {known}")


@lru_cache(maxsize=1)
def standard_policy() -> PrivacyPolicy:
    """Return the roles of roles.yaml, for hotlines that do not name their own."""
    data = yaml.safe_load(files("nlu.pii").joinpath("roles.yaml").read_text(encoding="utf-8"))
    return PrivacyPolicy(
        str(data["version"]),
        tuple(
            Role(**{key: value for key, value in role.items() if value is not None})
            for role in data["roles"]
        ),
    )
