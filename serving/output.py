"""Results written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path

from serving.errors import OutputError

TEMPORARY_PREFIX = ".jiesu-"
"""Names of files still being written start like this; a run killed meanwhile leaves them."""


def write_atomically(path: Path, text: str) -> None:
    """Write a UTF-8 file so that a reader, or a crash, sees the old state or the new one.

    Raises `OutputError` when the place cannot be written or the disk is full; nothing is
    left behind then.
    """
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, dir=path.parent)
    except OSError as error:
        raise output_error(path, error) from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp keeps its file to the owner; results follow the user's umask.
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        if isinstance(error, OSError):
            raise output_error(path, error) from error
        raise
    sync_folder(path.parent)


def check_writable(path: Path) -> None:
    """Raise `OutputError` now if `path` could not be written later, after the work is done."""
    folder = path.parent
    if path.is_dir():
        raise OutputError(f"{path} is a folder; name a file in it")
    if not folder.is_dir():
        raise OutputError(f"{folder} is not a folder; create it first or choose another place")
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, dir=folder)
    except OSError as error:
        raise output_error(path, error) from error
    os.close(descriptor)
    Path(temporary).unlink()


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems cannot sync a folder
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def output_error(path: Path, error: OSError) -> OutputError:
    """Say why `path` could not be written and what to do about it."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            remedy = "the disk is full; free some space or choose another place, then run again"
        case errno.EROFS:
            remedy = "the file system is read-only; choose another place"
        case errno.EACCES | errno.EPERM:
            remedy = "no permission to write there; choose another place or change its owner"
        case errno.ENOENT | errno.ENOTDIR:
            remedy = "its folder does not exist; create it or choose another place"
        case _:
            remedy = f"{error.strerror or error}; choose another place"
    return OutputError(f"cannot write {path}: {remedy}")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
