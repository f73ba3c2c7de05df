"""What the nlu room knows of one hotline: labels, agencies, duties, places, hotwords.

Plain frozen dataclasses, so that `pydantic.TypeAdapter(NluProfile)` validates a folder of
YAML straight into them; unknown keys are refused. One file of the folder fills one field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

AgencyLevel = Literal["region", "city", "district", "town", "enterprise", "outside"]
"""Who an agency is: of a region above its cities, of the city, of a district, of a town or street,
a company that serves the public, or one beyond the hotline's reach."""

_STRICT: dict[str, object] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The hotline's request types and its tree of categories, three levels deep."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT

    request_types: tuple[str, ...]
    categories: dict[str, dict[str, tuple[str, ...]]]
    request_cues: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Regular expressions over the caller's words by request type, where no model was trained;
    the first type with a hit is taken."""
    usual_request_type: str | None = None
    """The request type where none of the cues was said."""

    def paths(self) -> tuple[tuple[str, ...], ...]:
        """Every path from the top level down, in file order."""
        return tuple(
            (first, second, third)
            for first, seconds in self.categories.items()
            for second, thirds in seconds.items()
            for third in thirds
        )


@dataclass(frozen=True, slots=True)
class Agency:
    """A unit that tickets are sent to (承办单位).

    `function` is what it does, the same word for the city's unit and its district
    counterparts (城管, 物价 …); `jurisdiction` is the division it answers for: the city, a
    district, or `district/town`. `aliases` are names people use for it. `also` are further
    functions of a unit that does the work of several (大部制).
    """

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT

    name: str
    level: AgencyLevel
    function: str
    jurisdiction: str
    aliases: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def functions(self) -> tuple[str, ...]:
        """All it does, its main function first."""
        return (self.function, *self.also)


@dataclass(frozen=True, slots=True)
class Agencies:
    """The hotline's agencies, each once."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT

    agencies: tuple[Agency, ...]


@dataclass(frozen=True, slots=True)
class Duty:
    """One line of the dispatch directory (派单目录): a matter and who answers for it.

    Either `agency` names the unit, or `function` and `level` do, and the place of the matter
    decides which district's or town's unit it is. The matter is recognised by `words`
    (any one of them; `甲+乙` asks for both); `exclusions` are words that say it is another
    matter. `clause` states the duty, `clause_source` whether it is quoted or in our words.
    `assisting` units, by name or by function, are the next candidates. `category` is the path
    in taxonomy.yaml that such a matter is filed under where no model was trained.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT

    matter: str
    words: tuple[str, ...]
    clause: str
    agency: str | None = None
    function: str | None = None
    level: AgencyLevel = "city"
    exclusions: tuple[str, ...] = ()
    assisting: tuple[str, ...] = ()
    clause_source: Literal["quoted", "own"] = "own"
    category: tuple[str, ...] = ()
    direct: bool = False
    """直达基层: the unit that answers is clear, and levels above it are skipped."""


@dataclass(frozen=True, slots=True)
class Directory:
    """The dispatch directory, with the date from which it holds (`YYYY-MM-DD`)."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT

    valid_from: str
    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True)
class Street:
    """A town or street office (乡镇/街道) with its code; communities as `code name`."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT

    name: str
    code: str
    aliases: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class District:
    """A district or county (区/县); `city` is the one of `Places.cities` it lies in."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT

    name: str
    code: str
    streets: tuple[Street, ...] = ()
    aliases: tuple[str, ...] = ()
    city: str | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """The divisions of the hotline's city, and the landmarks people name.

    `cities` are the cities with their codes where one hotline answers for several, as a region's
    platform does; `city` then is the region.

    A landmark is `name kind district [street]`, parts separated by spaces, with `-` for a
    part that is not known or not single (a road may cross districts). Kinds: road, estate,
    school, site.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT

    province: str
    city: str
    city_code: str
    districts: tuple[District, ...]
    landmarks: tuple[str, ...] = ()
    cities: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hotwords:
    """Words the recogniser should expect, most important first."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT

    hotwords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NluProfile:
    """All of it. Field names are the file names: taxonomy.yaml, agencies.yaml …

    `extractor` names the trained weights (`models/weights/<extractor>.npz`); a hotline
    without its own data leaves it empty and works from its directory alone.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT

    name: str
    taxonomy: Taxonomy
    agencies: Agencies
    directory: Directory
    places: Places
    hotwords: Hotwords
    extractor: str | None = None
    dispatch_threshold: float = 0.08
    """Below this probability the agency goes to a person instead of onto the ticket."""
