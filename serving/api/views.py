"""What is stored and what is going on, put into the form the interface hands out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import cast

from serving.api.error_table import title_of
from serving.api.schemas import (
    CallError,
    CallStatus,
    CallView,
    DraftStanding,
    Edit,
    Override,
    SubmittedTicket,
)
from serving.api.services import Services
from serving.clock import CHINA_TIME
from serving.contract import CallbackModel, CallModel, QAModel, TicketModel
from serving.feed import LoggedEvent
from serving.live.events import TranscriptUpdate
from serving.result import CallKind
from serving.review import reviewed_score, standing
from serving.store import Call, Ticket
from serving.store.reviews import Reviews
from serving.store.tables import CallSource, CallState


def status_of(call: Call) -> CallStatus:
    """Return a call without its result."""
    error = None
    if call.error is not None:
        error = CallError(
            code=call.error, title=title_of(call.error), message=call.error_message or ""
        )
    return CallStatus(
        call_id=call.id,
        source=cast("CallSource", call.source),
        state=cast("CallState", call.state),
        kind=cast("CallKind | None", call.kind),
        profile=call.profile,
        received_at=call.received_at,
        finished_at=call.finished_at,
        duration_ms=call.duration_ms,
        filename=call.filename,
        progress=call.progress,
        title=call.title,
        qa_score=call.qa_score,
        has_audio=call.recording is not None and call.state != "live",
        error=error,
    )


def submitted_of(ticket: Ticket) -> SubmittedTicket:
    """Return a submitted ticket with its number: the day and a running number."""
    day = ticket.at.astimezone(CHINA_TIME)
    return SubmittedTicket(
        number=f"{day:%Y%m%d}{ticket.id:06d}",
        content=ticket.content,
        actor=ticket.actor,
        at=ticket.at,
    )


def result_of(call: Call) -> CallModel | None:
    """Return a finished call's result."""
    return CallModel.model_validate(call.result) if call.result is not None else None


async def view_of_call(services: Services, call_id: str) -> CallView:
    """Return all there is to see of a call; CallNotFoundError when there is none of this id."""
    # Before the store: a call that ends in between is then complete in the store.
    log = services.feed.find(call_id)
    events = log.after(0) if log is not None else []
    return await asyncio.to_thread(_view, services, call_id, events)


def _view(services: Services, call_id: str, events: Sequence[LoggedEvent]) -> CallView:
    call, reviews = services.calls.get(call_id), services.reviews.of(call_id)
    result = result_of(call)
    view = CallView(
        status=status_of(call),
        result=result,
        overrides=[Override.model_validate(row) for row in reviews.latest_overrides().values()],
        edits=[Edit.model_validate(row) for row in reviews.latest_edits().values()],
        submitted=submitted_of(reviews.ticket) if reviews.ticket else None,
    )
    if result is not None:
        _add_result(services, view, result, call, reviews)
    else:
        view.cursor = services.feed.cursor(events[-1].seq if events else 0)
        _add_live(view, events)
    return view


def _add_result(
    services: Services, view: CallView, result: CallModel, call: Call, reviews: Reviews
) -> None:
    view.ticket, view.qa, view.callback = result.ticket, result.qa, result.callback
    view.reviewed_qa_score = reviewed_score(result.qa, reviews.latest_overrides())
    if result.ticket is not None:
        edits = {edit.field: edit.value for edit in view.edits}
        stands = standing(
            services.hotlines.get(call.profile).profile, result.ticket, edits, call.received_at
        )
        view.standing = DraftStanding(
            due_at=stands.due_at, sign_off=stands.sign_off, missing=list(stands.missing)
        )


def _add_live(view: CallView, events: Sequence[LoggedEvent]) -> None:
    for event in events:
        data = json.loads(event.text)
        match event.type:
            case "transcript":
                view.live_transcript.append(TranscriptUpdate.model_validate(data))
            case "draft":
                view.ticket, view.callback = TicketModel.model_validate(data["ticket"]), None
            case "qa":
                view.qa = QAModel.model_validate(data["qa"])
            case "callback":
                view.ticket, view.callback = None, CallbackModel.model_validate(data["callback"])
