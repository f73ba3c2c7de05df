"""Logs and metrics that carry no personal data.

Log messages are constant texts with numbers, ids and names of our own filled in; metric
labels come from closed sets. A last filter masks what still looks like a telephone or
identity number, and a test runs whole calls through and looks for their words in both.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import datetime
from types import TracebackType
from typing import TextIO

from prometheus_client import CollectorRegistry, Counter, Histogram

from serving.clock import CHINA_TIME
from serving.settings import Settings

REGISTRY = CollectorRegistry()
"""Our own registry: the client's default one adds the process's data twice under reload."""

CALLS = Counter(
    "jiesu_calls", "Calls processed, by kind and how they ended.", ["kind", "outcome"],
    registry=REGISTRY,
)  # fmt: skip
AUDIO_SECONDS = Counter("jiesu_audio_seconds", "Recording time processed.", registry=REGISTRY)
STAGE_SECONDS = Histogram(
    "jiesu_stage_seconds", "Time a stage of the pipeline took.", ["stage"],
    registry=REGISTRY, buckets=(0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 120, 600),
)  # fmt: skip

_ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)
_LONG_NUMBER = re.compile(r"\d[\d\s-]{5,}\d|[一二三四五六七八九零幺两〇]{7,}")
_TEXT_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def set_up_logging(settings: Settings, stream: TextIO | None = None) -> None:
    """Send the log to stderr in the form the settings ask for."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)


def mask_numbers(text: str) -> str:
    """Replace runs of seven and more digits, in figures or spoken, by a mark."""
    return _LONG_NUMBER.sub("[masked]", text)


class TextFormatter(logging.Formatter):
    """One line for people; an exception is told by its type and place, not by its words."""

    def __init__(self) -> None:
        super().__init__(_TEXT_FORMAT)

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802 - the base class's name
        """Return where an exception came from; its message may quote the data it met."""
        return exception_place(ei)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Return the line with long numbers masked."""
        record.message = mask_numbers(record.message)
        return super().formatMessage(record)


class JsonFormatter(logging.Formatter):
    """One JSON object a line for a log collector."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON."""
        entry = {
            "at": datetime.fromtimestamp(record.created, CHINA_TIME).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": mask_numbers(record.getMessage()),
        }
        if record.exc_info:
            entry["exception"] = exception_place(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def exception_place(info: _ExceptionInfo) -> str:
    """Return an exception's type and the lines it passed, without its message."""
    kind, _, trace = info
    if kind is None:
        return ""
    frames = traceback.extract_tb(trace)
    places = " < ".join(f"{f.filename}:{f.lineno} {f.name}" for f in reversed(frames))
    return f"{kind.__module__}.{kind.__qualname__} at {places}"
