"""Recordings in."""

from __future__ import annotations

import asyncio
import contextlib
import re
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from starlette.requests import ClientDisconnect

from asr.roles import AgentSide
from serving.api.dependencies import ServicesDep, same_origin
from serving.api.multipart import Upload, receive_upload
from serving.api.problems import problem_responses
from serving.api.roles import ViewerDep
from serving.api.schemas import CallStatus
from serving.api.services import Services
from serving.api.views import status_of
from serving.call_id import new_call_id
from serving.clock import CHINA_TIME, parse_moment
from serving.errors import UploadError, UploadTooLargeError
from serving.result import CallKind
from serving.store import Call

router = APIRouter(tags=["calls"], dependencies=[Depends(same_origin)])

_FORM_OVERHEAD_BYTES = 1 << 16
_SAFE_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")


class UploadFields(BaseModel):
    """What may be said of a recording beside the file."""

    model_config = ConfigDict(extra="forbid")

    profile: str | None = None
    kind: CallKind | None = None
    received_at: datetime | None = None
    agent_channel: AgentSide = "auto"

    @field_validator("received_at", mode="before")
    @classmethod
    def _read_moment(cls, value: object) -> object:
        return parse_moment(value) if isinstance(value, str) else value


_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "WAV, FLAC, MP3, M4A, OGG, WebM or AMR; "
                            "mono or two legs.",
                        },
                        "profile": {"type": "string", "description": "Name of the hotline."},
                        "kind": {"type": "string", "enum": ["ticket", "callback"]},
                        "received_at": {
                            "type": "string",
                            "description": "When the call came in, ISO 8601; without an offset "
                            "it is China time. Without it, now.",
                        },
                        "agent_channel": {
                            "type": "string",
                            "enum": ["auto", "left", "right"],
                            "default": "auto",
                        },
                    },
                },
                "example": {"file": "(binary)", "kind": "ticket"},
            }
        },
    }
}


@router.post(
    "/api/calls",
    status_code=202,
    summary="Upload a recording",
    responses=problem_responses(400, 413, 422, 503, 507),
    openapi_extra=_FORM,
)
async def upload(
    request: Request, response: Response, services: ServicesDep, viewer: ViewerDep
) -> CallStatus:
    """Take a recording in; it is processed in the background.

    Follow it at `/api/calls/{call_id}` or `/api/calls/{call_id}/events`. What the file
    holds is looked at while it is processed: a file that is no audio fails there.
    """
    services.jobs.check_room()
    check_length(request, services.settings.max_upload_bytes)
    call_id = new_call_id()
    partial = services.recordings.partial(call_id)
    try:
        received = await receive_upload(
            request.headers.get("content-type", ""),
            request.stream(),
            partial,
            services.settings.max_upload_bytes,
        )
        call = await asyncio.to_thread(_accept, services, call_id, received)
    except ClientDisconnect as error:
        raise UploadError("the upload broke off before its end; send it again") from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
    services.jobs.submit(call_id)
    response.headers["Location"] = f"/api/calls/{call_id}"
    return status_of(call, viewer)


def _accept(services: Services, call_id: str, received: Upload) -> Call:
    """Give a complete upload its place and its row in the store."""
    try:
        fields = UploadFields.model_validate({k: v for k, v in received.fields.items() if v})
    except ValidationError as error:
        places = "; ".join(f"{d['loc'][0] if d['loc'] else ''}: {d['msg']}" for d in error.errors())
        raise UploadError(f"a field cannot be used: {places}") from error
    profile = services.hotlines.check(fields.profile)
    suffix = _SAFE_SUFFIX.search(received.filename.lower()[-6:])
    name = call_id + (suffix.group() if suffix else "")
    services.recordings.partial(call_id).replace(services.recordings.path(name))
    return services.calls.add(
        call_id,
        source="upload",
        state="queued",
        profile=profile,
        kind=fields.kind,
        received_at=fields.received_at or datetime.now(CHINA_TIME),
        filename=received.filename or None,
        recording=name,
        agent_channel=fields.agent_channel,
    )


def check_length(request: Request, max_bytes: int) -> None:
    """Refuse at once what says itself that it is too large."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > max_bytes + _FORM_OVERHEAD_BYTES:
        raise UploadTooLargeError(
            f"the recording is larger than {max_bytes // 2**20} MiB; convert it to FLAC or MP3, "
            "or raise JIESU_MAX_UPLOAD_BYTES"
        )
