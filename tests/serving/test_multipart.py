"""Uploads as bytes arrive: cut anywhere, damaged anyhow."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.api.multipart import Upload, receive_upload
from serving.errors import UploadError, UploadTooLargeError

TYPE = "multipart/form-data; boundary=edge"
CONTENT = b"RIFF\r\n--edg is not the boundary\r\n--" + bytes(range(256)) * 20
BODY = (
    b'--edge\r\nContent-Disposition: form-data; name="kind"\r\n\r\nticket\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="file"; filename="\xe9\x80\x9a.wav"\r\n'
    b"Content-Type: audio/wav\r\n\r\n" + CONTENT + b"\r\n--edge--\r\n"
)


def receive(pieces: list[bytes], max_bytes: int = 10**6) -> tuple[Upload, bytes]:
    async def chunks() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        upload = asyncio.run(receive_upload(TYPE, chunks(), path, max_bytes))
        return upload, path.read_bytes()


@given(st.lists(st.integers(0, len(BODY)), max_size=12))
def test_where_the_bytes_are_cut_makes_no_difference(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(BODY)]
    upload, content = receive([BODY[a:b] for a, b in itertools.pairwise(edges)])
    assert content == CONTENT
    assert (upload.filename, upload.size_bytes) == ("通.wav", len(CONTENT))
    assert upload.fields == {"kind": "ticket"}


@given(st.integers(0, len(BODY) - 3))
def test_a_body_that_breaks_off_is_no_upload(length: int) -> None:
    with pytest.raises(UploadError):
        receive([BODY[:length]])


@given(st.lists(st.binary(max_size=300), max_size=5), st.booleans())
def test_random_bytes_are_an_upload_error(pieces: list[bytes], has_start: bool) -> None:
    with pytest.raises(UploadError):
        receive([b"--edge\r\n" if has_start else b"", *pieces])


@given(st.integers(0, len(BODY) - 1), st.integers(0, 255))
def test_a_changed_byte_is_taken_or_refused_never_more(place: int, value: int) -> None:
    damaged = BODY[:place] + bytes([value]) + BODY[place + 1 :]
    with contextlib.suppress(UploadError):
        receive([damaged])


def test_the_limit_is_exact() -> None:
    receive([BODY], max_bytes=len(CONTENT))
    with pytest.raises(UploadTooLargeError, match="MiB"):
        receive([BODY], max_bytes=len(CONTENT) - 1)


def test_a_flood_of_parts_or_a_long_field_is_refused() -> None:
    part = b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
    with pytest.raises(UploadError, match="parts"):
        receive([(part + b"1\r\n") * 50])
    with pytest.raises(UploadError, match="longer"):
        receive([part + b"1" * 5000])


def test_two_files_are_one_too_many() -> None:
    part = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n1\r\n'
    with pytest.raises(UploadError, match="one recording each"):
        receive([part + part + b"--edge--\r\n"])
