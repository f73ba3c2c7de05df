"""Models by name: where they are, whether they are whole, and how to get them.

    folder = registry.resolve("whisper-base")  # verified, or an error that says what to do
    registry.pull("whisper-base")              # fetches what is missing

The folder of models is `JIESU_MODELS_DIR`, else the user's cache folder. Nothing but
`pull` uses the network.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path

from models.catalogue import ModelEntry, Registry, load_registry
from models.errors import HashMismatchError, ModelMissingError, ModelsError
from models.fetch import (
    MIRROR_VARIABLE,
    OnPull,
    Progress,
    derive,
    fetch,
    pull_lock,
)
from models.lockfile import Lock, check_folder, check_pins, hash_file, make_lock, read_lock

FOLDER_VARIABLE = "JIESU_MODELS_DIR"

_RECIPE = "merged, then trimmed to Chinese"
"""How a derived model is made; another recipe makes it anew."""

State = Literal["ready", "missing", "damaged"]


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A line of `jiesu models list`; `fault` says why a model is not ready."""

    name: str
    entry: ModelEntry
    folder: Path
    state: State
    fingerprint: str | None
    fault: str | None


def models_folder() -> Path:
    """Return the folder that holds one folder per model; it need not exist yet."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    return Path(chosen).expanduser() if chosen else user_cache_path("jiesu") / "models"


@dataclass(frozen=True, slots=True)
class ModelStore:
    """A registry and the folder in which its models lie.

    `mirror` is a folder of models that a pull looks into before any other source.
    """

    registry: Registry
    folder: Path
    mirror: Path | None = None

    def resolve(self, name: str) -> Path:
        """Return the model's verified folder.

        Raises UnknownModelError, ModelMissingError (pull it), HashMismatchError (a file
        was changed since it landed; pull it again).
        """
        self._check(name, rehash=False)
        return self.folder / name

    def verify(self, name: str) -> Lock:
        """Hash every file of the model; raise as `resolve` does, return its record."""
        return self._check(name, rehash=True)

    def fingerprint(self, name: str) -> str:
        """Return `name@16 hex digits` over all files, for the provenance of results."""
        return f"{name}@{self._check(name, rehash=False).fingerprint}"

    def pull(self, name: str, progress: OnPull | None = None) -> Path:
        """Make the model ready and return its folder; nothing is done if it is already.

        Raises what `models.fetch.fetch` raises.
        """
        entry = self.registry.entry(name)
        on_pull = progress or _silent
        if self._is_whole(name):
            return self.folder / name
        with pull_lock(name, self.folder, on_pull):
            if self._is_whole(name):
                return self.folder / name
            if entry.base is None or entry.adapter_file is None:
                fetch(name, entry, self.folder, self.mirror, on_pull)
            else:
                self._derive(name, entry.base, entry.adapter_file, on_pull)
        return self.folder / name

    def status(self) -> tuple[ModelStatus, ...]:
        """Return every model of the registry with its state, in the registry's order."""
        return tuple(self._status(name, entry) for name, entry in self.registry.models.items())

    def _status(self, name: str, entry: ModelEntry) -> ModelStatus:
        state: State = "ready"
        fault = None
        print_ = None
        try:
            print_ = self._check(name, rehash=False).fingerprint
        except ModelMissingError as error:
            state, fault = "missing", str(error)
        except ModelsError as error:
            state, fault = "damaged", str(error)
        return ModelStatus(name, entry, self.folder / name, state, print_, fault)

    def _is_whole(self, name: str) -> bool:
        try:
            self.verify(name)
        except (ModelMissingError, HashMismatchError):
            return False
        return True

    def _check(self, name: str, *, rehash: bool) -> Lock:
        entry = self.registry.entry(name)
        folder = self.folder / name
        if not folder.is_dir():
            raise ModelMissingError(
                f"the model {name} is not on this machine; run `jiesu models pull {name}`"
            )
        try:
            lock = read_lock(folder)
            if lock is None:
                return self._adopt(name, entry, folder)
            check_pins(lock, entry.files)
            check_folder(lock, folder, rehash=rehash)
            self._check_parents(name, entry, lock)
        except (ModelMissingError, HashMismatchError) as error:
            raise type(error)(f"{error}; run `jiesu models pull {name}`") from error
        return lock

    def _adopt(self, name: str, entry: ModelEntry, folder: Path) -> Lock:
        """Accept a folder without a record only where the registry vouches for every file."""
        if not entry.pinned:
            raise ModelMissingError(f"{folder} was not put there by a pull and cannot be checked")
        lock = make_lock(name, "put there by hand", folder)
        check_pins(lock, entry.files)
        return lock

    def _check_parents(self, name: str, entry: ModelEntry, lock: Lock) -> None:
        """A derived model must have been made from the adapter that is shipped now."""
        adapter = entry.adapter_file
        if adapter is None or not adapter.is_file():
            return
        if lock.made_from.get("adapter") != hash_file(adapter):
            raise ModelMissingError(f"{name} was made from an adapter of another version")
        if lock.made_from.get("recipe") != _RECIPE:
            raise ModelMissingError(f"{name} was made by an older version of this software")

    def _derive(self, name: str, base: str, adapter: Path, on_pull: OnPull) -> None:
        if not adapter.is_file():
            raise ModelMissingError(
                f"{name}: this installation lacks its adapter {adapter}; "
                f"use {base}, or install a release that has it"
            )
        origin = self.pull(base, on_pull)
        made_from = {
            "adapter": hash_file(adapter),
            "recipe": _RECIPE,
            base: self.verify(base).fingerprint,
        }
        derive(name, self.folder, made_from, _merger(origin, adapter), on_pull)


def _merger(base: Path, adapter: Path) -> Callable[[Path], None]:
    def build(merged: Path) -> None:
        from models.recogniser.merge import merge_adapter
        from models.recogniser.trim import trim_folder

        merge_adapter(base, adapter, merged)
        trim_folder(merged)

    return build


def _silent(progress: Progress) -> None:
    pass


@cache
def _registry() -> Registry:
    return load_registry()


def store(mirror: Path | None = None) -> ModelStore:
    """Return the shipped registry over the current models folder.

    Without `mirror` the folder that `JIESU_MODELS_MIRROR` names is used, if any.
    """
    if mirror is None and (named := os.environ.get(MIRROR_VARIABLE)):
        mirror = Path(named).expanduser()
    return ModelStore(_registry(), models_folder(), mirror)


def resolve(name: str) -> Path:
    """Return the verified folder of a model of the shipped registry; see `ModelStore`."""
    return store().resolve(name)


def pull(name: str, progress: OnPull | None = None) -> Path:
    """Make a model of the shipped registry ready; see `ModelStore`."""
    return store().pull(name, progress)


def verify(name: str) -> Lock:
    """Hash every file of a model of the shipped registry; see `ModelStore`."""
    return store().verify(name)


def fingerprint(name: str) -> str:
    """Return `name@hash` of a model of the shipped registry, for provenance."""
    return store().fingerprint(name)


def list_models() -> tuple[ModelStatus, ...]:
    """Return every model of the shipped registry with its state on this machine."""
    return store().status()


def default_models() -> tuple[str, ...]:
    """Return the names that `jiesu models pull` brings when none is given."""
    return tuple(name for name, entry in _registry().models.items() if entry.default)
