"""The sound of a call, for a player that seeks."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse

from serving.api.dependencies import CallId, ServicesDep, same_origin
from serving.api.problems import problem_responses
from serving.api.roles import ViewerDep
from serving.api.views import result_of
from serving.errors import CallNotFoundError, CallStateError
from serving.playback import playable

router = APIRouter(tags=["calls"], dependencies=[Depends(same_origin)])


@router.get(
    "/api/calls/{call_id}/audio",
    summary="The recording",
    response_class=FileResponse,
    responses={
        200: {"description": "The recording.", "content": {"audio/wav": {}}},
        206: {"description": "The part of it that `Range` asks for."},
        **problem_responses(403, 404, 409, 416),
    },
)
async def audio(call_id: CallId, services: ServicesDep, viewer: ViewerDep) -> FileResponse:
    """Return the recording, whole or the range asked for, in a form that browsers play."""
    call = await asyncio.to_thread(services.calls.get, call_id)
    await asyncio.to_thread(viewer.check_hears, call.profile, result_of(call))
    if call.recording is None or call.state == "live":
        raise CallStateError(f"call {call_id} has no recording yet: it is still going on")
    if not services.recordings.path(call.recording).exists():
        raise CallNotFoundError(f"the recording of call {call_id} is gone from the disk")
    found = await asyncio.to_thread(playable, services.recordings, call.recording)
    return FileResponse(
        found.path,
        media_type=found.media_type,
        headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=3600"},
    )
