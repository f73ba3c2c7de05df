"""A file server on 127.0.0.1 that can break off, lie, stall, and do without Range."""

from __future__ import annotations

import base64
import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Behaviour:
    """How a path is served.

    `break_after`: bytes sent in the first, second, … answer before the connection is
    cut; later answers are whole. `statuses`: answered before anything else, in order.
    """

    break_after: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    ranges: bool = True
    wrong_offset: bool = False
    stall: threading.Event | None = None


@dataclass
class FileServer:
    """The files, how they are served, and what was asked for: (path, Range header)."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    sent_bytes: int = 0
    password: str | None = None

    def asked_for(self, path: str) -> list[str | None]:
        return [asked for requested, asked in self.requests if requested == path]

    def add_wheel(self, package: str, version: str, members: Mapping[str, bytes]) -> str:
        """Serve a wheel in a simple index below `/simple`; returns the wheel's path."""
        stem = package.replace("-", "_")
        wheel = make_wheel(package, version, members)
        path = f"/files/{stem}-{version}-py3-none-any.whl"
        digest = hashlib.sha256(wheel).hexdigest()
        self.files[path] = wheel
        # The metadata apart, as a full index has it, so that pip leaves the wheel alone.
        self.files[f"{path}.metadata"] = _metadata(package, version).encode()
        self.files[f"/simple/{package}/"] = (
            f'<!doctype html><a href="{path}#sha256={digest}" data-core-metadata="true">'
            f"{path.rpartition('/')[2]}</a>"
        ).encode()
        return path


def _metadata(package: str, version: str) -> str:
    return f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"


def make_wheel(package: str, version: str, members: Mapping[str, bytes]) -> bytes:
    stem = package.replace("-", "_")
    info = f"{stem}-{version}.dist-info"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr(f"{info}/METADATA", _metadata(package, version))
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return buffer.getvalue()


@contextmanager
def serve_files() -> Iterator[FileServer]:
    state = FileServer()
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    state.url = f"http://127.0.0.1:{httpd.server_port}"
    try:
        yield state
    finally:
        for behaviour in state.behaviours.values():
            if behaviour.stall is not None:
                behaviour.stall.set()
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def _handler(state: FileServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path
            asked = self.headers.get("Range")
            state.requests.append((path, asked))
            behaviour = state.behaviours.get(path, Behaviour())
            if state.password is not None and not self._knows(state.password):
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="index"')
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif behaviour.statuses:
                self._finish(behaviour.statuses.pop(0), b"")
            elif path not in state.files:
                self._finish(404, b"")
            else:
                self._send_file(state.files[path], asked, behaviour)

        def _knows(self, password: str) -> bool:
            wanted = base64.b64encode(password.encode()).decode()
            return self.headers.get("Authorization") == f"Basic {wanted}"

        def _send_file(self, content: bytes, asked: str | None, behaviour: Behaviour) -> None:
            start = 0
            if asked and behaviour.ranges:
                start = int(asked.removeprefix("bytes=").rstrip("-"))
                if start >= len(content):
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(content)}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                if behaviour.wrong_offset:
                    start //= 2
                self.send_response(206)
                self.send_header(
                    "Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}"
                )
            else:
                self.send_response(200)
            body = content[start:]
            self.send_header("Content-Length", str(len(body)))
            if path_is_page := body.startswith(b"<!doctype"):
                self.send_header("Content-Type", "text/html")
            self.end_headers()
            if behaviour.break_after and not path_is_page:
                body = body[: behaviour.break_after.pop(0)]
                self.close_connection = True
            self.wfile.write(body)
            self.wfile.flush()
            state.sent_bytes += len(body)
            if behaviour.stall is not None:
                behaviour.stall.wait(30)

        def _finish(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
