"""Earlier requests that a call may repeat."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from serving.api.dependencies import CallId, ServicesDep, same_origin
from serving.api.problems import problem_responses
from serving.api.repeats import repeats_of
from serving.api.roles import ViewerDep
from serving.api.schemas import RepeatView
from serving.api.views import draft_of

router = APIRouter(tags=["calls"], dependencies=[Depends(same_origin)])


@router.get(
    "/api/calls/{call_id}/repeats",
    summary="Earlier requests it may repeat",
    responses=problem_responses(404, 422),
)
def repeats(call_id: CallId, services: ServicesDep, viewer: ViewerDep) -> list[RepeatView]:
    """Return earlier tickets of the same caller or place about the same matter, the likest first.

    Merge with one by setting `merge_with` of the draft to its `call_id`. Empty for a callback
    and for a call without a draft.
    """
    log = services.feed.find(call_id)
    events = log.after(0) if log is not None else []
    call = services.calls.get(call_id)
    edits = {name: edit.value for name, edit in services.reviews.of(call_id).latest_edits().items()}
    ticket = draft_of(call, events, edits)
    return repeats_of(services, call, ticket, viewer) if ticket is not None else []
