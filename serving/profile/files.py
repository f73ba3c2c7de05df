"""What a profile's files may say beyond what the rooms read: what is shared, what repeats.

The rooms get the result: one taxonomy, one directory, every agency by name
(`serving.profile.sharing`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from nlu.profile import Agency, AgencyLevel, Duty

_STRICT: dict[str, Any] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Counterpart:
    """A unit that every district (or town) has one of: 谯城区教育局, 涡阳县教育局 …

    `name` and `aliases` hold `{place}` for the division's name, or `{stem}` for it without
    县, 区, 镇 …; a town's may hold `{district}` too. `named` gives the name where a division's
    unit is called otherwise; `without` lists divisions that have none; `endings` limits it to
    divisions whose names end so (towns have a 人民政府, streets an office of their own name).
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    name: str
    function: str
    also: tuple[str, ...] = ()
    level: AgencyLevel | None = None
    aliases: tuple[str, ...] = ()
    named: dict[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()

    def covers(self, division: str, *, within: str = "") -> bool:
        """Tell whether a division (of the district `within`) has such a unit."""
        names = {division, within, f"{within}/{division}"}
        return not names & set(self.without) and division.endswith(self.endings or ("",))


@dataclass(frozen=True, slots=True)
class AgenciesFile:
    """`agencies.yaml`: units by name, and those that repeat from district to district."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    agencies: tuple[Agency, ...]
    each_district: tuple[Counterpart, ...] = ()
    each_town: tuple[Counterpart, ...] = ()


@dataclass(frozen=True, slots=True)
class TaxonomyFile:
    """`taxonomy.yaml`. With `extends_base`, what is not said here is as the base has it.

    The base's categories come after those of this file, as far as a matter of the directory
    is filed under them. `given` says that the tree comes from elsewhere (labels of a data set, a
    national scheme), so that it may have categories without a matter.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    categories: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    request_types: tuple[str, ...] = ()
    request_cues: dict[str, tuple[str, ...]] = field(default_factory=dict)
    usual_request_type: str | None = None
    extends_base: bool = False
    given: bool = False


@dataclass(frozen=True, slots=True)
class DirectoryFile:
    """`directory.yaml`. With `extends_base` the base's matters hold too.

    A matter that stands here replaces the base's of the same name; those in `without` are
    left out. `levels` says at which level this hotline has the units of a function, where
    that differs from the base.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    valid_from: str
    duties: tuple[Duty, ...]
    extends_base: bool = False
    levels: dict[str, AgencyLevel] = field(default_factory=dict)
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HotwordsFile:
    """`hotwords.yaml`. With `extends_base` the base's words come after those of this file."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT

    hotwords: tuple[str, ...]
    extends_base: bool = False
