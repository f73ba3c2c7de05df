"""One file over HTTP, resumed where an earlier attempt broke off.

The bytes grow in `<target>.part`, which outlives a killed process; `<target>` itself
appears only when it is whole and, where a hash is known, right.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import httpx

from models.errors import HashMismatchError, SourceUnreachableError
from models.lockfile import hash_file

OnProgress = Callable[[int, int | None], None]
"""Called with the bytes that are there and the bytes there will be, if known."""

_CHUNK_BYTES = 1 << 18
_FRUITLESS_ATTEMPTS = 5
_ATTEMPTS = 100
_TIMEOUT = httpx.Timeout(30.0, connect=15.0)
_RETRY_STATUS = {408, 425, 429, 500, 502, 503, 504}


class _BrokenOffError(Exception):
    """The transfer stopped early; what is there can be continued."""


class _RestartError(Exception):
    """What is there cannot be continued; start from nothing."""


def download(
    url: str,
    target: Path,
    *,
    sha256: str | None = None,
    on_progress: OnProgress | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Fetch `url` (http, https or file) into `target` and return it.

    Attempts go on as long as each brings new bytes; five in a row without any give
    up. Raises SourceUnreachableError, HashMismatchError (the file was discarded), and
    OSError for trouble with the disk.
    """
    part = target.with_name(target.name + ".part")
    inherited = part.exists() and part.stat().st_size > 0
    _fetch(url, part, on_progress, sleep)
    if sha256 is not None and hash_file(part) != sha256:
        part.unlink()
        if not inherited:
            raise HashMismatchError(
                f"{_shown(url)} does not have the SHA-256 that its index states ({sha256}); "
                "a proxy or mirror may have changed it"
            )
        # What an earlier run left behind may have been another file: once more from nothing.
        return download(url, target, sha256=sha256, on_progress=on_progress, sleep=sleep)
    part.replace(target)
    return target


def _fetch(
    url: str, part: Path, on_progress: OnProgress | None, sleep: Callable[[float], None]
) -> None:
    if urlsplit(url).scheme == "file":
        _copy_file_url(url, part, on_progress)
        return
    fruitless = 0
    fault: Exception | None = None
    with httpx.Client(timeout=_TIMEOUT, follow_redirects=True) as client:
        for _ in range(_ATTEMPTS):
            before = part.stat().st_size if part.exists() else 0
            try:
                _attempt(client, url, part, before, on_progress)
                return
            except _RestartError as error:
                part.unlink(missing_ok=True)
                fault, gained = error, False
            except (httpx.TransportError, _BrokenOffError) as error:
                after = part.stat().st_size if part.exists() else 0
                fault, gained = error, after > before
            fruitless = 0 if gained else fruitless + 1
            if fruitless >= _FRUITLESS_ATTEMPTS:
                break
            sleep(min(0.5 * 2**fruitless, 8.0))
    reason = str(fault) or type(fault).__name__
    raise SourceUnreachableError(
        f"{_shown(url)} broke off again and again ({reason}); what arrived is kept, "
        "so the next pull continues there"
    )


def _attempt(
    client: httpx.Client, url: str, part: Path, offset: int, on_progress: OnProgress | None
) -> None:
    """Make one request from `offset` on and append what it brings to `part`."""
    headers = {"Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    try:
        with client.stream("GET", url, headers=headers) as response:
            total, resumed = _agree(response, url, offset)
            if total == offset and resumed:
                return
            done = offset if resumed else 0
            with part.open("ab" if resumed else "wb") as stream:
                # No chunk size: httpx would hold back, and on a break lose, an unfinished chunk.
                for chunk in response.iter_raw():
                    stream.write(chunk)
                    done += len(chunk)
                    if on_progress is not None:
                        on_progress(done, total)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects) as error:
        raise SourceUnreachableError(f"{_shown(url)} cannot be followed: {error}") from error
    if total is not None and done < total:
        raise _BrokenOffError(f"{done} of {total} bytes")
    if total is not None and done > total:
        raise _RestartError(f"{done} bytes instead of {total}")


def _agree(response: httpx.Response, url: str, offset: int) -> tuple[int | None, bool]:
    """Return the file's whole size, if stated, and whether the answer continues at `offset`."""
    status = response.status_code
    stated = re.fullmatch(
        r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", response.headers.get("Content-Range", "").strip()
    )
    whole = int(stated[2]) if stated and stated[2] != "*" else None
    if status == 200:
        length = response.headers.get("Content-Length", "")
        return (int(length) if length.isdigit() else None), False
    if status == 206:
        if stated is None or stated[1] is None or int(stated[1]) != offset:
            raise _RestartError("the server answered with another part than the one asked for")
        return whole, True
    if status == 416:
        if whole == offset:
            return whole, True
        raise _RestartError("the file has changed at its source")
    if status in _RETRY_STATUS:
        raise _BrokenOffError(f"HTTP {status}")
    raise SourceUnreachableError(f"{_shown(url)} answered HTTP {status}")


def _copy_file_url(url: str, part: Path, on_progress: OnProgress | None) -> None:
    origin = Path(url2pathname(urlsplit(url).path))
    try:
        total = origin.stat().st_size
        source = origin.open("rb")
    except OSError as error:
        raise SourceUnreachableError(f"{origin} cannot be read: {error.strerror}") from error
    with source, part.open("wb") as stream:
        while chunk := source.read(_CHUNK_BYTES):
            stream.write(chunk)
            if on_progress is not None:
                on_progress(stream.tell(), total)


def _shown(url: str) -> str:
    """Return the URL without user, password and query, fit for a message."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
