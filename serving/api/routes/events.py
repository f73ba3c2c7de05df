"""A call followed as it happens, as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import StreamingResponse

from serving.api.dependencies import CallId, ServicesDep, same_origin
from serving.api.problems import problem_responses
from serving.api.roles import Viewer, ViewerDep
from serving.api.services import Services
from serving.api.views import status_of
from serving.feed import CallLog
from serving.live.events import StateUpdate
from serving.store import Call

router = APIRouter(tags=["calls"], dependencies=[Depends(same_origin)])

_KEEP_ALIVE_S = 15.0


@router.get(
    "/api/calls/{call_id}/events",
    summary="Follow a call",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Events `state`, `transcript`, `draft`, `qa`, `callback`, `trouble`; "
            "the stream ends when nothing more will happen.",
            "content": {
                "text/event-stream": {
                    "example": 'id: 5f0c6a2e.7\nevent: state\ndata: {"type":"state","seq":7,'
                    '"state":"processing","stage":"listen","progress":0.42}\n\n'
                }
            },
        },
        **problem_responses(403, 404, 422, 503),
    },
)
async def events(
    call_id: CallId,
    services: ServicesDep,
    viewer: ViewerDep,
    after: Annotated[
        str | None, Query(max_length=64, description="Only events after this `cursor`.")
    ] = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """Stream what happens to a call: progress of an upload, words and draft of a live call."""
    call, log = await _find(services, call_id)
    if call.state != "done":
        await asyncio.to_thread(viewer.check_follows, call.profile)
    # The browser's own word is newer than the address it was given at first.
    seq = services.feed.seq_of(last_event_id or after)
    return StreamingResponse(
        _stream(services, call, log, seq, viewer),
        media_type="text/event-stream",
        # Proxies must not gather events before passing them on.
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _find(services: Services, call_id: str) -> tuple[Call, CallLog | None]:
    """Return a call and its log, None for one to which nothing more will happen."""
    log = services.feed.find(call_id)
    call = await asyncio.to_thread(services.calls.get, call_id)
    if log is not None or call.state in ("done", "failed"):
        return call, log
    # Waiting since the last start: nothing was published of it yet.
    log = services.feed.open(call_id)
    call = await asyncio.to_thread(services.calls.get, call_id)
    if call.state in ("done", "failed"):
        services.feed.end(call_id)
    return call, log


async def _stream(
    services: Services, call: Call, log: CallLog | None, after: int, viewer: Viewer
) -> AsyncIterator[str]:
    if log is None:
        yield _final_state(call, viewer)
        return
    reader = log.follow(after)
    pending = asyncio.ensure_future(anext(reader))
    try:
        while True:
            done, _ = await asyncio.wait([pending], timeout=_KEEP_ALIVE_S)
            if not done:
                yield ": still here\n\n"
                continue
            try:
                event = pending.result()
            except StopAsyncIteration:
                return
            cursor = services.feed.cursor(event.seq)
            yield f"id: {cursor}\nevent: {event.type}\ndata: {event.text}\n\n"
            pending = asyncio.ensure_future(anext(reader))
    finally:
        pending.cancel()
        await asyncio.gather(pending, return_exceptions=True)
        await reader.aclose()


def _final_state(call: Call, viewer: Viewer) -> str:
    status = status_of(call, viewer)
    state = StateUpdate(
        state=status.state,
        kind=status.kind,
        progress=status.progress,
        error=status.error.code if status.error else None,
        title=status.error.title if status.error else None,
        message=status.error.message if status.error else None,
    )
    return f"event: state\ndata: {state.model_dump_json()}\n\n"
