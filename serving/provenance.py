"""What made a result, so that a rerun can be compared with it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from asr.types import RoleAssignment
from models import registry
from models.errors import ModelsError
from serving.clock import iso_china

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Provenance:
    """Stored with every result."""

    software: str
    profile: str
    profile_version: str
    models: tuple[str, ...]
    """`name@hash` of every model that had a say."""
    engine: str
    engine_settings: Mapping[str, Any]
    recording_sha256: str
    duration_ms: int
    roles: RoleAssignment | None
    """Which leg was taken for the agent's, and why."""
    warnings: tuple[str, ...]
    """What was wrong with the recording and yet let it be used."""
    kind_source: str
    """`given`, or `heard` where the kind of call follows from what was said."""
    received_at: datetime
    received_at_source: str
    """`given`, or `file` for the recording's own time."""
    processed_at: datetime
    timings_ms: Mapping[str, int] = field(default_factory=dict)
    """Time each stage took."""

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "software": self.software,
            "profile": {"name": self.profile, "version": self.profile_version},
            "models": list(self.models),
            "engine": {"name": self.engine, "settings": dict(self.engine_settings)},
            "recording": {
                "sha256": self.recording_sha256,
                "duration_ms": self.duration_ms,
                "roles": asdict(self.roles) if self.roles else None,
                "warnings": list(self.warnings),
            },
            "kind_source": self.kind_source,
            "received_at": iso_china(self.received_at),
            "received_at_source": self.received_at_source,
            "processed_at": iso_china(self.processed_at),
            "timings_ms": dict(self.timings_ms),
        }


@cache
def software_version() -> str:
    """Return `jiesu` and its version."""
    try:
        return f"jiesu {metadata.version('jiesu')}"
    except metadata.PackageNotFoundError:
        return "jiesu (not installed)"


@cache
def model_with_hash(name: str) -> str:
    """Return `name@hash` of a model of the registry; other names (a folder's) as they are."""
    try:
        return registry.fingerprint(name)
    except ModelsError:
        return name


def file_sha256(*paths: Path) -> str:
    """Return the SHA-256 of the contents of files, one after the other."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    return digest.hexdigest()


def folder_sha256(folder: Path) -> str:
    """Return one hash over the names and contents of the files of a folder, in name order."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if any(part.startswith((".", "__pycache__")) for part in path.relative_to(folder).parts):
            continue
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(bytes.fromhex(file_sha256(path)))
    return digest.hexdigest()
