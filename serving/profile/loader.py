"""Hotline profiles from their folders: found by name, read whole, refused with reasons."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from nlu.profile import Agencies, Directory, Hotwords, NluProfile, Places, Taxonomy
from serving.errors import ProfileError
from serving.profile.checks import check_trained_labels, cross_check
from serving.profile.document import Document, read_document
from serving.profile.model import Profile, ProfileHead
from serving.profile.problems import Problem
from serving.profile.validation import validate
from serving.provenance import folder_sha256
from ticket_draft.deadlines import DeadlineTable
from ticket_draft.rules import TicketRules
from ticket_draft.scoring.card import QACard
from ticket_draft.scoring.script import CallbackScript

T = TypeVar("T")

SHIPPED = Path(__file__).resolve().parent.parent / "profiles"
HEAD_FILE = "profile.yaml"


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
    taxonomy = reader.section("taxonomy", Taxonomy)
    agencies = reader.section("agencies", Agencies)
    directory = reader.section("directory", Directory)
    places = reader.section("places", Places)
    hotwords = reader.section("hotwords", Hotwords)
    tickets = reader.section("tickets", TicketRules)
    deadlines = reader.section("deadlines", DeadlineTable)
    qa = reader.section("qa", QACard)
    callback = reader.section("callback", CallbackScript)
    reader.refuse_unknown_files()
    if not (
        head and taxonomy and agencies and directory and places and hotwords
        and tickets and deadlines and qa and callback
    ):  # fmt: skip
        return ProfileReading(folder, None, tuple(sorted(reader.problems)))
    profile = Profile(
        name=head.name,
        title=head.title,
        version=head.version,
        content_hash=folder_sha256(folder),
        folder=folder,
        nlu=NluProfile(
            name=head.name,
            taxonomy=taxonomy,
            agencies=agencies,
            directory=directory,
            places=places,
            hotwords=hotwords,
            extractor=head.extractor,
            dispatch_threshold=head.dispatch_threshold,
        ),
        tickets=tickets,
        deadlines=deadlines,
        qa=qa,
        callback=callback,
    )
    problems = [*reader.problems, *cross_check(profile, reader.documents)]
    if with_weights:
        problems.extend(check_trained_labels(profile, reader.documents["profile"]))
    return ProfileReading(folder, profile, tuple(sorted(problems)))


class _Reader:
    """Reads the files of one profile and gathers their problems."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.documents: dict[str, Document] = {}
        self.problems: list[Problem] = []
        self._asked_for: list[str] = []

    def section(self, name: str, into: type[T]) -> T | None:
        """Read `<name>.yaml` into a configuration dataclass; None when it has problems."""
        path = self.folder / f"{name}.yaml"
        self._asked_for.append(path.name)
        if not path.is_file():
            self.problems.append(Problem(path, 0, "is missing; every profile needs this file"))
            return None
        document = read_document(path)
        self.documents[name] = document
        if document.problems:
            self.problems.extend(document.problems)
            return None
        data: Any = {} if document.data is None else document.data
        value, problems = validate(document, data, into)
        self.problems.extend(problems)
        return value

    def refuse_unknown_files(self) -> None:
        """A misspelt file name must not go unnoticed."""
        for path in sorted(self.folder.glob("*.y*ml")):
            if path.name not in self._asked_for:
                known = ", ".join(self._asked_for)
                self.problems.append(Problem(path, 0, f"is no file of a profile; known: {known}"))
