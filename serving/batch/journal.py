"""The output folder of a batch: results, one journal, one writer at a time.

A result file is written whole or not at all and becomes visible before its journal line.
So after a kill at any moment each call is either untouched, or has its whole result: a
result without a line is taken over when the job goes on, and nothing is done twice.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from serving.clock import CHINA_TIME
from serving.errors import OutputError
from serving.output import TEMPORARY_PREFIX, output_error, sync_folder, write_atomically

JOURNAL_NAME = "journal.jsonl"
_LOCK_NAME = ".lock"
_NAME_BYTES = 200
_UNSAFE = frozenset('%/\\:*?"<>|\x7f')  # letters of any script stay readable

Status = Literal["done", "failed"]


class BatchFolder:
    """Results and journal of one batch; made by `open_batch_folder`, which holds its lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._journal = folder / JOURNAL_NAME
        self._status: dict[str, Status] = {}
        self.last_run: dict[str, Any] | None = None
        """What `record_run` noted when the job last started; None before the first start."""
        self._remove_leftovers()
        self._read_journal()

    @property
    def has_outcomes(self) -> bool:
        """Whether an earlier run got as far as finishing a call."""
        return bool(self._status)

    def status(self, call_id: str) -> Status | None:
        """Return how a call ended, None when it has not been processed.

        A whole result that an earlier run left without a journal line is entered now.
        """
        if self.last_run and call_id not in self._status and self._has_whole_result(call_id):
            self._append({"event": "done", "call_id": call_id, "adopted": True})
            self._status[call_id] = "done"
        return self._status.get(call_id)

    def record_run(self, **facts: Any) -> None:
        """Note that the job starts or goes on, and with what."""
        self._append({"event": "run", **facts})

    def record_done(self, call_id: str, text: str, **facts: Any) -> None:
        """Write a call's result, then its journal line."""
        path = self.result_path(call_id)
        write_atomically(path, text)
        self._append({"event": "done", "call_id": call_id, "result": path.name, **facts})
        self._status[call_id] = "done"

    def record_failed(self, call_id: str, **facts: Any) -> None:
        """Note that a call could not be processed, and why."""
        self._append({"event": "failed", "call_id": call_id, **facts})
        self._status[call_id] = "failed"

    def result_path(self, call_id: str) -> Path:
        """Return where a call's result stands; characters no file name may hold are quoted."""
        name = "".join(quote(c, safe="") if c in _UNSAFE or c < " " else c for c in call_id)
        if name.startswith("."):
            name = "%2E" + name[1:]
        if len(name.encode()) > _NAME_BYTES:
            raise OutputError(
                f"call_id {call_id[:40]!r}… is too long for a file name; give a shorter one "
                "in the list's column call_id"
            )
        return self._folder / f"{name}.json"

    def _has_whole_result(self, call_id: str) -> bool:
        path = self.result_path(call_id)
        if not path.is_file():
            return False
        try:
            result = json.loads(path.read_text(encoding="utf-8"))
        except (UnicodeDecodeError, json.JSONDecodeError):
            return False
        return isinstance(result, dict) and result.get("call_id") == call_id

    def _remove_leftovers(self) -> None:
        for path in self._folder.glob(f"{TEMPORARY_PREFIX}*"):
            path.unlink()

    def _read_journal(self) -> None:
        if not self._journal.exists():
            return
        data = self._journal.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                entry = json.loads(line)
                event = entry["event"]
                if event == "run":
                    self.last_run = entry
                else:
                    self._status[entry["call_id"]] = event
            except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
                raise OutputError(
                    f"{self._journal}:{number} is damaged; delete that line (its call is then "
                    "looked up among the results) or choose another output folder"
                ) from error
        if len(whole) < len(data):  # a kill while a line was being written
            os.truncate(self._journal, len(whole))

    def _append(self, entry: dict[str, Any]) -> None:
        stamped = {"at": datetime.now(CHINA_TIME).isoformat(timespec="seconds"), **entry}
        line = json.dumps(stamped, ensure_ascii=False) + "\n"
        size = self._journal.stat().st_size if self._journal.exists() else None
        try:
            with self._journal.open("ab") as file:
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            if size is not None:  # half a line on a full disk would be joined by the next
                os.truncate(self._journal, size)
            raise output_error(self._journal, error) from error
        if size is None:
            sync_folder(self._folder)


@contextmanager
def open_batch_folder(folder: Path) -> Iterator[BatchFolder]:
    """Create the output folder where needed and hold it for this process alone.

    Raises `OutputError` when another run holds it or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / _LOCK_NAME).open("a")
    except OSError as error:
        raise output_error(folder, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(
                f"another run is writing to {folder}; wait for it to end or choose another folder"
            ) from None
        yield BatchFolder(folder)
