"""What a batch is to process: a folder of recordings, or a list of them.

A list is CSV with a header or JSON lines, with the columns `path`, and where wanted
`other_leg`, `kind`, `received_at`, `call_id`. Paths are relative to the list's folder.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

from serving.clock import parse_moment
from serving.errors import ManifestError
from serving.result import CallKind

_SUFFIXES = ".aac .al .amr .au .awb .flac .gsm .m4a .mp3 .mp4 .oga .ogg .opus .ul .wav .webm .wma"
RECORDING_SUFFIXES = frozenset(_SUFFIXES.split())
"""Files taken from a folder; a list may name any file."""

_COLUMNS = ("path", "other_leg", "kind", "received_at", "call_id")


@dataclass(frozen=True, slots=True)
class CallItem:
    """One recording to process; what is None is found out or assumed by the pipeline."""

    call_id: str
    path: Path
    other_leg: Path | None = None
    kind: CallKind | None = None
    received_at: datetime | None = None


def read_items(source: Path) -> list[CallItem]:
    """List the recordings of a folder (with its subfolders) or of a CSV or JSON lines file.

    Raises `ManifestError`, naming every bad line, when nothing sensible can be read.
    """
    if source.is_dir():
        items = _folder_items(source)
        if not items:
            raise ManifestError(f"{source} holds no recordings (looked for {_SUFFIXES})")
        return items
    if not source.is_file():
        raise ManifestError(f"{source} does not exist; name a folder, a .csv or a .jsonl file")
    match source.suffix.lower():
        case ".csv":
            rows = _csv_rows(source)
        case ".jsonl" | ".ndjson":
            rows = _json_rows(source)
        case _:
            raise ManifestError(
                f"{source} is neither a folder nor a .csv or .jsonl list; "
                f"for one recording use `jiesu process {source}`"
            )
    items = _listed_items(source, rows)
    if not items:
        raise ManifestError(f"{source} lists no recordings")
    return items


def _folder_items(folder: Path) -> list[CallItem]:
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in RECORDING_SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    names = [path.relative_to(folder) for path in paths]
    shared = Counter(name.with_suffix("") for name in names)
    return [
        CallItem(
            # a.wav and a.mp3 are two calls: where the stem is shared, the suffix tells them apart.
            call_id=(name if shared[name.with_suffix("")] > 1 else name.with_suffix("")).as_posix(),
            path=path,
        )
        for name, path in zip(names, paths, strict=True)
    ]


def _listed_items(source: Path, rows: Iterator[tuple[int, Mapping[str, Any]]]) -> list[CallItem]:
    items: list[CallItem] = []
    first_line: dict[str, int] = {}
    problems: list[str] = []
    for line, row in rows:
        try:
            item = _item(source.parent, row)
            if item.call_id in first_line:
                raise ValueError(
                    f"call_id {item.call_id!r} stands in line {first_line[item.call_id]} already"
                )
        except ValueError as error:
            problems.append(f"{source}:{line}: {error}")
            continue
        first_line[item.call_id] = line
        items.append(item)
    if problems:
        raise ManifestError("\n".join(problems))
    return items


def _item(folder: Path, row: Mapping[str, Any]) -> CallItem:
    unknown = sorted(str(key) for key in row if key not in _COLUMNS)
    if unknown:
        raise ValueError(f"unknown column {', '.join(unknown)}; known: {', '.join(_COLUMNS)}")
    values = {key: str(value).strip() for key, value in row.items() if value not in (None, "")}
    if "path" not in values:
        raise ValueError("no path")
    kind = values.get("kind")
    if kind is not None and kind not in get_args(CallKind):
        raise ValueError(f"kind is {kind!r}; write {' or '.join(get_args(CallKind))}, or nothing")
    received_at = values.get("received_at")
    other_leg = values.get("other_leg")
    path = folder / values["path"]
    return CallItem(
        call_id=values.get("call_id", path.stem),
        path=path,
        other_leg=folder / other_leg if other_leg else None,
        kind="ticket" if kind == "ticket" else "callback" if kind else None,
        received_at=parse_moment(received_at) if received_at else None,
    )


def _csv_rows(source: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(
        io.StringIO(_text(source), newline=""), restkey="(more than the header)"
    )
    if "path" not in (reader.fieldnames or ()):
        raise ManifestError(f"{source}:1: the header needs a column `path`")
    for row in reader:
        yield reader.line_num, row


def _json_rows(source: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for line, text in enumerate(_text(source).splitlines(), start=1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
        except json.JSONDecodeError as error:
            raise ManifestError(f"{source}:{line}: is not JSON: {error.msg}") from error
        if not isinstance(row, dict):
            raise ManifestError(f'{source}:{line}: must be an object like {{"path": "call.wav"}}')
        yield line, row


def _text(source: Path) -> str:
    data = source.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("gb18030")  # what a spreadsheet on a Chinese system saves
    except UnicodeDecodeError as error:
        raise ManifestError(f"{source} is not text; save it as UTF-8") from error
