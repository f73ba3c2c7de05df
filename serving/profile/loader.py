"""Hotline profiles from their folders: found by name, read whole, refused with reasons."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from asr.dialects import DialectPlan
from nlu.pii.policy import standard_policy
from nlu.profile import NluProfile, Places
from serving.errors import ProfileError
from serving.profile.checks import check_trained_labels, cross_check
from serving.profile.document import Document, read_document
from serving.profile.files import AgenciesFile, DirectoryFile, HotwordsFile, TaxonomyFile
from serving.profile.model import Profile, ProfileHead
from serving.profile.problems import Problem
from serving.profile.sharing import (
    Origins,
    all_agencies,
    check_counterparts,
    check_sharing,
    whole_directory,
    whole_hotwords,
    whole_taxonomy,
    whole_tickets,
)
from serving.profile.validation import validate
from serving.provenance import folder_sha256
from ticket_draft.deadlines import DeadlineTable
from ticket_draft.rules import TicketRules
from ticket_draft.scoring.card import QACard
from ticket_draft.scoring.script import CallbackScript
from ticket_draft.scoring.writing_card import standard_card

T = TypeVar("T")

Complete = Callable[[Any], Any]
"""Adds to a file's data what the base has."""

SHIPPED = Path(__file__).resolve().parent.parent / "profiles"
HEAD_FILE = "profile.yaml"


class Extending(Protocol):
    """A file that may add to its base's."""

    @property
    def extends_base(self) -> bool:
        """Tell whether it does."""


@dataclass(frozen=True, slots=True)
class ProfileReading:
    """What came of reading a profile's folder: a profile, or what is wrong with it."""

    folder: Path
    profile: Profile | None
    problems: tuple[Problem, ...]


def available_profiles(profiles_dir: Path | None = None) -> dict[str, Path]:
    """Return the folders of all profiles by name; the user's own come before shipped ones.

    Raises `ProfileError` when `profiles_dir` is not a folder.
    """
    found: dict[str, Path] = {}
    if profiles_dir is not None and not profiles_dir.is_dir():
        raise ProfileError(f"{profiles_dir} (JIESU_PROFILES_DIR) is not a folder; correct it")
    for parent in (profiles_dir, SHIPPED):
        if parent is None:
            continue
        for head in sorted(parent.glob(f"*/{HEAD_FILE}")):
            found.setdefault(head.parent.name, head.parent)
    return found


def find_profile(name_or_folder: str, profiles_dir: Path | None = None) -> Path:
    """Return the folder of a profile; raises `ProfileError` listing the names there are."""
    known = available_profiles(profiles_dir)
    if name_or_folder in known:
        return known[name_or_folder]
    folder = Path(name_or_folder)
    if (folder / HEAD_FILE).is_file():
        return folder
    if folder.is_dir():
        raise ProfileError(f"{folder} is not a profile: it has no {HEAD_FILE}")
    raise ProfileError(
        f"no profile {name_or_folder!r}; give the folder of one, or one of: "
        + (", ".join(sorted(known)) or "(none found)")
    )


def load_profile(name_or_folder: str, profiles_dir: Path | None = None) -> Profile:
    """Return a checked profile.

    Raises `ProfileError`, whose message has one line for each thing wrong, with file and
    line.
    """
    reading = read_profile(find_profile(name_or_folder, profiles_dir))
    if reading.profile is None or reading.problems:
        lines = "\n".join(f"  {problem}" for problem in reading.problems)
        raise ProfileError(f"the profile {reading.folder} cannot be used:\n{lines}")
    return reading.profile


def read_profile(folder: Path, *, with_weights: bool = False) -> ProfileReading:
    """Read a profile's folder and collect everything that is wrong with it.

    `with_weights` also holds the taxonomy against the labels the extractor was trained on;
    otherwise that happens when the extractor is loaded.
    """
    reader = _Reader(folder)
    head = reader.section("profile", ProfileHead)
    if head and head.base:
        reader.use_base(head.base)
    places = reader.section("places", Places)
    agencies = reader.section("agencies", AgenciesFile)
    directory = reader.section("directory", DirectoryFile)
    taxonomy = reader.section("taxonomy", TaxonomyFile)
    hotwords = reader.section("hotwords", HotwordsFile)
    tickets = reader.tickets()
    deadlines = reader.section("deadlines", DeadlineTable)
    qa = reader.section("qa", QACard)
    callback = reader.section("callback", CallbackScript)
    privacy = reader.optional("privacy", standard_policy())
    dialects = reader.optional("recognition", DialectPlan())
    writing = reader.optional("writing", standard_card())
    reader.refuse_unknown_files()
    if not (
        head and taxonomy and agencies and directory and places and hotwords
        and tickets and deadlines and qa and callback
    ):  # fmt: skip
        return ProfileReading(folder, None, tuple(sorted(set(reader.problems))))
    shared = reader.shared(directory, "directory", DirectoryFile)
    units, agency_origins = all_agencies(agencies, places, reader.documents["agencies"])
    whole, duty_origins = whole_directory(
        directory,
        reader.documents["directory"],
        shared,
        reader.base_documents.get("directory"),
        units,
    )
    profile = Profile(
        name=head.name,
        title=head.title,
        version=head.version,
        content_hash=reader.content_hash(),
        folder=folder,
        nlu=NluProfile(
            name=head.name,
            taxonomy=whole_taxonomy(
                taxonomy, reader.shared(taxonomy, "taxonomy", TaxonomyFile), whole
            ),
            agencies=units,
            directory=whole,
            places=places,
            hotwords=whole_hotwords(hotwords, reader.shared(hotwords, "hotwords", HotwordsFile)),
            extractor=head.extractor,
            dispatch_threshold=head.dispatch_threshold,
        ),
        tickets=tickets,
        deadlines=deadlines,
        qa=qa,
        callback=callback,
        dialects=dialects,
        privacy=privacy,
        writing=writing,
    )
    problems = [
        *reader.problems,
        *check_sharing(directory, reader.documents["directory"], shared),
        *check_counterparts(agencies, places, reader.documents["agencies"]),
        *cross_check(profile, reader.documents, Origins(agency_origins, duty_origins)),
    ]
    if with_weights:
        problems.extend(check_trained_labels(profile, reader.documents["profile"]))
    return ProfileReading(folder, profile, tuple(sorted(set(problems))))


def _as_is(data: Any) -> Any:
    return data


class _Reader:
    """Reads the files of one profile and of its base, and gathers their problems."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.base: Path | None = None
        self.documents: dict[str, Document] = {}
        self.base_documents: dict[str, Document] = {}
        self.problems: list[Problem] = []
        self._asked_for: list[str] = []

    def use_base(self, name: str) -> None:
        """Take what is missing from a folder beside this one, or one that is shipped."""
        for parent in (self.folder.resolve().parent, SHIPPED):
            if (parent / name).is_dir() and parent / name != self.folder.resolve():
                self.base = parent / name
                return
        self.problems.append(
            self.documents["profile"].problem(
                ("base",), f"the base {name!r} is no folder beside this one and none is shipped"
            )
        )

    def content_hash(self) -> str:
        """Return one hash over everything the profile is made of."""
        own = folder_sha256(self.folder)
        if self.base is None:
            return own
        return hashlib.sha256((own + folder_sha256(self.base)).encode()).hexdigest()

    def section(self, name: str, into: type[T], complete: Complete = _as_is) -> T | None:
        """Read `<name>.yaml`, the base's where there is none; None when it has problems."""
        path = self.folder / f"{name}.yaml"
        self._asked_for.append(path.name)
        if self.base is not None and not path.is_file():
            path = self.base / path.name
        if not path.is_file():
            path = self.folder / path.name
            self.problems.append(Problem(path, 0, "is missing; every profile needs this file"))
            return None
        return self._read(path, self.documents, into, complete)

    def tickets(self) -> TicketRules | None:
        """Read `tickets.yaml`; where it extends the base's, both as one."""
        return self.section("tickets", TicketRules, lambda data: self._with_base_tickets(data))

    def _with_base_tickets(self, data: Any) -> Any:
        if not isinstance(data, dict) or not data.get("extends_base"):
            return data
        base = self.base / "tickets.yaml" if self.base else None
        if base is None or not base.is_file():
            self.problems.append(self._nothing_to_extend("tickets"))
            return data
        document = self.base_documents["tickets"] = read_document(base)
        self.problems.extend(document.problems)
        return whole_tickets(data, document.data)

    def optional(self, name: str, standard: T) -> T:
        """Read `<name>.yaml` where the profile or its base has it; else what is standard."""
        places = [folder / f"{name}.yaml" for folder in (self.folder, self.base) if folder]
        if any(path.is_file() for path in places):
            return self.section(name, type(standard)) or standard
        self._asked_for.append(f"{name}.yaml")
        return standard

    def shared(self, own: Extending, name: str, into: type[T]) -> T | None:
        """Read the base's file where the profile's own extends it."""
        if not own.extends_base:
            return None
        path = self.base / f"{name}.yaml" if self.base else None
        if path is None or not path.is_file() or path == self.documents[name].path:
            self.problems.append(self._nothing_to_extend(name))
            return None
        return self._read(path, self.base_documents, into)

    def _nothing_to_extend(self, name: str) -> Problem:
        return self.documents[name].problem(
            ("extends_base",),
            f"there is no {name}.yaml of a base to extend; name a `base` in profile.yaml that "
            "has one, or remove this line",
        )

    def _read(
        self, path: Path, documents: dict[str, Document], into: type[T], complete: Complete = _as_is
    ) -> T | None:
        document = read_document(path)
        documents[path.stem] = document
        if document.problems:
            self.problems.extend(document.problems)
            return None
        value, problems = validate(document, complete(document.data or {}), into)
        self.problems.extend(problems)
        return value

    def refuse_unknown_files(self) -> None:
        """A misspelt file name must not go unnoticed."""
        for path in sorted(self.folder.glob("*.y*ml")):
            if path.name not in self._asked_for:
                known = ", ".join(self._asked_for)
                self.problems.append(Problem(path, 0, f"is no file of a profile; known: {known}"))
