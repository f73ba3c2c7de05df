"""Calls: listed, looked at, deleted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from serving.api.dependencies import ActorDep, CallId, ServicesDep, same_origin
from serving.api.problems import problem_responses
from serving.api.roles import ViewerDep
from serving.api.schemas import CallList, CallStatus, CallView
from serving.api.views import result_of, status_of, view_of_call
from serving.contract import CallModel
from serving.errors import CallStateError
from serving.playback import copy_name
from serving.store.tables import CallState

router = APIRouter(tags=["calls"], dependencies=[Depends(same_origin)])

MAX_PAGE = 200


@router.get("/api/calls", summary="List calls", responses=problem_responses(422))
def list_calls(
    services: ServicesDep,
    viewer: ViewerDep,
    state: Annotated[
        list[CallState] | None, Query(description="Only calls in these states; may be repeated.")
    ] = None,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
) -> CallList:
    """Return calls, newest first, without their results."""
    viewer.role()  # an unknown one is told, however few calls there are
    page = services.calls.page(states=state or (), offset=offset, limit=limit)
    return CallList(
        calls=[status_of(call, viewer) for call in page.calls],
        total=page.total,
        offset=offset,
        limit=limit,
    )


@router.get(
    "/api/calls/{call_id}/status", summary="Progress", responses=problem_responses(404, 422)
)
def status(call_id: CallId, services: ServicesDep, viewer: ViewerDep) -> CallStatus:
    """Return how far a call is."""
    return status_of(services.calls.get(call_id), viewer)


@router.get("/api/calls/{call_id}", summary="All about a call", responses=problem_responses(404))
async def view(call_id: CallId, services: ServicesDep, viewer: ViewerDep) -> CallView:
    """Return a call with what the machine made of it so far and what people decided.

    Personal data is masked as the role asks for; a masked role sees a call when it has ended.
    """
    return await view_of_call(services, call_id, viewer)


@router.get(
    "/api/calls/{call_id}/result", summary="The result", responses=problem_responses(404, 409)
)
def result(call_id: CallId, services: ServicesDep, viewer: ViewerDep) -> CallModel:
    """Return the machine's result, the same object that `jiesu process --json` prints.

    Masked for the role that asks; `?role=export` gives what may leave the house.
    """
    call = services.calls.get(call_id)
    found = result_of(call)
    if found is None:
        raise CallStateError(f"call {call_id} is {call.state} and has no result (yet)")
    return viewer.call(found)


@router.delete(
    "/api/calls/{call_id}",
    status_code=204,
    response_class=Response,
    summary="Delete a call",
    responses=problem_responses(403, 404, 409, 422),
)
def delete(call_id: CallId, services: ServicesDep, viewer: ViewerDep, actor: ActorDep) -> None:
    """Forget a call: its recording, its words, and all decisions on it.

    What stays is the audit row that says who deleted it, and when.
    """
    viewer.check_decides(services.calls.get(call_id).profile)
    recording = services.calls.delete(call_id, actor)
    services.feed.end_soon(call_id)
    if recording is not None:
        services.recordings.delete(recording)
        services.recordings.delete(copy_name(recording))
