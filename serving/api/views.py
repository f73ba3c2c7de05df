"""What is stored and what is going on, put into the form the interface hands out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from serving.api.error_table import title_of
from serving.api.roles import Viewer
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
from serving.masking import CallMask
from serving.result import CallKind
from serving.review import reviewed_score, standing, ticket_content, with_edits
from serving.store import Call, Ticket
from serving.store.reviews import Reviews
from serving.store.tables import CallSource, CallState
from serving.writing import writing_model


def status_of(call: Call, viewer: Viewer) -> CallStatus:
    """Return a call without its result, as far as the viewer may see it."""
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
        filename=viewer.line(call.filename, call.profile),
        progress=call.progress,
        title=viewer.line(call.title, call.profile),
        qa_score=call.qa_score,
        has_audio=call.recording is not None
        and call.state != "live"
        and viewer.role(call.profile).audio,
        error=error,
    )


def ticket_number(ticket: Ticket) -> str:
    """Return a ticket's number: the day and a running number."""
    day = ticket.at.astimezone(CHINA_TIME)
    return f"{day:%Y%m%d}{ticket.id:06d}"


def submitted_of(ticket: Ticket) -> SubmittedTicket:
    """Return a submitted ticket with its number."""
    return SubmittedTicket(
        number=ticket_number(ticket),
        content=ticket.content,
        actor=ticket.actor,
        at=ticket.at,
    )


def result_of(call: Call) -> CallModel | None:
    """Return a finished call's result."""
    return CallModel.model_validate(call.result) if call.result is not None else None


def draft_of(
    call: Call, events: Sequence[LoggedEvent], edits: Mapping[str, Any]
) -> TicketModel | None:
    """Return a call's draft, also while it goes on, with a number or place that people set."""
    result, ticket = result_of(call), None
    if result is not None:
        ticket = result.ticket
    else:
        for event in events:
            if event.type == "draft":
                ticket = TicketModel.model_validate(json.loads(event.text)["ticket"])
    return with_edits(ticket, edits) if ticket is not None else None


async def view_of_call(services: Services, call_id: str, viewer: Viewer) -> CallView:
    """Return all there is to see of a call; CallNotFoundError when there is none of this id."""
    # Before the store: a call that ends in between is then complete in the store.
    log = services.feed.find(call_id)
    events = log.after(0) if log is not None else []
    return await asyncio.to_thread(_view, services, call_id, events, viewer)


def _view(
    services: Services, call_id: str, events: Sequence[LoggedEvent], viewer: Viewer
) -> CallView:
    call, reviews = services.calls.get(call_id), services.reviews.of(call_id)
    result = result_of(call)
    mask = viewer.mask(result) if result is not None else None
    view = CallView(
        status=status_of(call, viewer),
        result=result,
        overrides=[Override.model_validate(row) for row in reviews.latest_overrides().values()],
        edits=[Edit.model_validate(row) for row in reviews.latest_edits().values()],
        submitted=submitted_of(reviews.ticket) if reviews.ticket else None,
    )
    if result is not None:
        _add_result(services, view, result, call, reviews)
        if mask is not None:
            _hide(view, mask)
    else:
        view.cursor = services.feed.cursor(events[-1].seq if events else 0)
        if viewer.role(call.profile).sees_all():
            _add_live(view, events)
    return view


def _hide(view: CallView, mask: CallMask) -> None:
    """Mask the machine's words and those of people alike."""
    if view.result is not None:
        view.result = mask.call(view.result)
        view.ticket, view.qa = view.result.ticket, view.result.qa
        view.callback = view.result.callback
    if view.writing is not None:
        view.writing = mask.writing(view.writing)
    view.edits = [
        edit.model_copy(update={"value": mask.plain(edit.value, edit.field)}) for edit in view.edits
    ]
    view.overrides = [
        made.model_copy(update={"reason": mask.plain(made.reason)}) for made in view.overrides
    ]
    if view.submitted is not None:
        view.submitted.content = mask.plain(view.submitted.content)


def _add_result(
    services: Services, view: CallView, result: CallModel, call: Call, reviews: Reviews
) -> None:
    view.ticket, view.qa, view.callback = result.ticket, result.qa, result.callback
    view.reviewed_qa_score = reviewed_score(result.qa, reviews.latest_overrides())
    if result.ticket is not None:
        edits = {edit.field: edit.value for edit in view.edits}
        written = view.submitted.content if view.submitted else ticket_content(call.result, edits)
        profile = services.hotlines.get(call.profile).profile
        view.writing = writing_model(written, profile.writing, result.ticket)
        stands = standing(
            services.hotlines.get(call.profile).profile, result.ticket, edits, call.received_at
        )
        view.standing = DraftStanding(
            due_at=stands.due_at,
            respond_by=stands.respond_by,
            sign_off=stands.sign_off,
            missing=list(stands.missing),
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
