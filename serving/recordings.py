"""The folder of recordings."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from serving.output import output_error

log = logging.getLogger(__name__)

_PARTIAL_SUFFIX = ".part"
_ABANDONED_S = 24 * 3600


class Recordings:
    """Files named by us, so that no name from outside becomes a path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self) -> None:
        """Create the folder and clear away uploads that a crash cut off; raises OutputError.

        Young ones stay: another process that shares the folder may still be writing them.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for partial in self.folder.glob(f"*{_PARTIAL_SUFFIX}"):
                if time.time() - partial.stat().st_mtime > _ABANDONED_S:
                    partial.unlink()
        except OSError as error:
            raise output_error(self.folder, error) from error

    def path(self, name: str) -> Path:
        """Return where the recording of this name lies."""
        if Path(name).name != name or name in ("", ".", ".."):
            raise ValueError(f"{name!r} is not the name of a recording")
        return self.folder / name

    def partial(self, name: str) -> Path:
        """Return where a recording is written until it is complete."""
        return self.path(name + _PARTIAL_SUFFIX)

    def complete(self, name: str) -> Path:
        """Give a recording that is completely written its name; raises OutputError."""
        path = self.path(name)
        try:
            return self.partial(name).replace(path)
        except OSError as error:
            raise output_error(path, error) from error

    def delete(self, name: str) -> None:
        """Remove a recording; one that is gone already is no error."""
        try:
            self.path(name).unlink(missing_ok=True)
        except OSError:
            log.exception("a recording could not be deleted; remove it by hand")
