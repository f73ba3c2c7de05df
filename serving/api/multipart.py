"""A multipart upload written to disk as it comes, whatever its size.

The framework's own form parser gathers the whole request before a route sees it; here the
limit holds while the bytes arrive, and they go straight to where the recording will lie.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from serving.errors import UploadError, UploadTooLargeError
from serving.output import output_error

_MAX_FIELD_BYTES = 4096
_MAX_PARTS = 16
_WRITE_BYTES = 1 << 20


@dataclass(slots=True)
class Upload:
    """What came: the name of the file as the sender calls it, its size, and the other fields."""

    filename: str = ""
    size_bytes: int = 0
    fields: dict[str, str] = field(default_factory=dict)
    all_fields: list[tuple[str, str]] = field(default_factory=list)
    """The same in order, those included whose name comes again."""


async def receive_upload(
    content_type: str,
    chunks: AsyncIterator[bytes],
    path: Path,
    max_bytes: int,
    *,
    max_parts: int = _MAX_PARTS,
) -> Upload:
    """Write the part called `file` to `path` and return the other parts.

    Raises UploadError when it is no such upload, UploadTooLargeError, OutputError. The
    caller removes the file when this raises.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise UploadError(
            "send the recording as multipart/form-data with a part called `file`, "
            "as `curl -F file=@call.wav` does"
        )
    try:
        with path.open("xb") as file:
            receiver = _Receiver(file, max_bytes, max_parts)
            await _parse(receiver, boundary, chunks)
            await asyncio.to_thread(receiver.write)
    except OSError as error:
        raise output_error(path, error) from error
    if not receiver.has_file:
        raise UploadError("the request has no part called `file`")
    if not receiver.upload.size_bytes:
        raise UploadError("the file is empty; choose the recording again")
    return receiver.upload


async def _parse(receiver: _Receiver, boundary: bytes, chunks: AsyncIterator[bytes]) -> None:
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": receiver.begin_part,
            "on_header_field": receiver.header_name,
            "on_header_value": receiver.header_value,
            "on_header_end": receiver.end_header,
            "on_headers_finished": receiver.end_headers,
            "on_part_data": receiver.data,
            "on_part_end": receiver.end_part,
            "on_end": receiver.end,
        },
    )
    try:
        async for chunk in chunks:
            parser.write(chunk)
            if receiver.waiting_bytes >= _WRITE_BYTES:
                await asyncio.to_thread(receiver.write)
        parser.finalize()
    except MultipartParseError as error:
        raise UploadError(f"the upload is damaged: {error}; send it again") from error
    if not receiver.is_complete:
        raise UploadError("the upload broke off before its end; send it again")


class _Receiver:
    """Callbacks of the parser; gathers bytes until somebody writes them."""

    def __init__(self, file: IO[bytes], max_bytes: int, max_parts: int) -> None:
        self.upload = Upload()
        self.has_file = False
        self.is_complete = False
        self.waiting_bytes = 0
        self._file = file
        self._max_bytes = max_bytes
        self._max_parts = max_parts
        self._waiting: list[bytes] = []
        self._headers: dict[str, bytes] = {}
        self._name = b""
        self._value = b""
        self._part: str | None = None
        self._parts = 0

    def write(self) -> None:
        """Write what has been gathered."""
        waiting, self._waiting, self.waiting_bytes = self._waiting, [], 0
        self._file.write(b"".join(waiting))

    def begin_part(self) -> None:
        self._parts += 1
        if self._parts > self._max_parts:
            raise UploadError(
                f"more than {self._max_parts} parts; send one `file` and a few fields"
            )
        self._headers, self._name, self._value, self._part = {}, b"", b"", None

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def end_header(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value
        self._name, self._value = b"", b""

    def end_headers(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition", b""))
        self._part = options.get(b"name", b"").decode("utf-8", "replace")
        self._value = b""
        if self._part == "file":
            if self.has_file:
                raise UploadError("more than one part is called `file`; upload one recording each")
            self.has_file = True
            name = options.get(b"filename", b"").decode("utf-8", "replace")
            # Only the name: browsers send it alone, other programs may send a path.
            self.upload.filename = Path(name.replace("\\", "/")).name[:255]

    def data(self, data: bytes, start: int, end: int) -> None:
        piece = data[start:end]
        if self._part != "file":
            self._value += piece
            if len(self._value) > _MAX_FIELD_BYTES:
                raise UploadError(f"the field {self._part!r} is longer than any value may be")
            return
        self.upload.size_bytes += len(piece)
        if self.upload.size_bytes > self._max_bytes:
            raise UploadTooLargeError(
                f"the recording is larger than {self._max_bytes // 2**20} MiB; convert it to "
                "FLAC or MP3, or raise JIESU_MAX_UPLOAD_BYTES"
            )
        self._waiting.append(piece)
        self.waiting_bytes += len(piece)

    def end_part(self) -> None:
        if self._part is not None and self._part != "file":
            value = self._value.decode("utf-8", "replace")
            self.upload.fields[self._part] = value
            self.upload.all_fields.append((self._part, value))

    def end(self) -> None:
        self.is_complete = True
