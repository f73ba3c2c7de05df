"""`jiesu corrections`: what people corrected, as tickets to train from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serving.cli.exits import emit
from serving.cli.options import ProfileOption

if TYPE_CHECKING:
    from serving.store import CorrectionStore

corrections_app = typer.Typer(
    help="What people corrected about agencies.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@corrections_app.callback()
def corrections() -> None:
    """What people corrected about agencies."""


@corrections_app.command()
def export(
    profile: ProfileOption = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Folder of the embedded database.")
    ] = None,
) -> None:
    """Print corrected calls as tickets, one JSON line each, as the training reads them.

    They hold what citizens said: keep the file where the calls themselves may be kept.
    """
    from serving.api.services import open_store
    from serving.settings import load_settings
    from serving.store import CorrectionStore

    settings = load_settings()
    if data_dir is not None:
        settings = settings.model_copy(update={"data_dir": data_dir})
    engine = open_store(settings)
    try:
        for row in training_rows(CorrectionStore(engine), profile or settings.profile):
            emit(json.dumps(row, ensure_ascii=False))
    finally:
        engine.dispose()


def training_rows(store: CorrectionStore, profile: str) -> Iterator[dict[str, Any]]:
    """Yield corrected calls in the form of `models.extractor.dataset`."""
    for call in store.labelled(profile):
        draft = call.result.get("ticket") or {}
        ticket = call.ticket or {}
        content = ticket.get("content") or (draft.get("content") or {}).get("value")
        if not content:
            continue
        location = ticket.get("location") or (draft.get("location") or {}).get("value") or {}
        yield {
            "id": call.call_id,
            "source": "corrections",
            "title": ticket.get("title") or (draft.get("title") or {}).get("value") or "",
            "content": content,
            "agency": call.agency,
            "request_type": ticket.get("request_type")
            or (draft.get("request_type") or {}).get("value"),
            "category": ticket.get("category") or (draft.get("category") or {}).get("value") or [],
            "district": location.get("district"),
            "street": location.get("street"),
        }
