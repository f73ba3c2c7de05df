"""Results of a batch taken into the service's store, where people look at them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from serving.contract import CallModel
from serving.errors import CallStateError, ManifestError
from serving.store import CallStore

log = logging.getLogger(__name__)

_LONGEST_ID = 64


@dataclass(slots=True)
class TakenIn:
    """How many results were taken in, were there before, or could not be used."""

    taken: int = 0
    known: int = 0
    failed: int = 0


def take_in(folder: Path, calls: CallStore) -> TakenIn:
    """Take in every result of a batch's folder; ManifestError when it holds none.

    A call that is in the store already is left alone, so that it may be repeated.
    """
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise ManifestError(f"{folder} holds no results; give the OUT folder of `jiesu batch`")
    count = TakenIn()
    for path in paths:
        try:
            result = CallModel.model_validate_json(path.read_bytes())
            received_at = _received_at(result.provenance)
        except (ValidationError, ValueError, KeyError, TypeError):
            log.warning("%s holds no result of a call", path.name)
            count.failed += 1
            continue
        if not 0 < len(result.call_id) <= _LONGEST_ID or "/" in result.call_id:
            log.warning("the id of a call is empty, too long, or has a slash in it")
            count.failed += 1
        elif calls.exists(result.call_id):
            count.known += 1
        else:
            _store(calls, result, received_at, path.name)
            count.taken += 1
    return count


def _store(calls: CallStore, result: CallModel, received_at: datetime, name: str) -> None:
    # Failed until its result is stored: a crash in between leaves nothing that waits for ever.
    try:
        calls.add(
            result.call_id,
            source="batch",
            state="failed",
            profile=result.profile,
            kind=result.kind,
            received_at=received_at,
            filename=name,
        )
    except CallStateError:  # taken in by another process meanwhile
        return
    calls.finish(result.call_id, result)


def _received_at(provenance: dict[str, Any]) -> datetime:
    moment = datetime.fromisoformat(provenance["received_at"])
    if moment.tzinfo is None:
        raise ValueError("received_at has no offset")
    return moment
