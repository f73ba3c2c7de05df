"""The record a pull leaves in a model's folder, and the check of the folder against it.

The record (`jiesu.lock.json`) holds hash, size and time of every file. A folder whose
files still have the recorded size and time is taken as it is; one whose times moved (a
copy, a restored backup) is hashed again. Where the registry pins a hash the record
must agree with it; where it does not, the record of the first pull is what counts
(trust on first use).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from models.catalogue import FileSpec
from models.errors import HashMismatchError, ModelMissingError

LOCK_NAME = "jiesu.lock.json"
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class LockedFile:
    """What a file was when it landed; `mtime_ns` only saves hashing it again."""

    sha256: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Lock:
    """What a pull left behind: the source it came from and every file.

    `made_from` maps the parents of a derived model (base, adapter files) to hashes.
    """

    model: str
    source: str
    files: Mapping[str, LockedFile]
    made_from: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """16 hex digits over the names and hashes of all files."""
        lines = (f"{name} {self.files[name].sha256}\n" for name in sorted(self.files))
        return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]


def hash_file(path: Path, on_bytes: Callable[[int], None] | None = None) -> str:
    """Return the SHA-256 of a file in hex, reporting the bytes of each chunk read."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
            if on_bytes is not None:
                on_bytes(len(chunk))
    return digest.hexdigest()


def model_files(folder: Path) -> Iterator[str]:
    """Yield the model's files below `folder` as sorted POSIX paths, without the record.

    Hidden files and folders are the hub libraries' own bookkeeping and are left out.
    """
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in name.parts)
        if path.is_file() and not hidden and name.as_posix() != LOCK_NAME:
            yield name.as_posix()


def make_lock(
    model: str,
    source: str,
    folder: Path,
    made_from: Mapping[str, str] | None = None,
    on_bytes: Callable[[int], None] | None = None,
) -> Lock:
    """Hash everything in `folder` into a record."""
    files = {}
    for name in model_files(folder):
        path = folder / name
        stat = path.stat()
        files[name] = LockedFile(hash_file(path, on_bytes), stat.st_size, stat.st_mtime_ns)
    return Lock(model, source, files, dict(made_from or {}))


def write_lock(lock: Lock, folder: Path) -> None:
    """Write the record into the folder."""
    text = json.dumps(asdict(lock), indent=1, ensure_ascii=False, sort_keys=True)
    (folder / LOCK_NAME).write_text(text + "\n", encoding="utf-8")


def read_lock(folder: Path) -> Lock | None:
    """Return the folder's record, None when it has none or it is unreadable."""
    try:
        raw = json.loads((folder / LOCK_NAME).read_text(encoding="utf-8"))
        files = {name: LockedFile(**fields) for name, fields in raw["files"].items()}
        return Lock(raw["model"], raw["source"], files, raw["made_from"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def check_pins(lock: Lock, pins: Mapping[str, FileSpec]) -> None:
    """Hold a record against the registry; raise on the first file that differs."""
    for name, spec in pins.items():
        locked = lock.files.get(name)
        if locked is None:
            raise ModelMissingError(f"{lock.model}: the file {name} is missing")
        if spec.size is not None and locked.size != spec.size:
            raise HashMismatchError(
                f"{lock.model}: {name} has {locked.size} bytes, the registry says {spec.size}"
            )
        if spec.sha256 is not None and locked.sha256 != spec.sha256:
            raise HashMismatchError(
                f"{lock.model}: {name} has SHA-256 {locked.sha256}, the registry says {spec.sha256}"
            )


def check_folder(
    lock: Lock,
    folder: Path,
    *,
    rehash: bool,
    on_bytes: Callable[[int], None] | None = None,
) -> None:
    """Hold the files of `folder` against its record.

    With `rehash` every file is read; without, only those whose time has changed.
    Raises ModelMissingError for an absent file, HashMismatchError for a changed one.
    """
    for name, locked in lock.files.items():
        path = folder / name
        try:
            stat = path.stat()
        except OSError:
            raise ModelMissingError(f"{lock.model}: the file {path} is gone") from None
        if stat.st_size != locked.size:
            raise HashMismatchError(
                f"{lock.model}: {path} has {stat.st_size} bytes instead of {locked.size}"
            )
        unchanged = stat.st_mtime_ns == locked.mtime_ns and not rehash
        if not unchanged and hash_file(path, on_bytes) != locked.sha256:
            raise HashMismatchError(f"{lock.model}: {path} is not the file that was pulled")
