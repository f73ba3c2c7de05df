"""One file over HTTP from a server that misbehaves."""

from __future__ import annotations

import hashlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.download import download
from models.errors import HashMismatchError, SourceUnreachableError
from tests.conftest import ROOT
from tests.models.fetch_server import Behaviour, FileServer, serve_files

CONTENT = bytes(range(256)) * 2400
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serve_files() as running:
        running.files["/model.bin"] = CONTENT
        yield running


def fetch(server: FileServer, folder: Path, sha256: str | None = SHA256) -> Path:
    return download(
        f"{server.url}/model.bin", folder / "model.bin", sha256=sha256, sleep=lambda _: None
    )


def test_lands_whole_and_reports_progress(server: FileServer, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    url = f"{server.url}/model.bin"
    target = download(
        url, tmp_path / "model.bin", sha256=SHA256, on_progress=lambda d, t: seen.append((d, t))
    )
    assert target.read_bytes() == CONTENT
    assert [p.name for p in tmp_path.iterdir()] == ["model.bin"]
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert seen == sorted(seen)


def test_continues_where_the_connection_broke(server: FileServer, tmp_path: Path) -> None:
    server.behaviours["/model.bin"] = Behaviour(break_after=[1000, 5000, 70_000])
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.asked_for("/model.bin") == [
        None,
        "bytes=1000-",
        "bytes=6000-",
        "bytes=76000-",
    ]
    assert server.sent_bytes == len(CONTENT)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(breaks=st.lists(st.integers(1, len(CONTENT)), max_size=6), ranges=st.booleans())
def test_any_pattern_of_breaks_gives_the_file(
    server: FileServer, breaks: list[int], ranges: bool
) -> None:
    # Without Range only a longer piece than before is a gain, and five without gain give up.
    kept = breaks if ranges else breaks[:4]
    server.behaviours["/model.bin"] = Behaviour(break_after=list(kept), ranges=ranges)
    with tempfile.TemporaryDirectory() as folder:
        assert fetch(server, Path(folder)).read_bytes() == CONTENT


def test_continues_after_the_process_was_killed(server: FileServer, tmp_path: Path) -> None:
    stall = threading.Event()
    server.behaviours["/model.bin"] = Behaviour(break_after=[300_000], stall=stall)
    script = (
        "import sys; from pathlib import Path; from models.download import download; "
        "download(sys.argv[1], Path(sys.argv[2]))"
    )
    target = tmp_path / "model.bin"
    child = subprocess.Popen(
        [sys.executable, "-c", script, f"{server.url}/model.bin", str(target)], cwd=ROOT
    )
    part = tmp_path / "model.bin.part"
    deadline = time.monotonic() + 20
    while not (part.exists() and part.stat().st_size >= 1 << 16):
        assert time.monotonic() < deadline, "the child never wrote anything"
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    stall.set()
    kept = part.stat().st_size
    assert not target.exists()
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.asked_for("/model.bin")[-1] == f"bytes={kept}-"


def test_server_without_range_starts_over(server: FileServer, tmp_path: Path) -> None:
    server.behaviours["/model.bin"] = Behaviour(break_after=[1000, 5000], ranges=False)
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_server_that_sends_another_part_is_not_believed(server: FileServer, tmp_path: Path) -> None:
    server.behaviours["/model.bin"] = Behaviour(break_after=[1000], wrong_offset=True)
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_wrong_content_is_discarded(server: FileServer, tmp_path: Path) -> None:
    server.files["/model.bin"] = CONTENT[:-1] + b"!"
    with pytest.raises(HashMismatchError, match="does not have the SHA-256"):
        fetch(server, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_leftover_of_another_file_does_not_spoil_this_one(
    server: FileServer, tmp_path: Path
) -> None:
    (tmp_path / "model.bin.part").write_bytes(b"from an older release")
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.asked_for("/model.bin") == ["bytes=21-", None]


def test_whole_leftover_needs_no_bytes(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "model.bin.part").write_bytes(CONTENT)
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.sent_bytes == 0


def test_leftover_longer_than_the_file_starts_over(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "model.bin.part").write_bytes(CONTENT + b"more")
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_missing_file_is_asked_for_once(server: FileServer, tmp_path: Path) -> None:
    url = server.url.replace("http://", "http://user:secret@") + "/other.bin?token=secret"
    with pytest.raises(SourceUnreachableError, match="HTTP 404") as caught:
        download(url, tmp_path / "other.bin")
    assert len(server.requests) == 1
    assert "secret" not in str(caught.value)


def test_busy_server_is_asked_again(server: FileServer, tmp_path: Path) -> None:
    server.behaviours["/model.bin"] = Behaviour(statuses=[503, 429, 502])
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_gives_up_after_five_fruitless_attempts(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "model.bin.part").write_bytes(CONTENT[:500])
    server.behaviours["/model.bin"] = Behaviour(statuses=[503] * 20)
    waits: list[float] = []
    with pytest.raises(SourceUnreachableError, match="next pull continues"):
        download(f"{server.url}/model.bin", tmp_path / "model.bin", sleep=waits.append)
    assert len(server.requests) == 5
    assert waits == sorted(waits)
    assert (tmp_path / "model.bin.part").read_bytes() == CONTENT[:500]


def test_nobody_listening(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(SourceUnreachableError, match=f"127.0.0.1:{port}"):
        download(f"http://127.0.0.1:{port}/x", tmp_path / "x", sleep=lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_unknown_scheme(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreachableError, match="cannot be followed"):
        download("gopher://127.0.0.1/x", tmp_path / "x", sleep=lambda _: None)


def test_file_url(tmp_path: Path) -> None:
    origin = tmp_path / "wheel house" / "模型.bin"
    origin.parent.mkdir()
    origin.write_bytes(CONTENT)
    target = download(origin.as_uri(), tmp_path / "model.bin", sha256=SHA256)
    assert target.read_bytes() == CONTENT
    with pytest.raises(SourceUnreachableError, match="cannot be read"):
        download((tmp_path / "none").as_uri(), tmp_path / "none.bin")


def test_full_disk_is_the_disks_fault(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "model.bin.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        fetch(server, tmp_path)
    assert not (tmp_path / "model.bin").exists()
