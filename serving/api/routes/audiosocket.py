"""Announcing what Asterisk's AudioSocket connections will bring."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path

from serving.api.dependencies import ServicesDep, same_origin
from serving.api.problems import problem_responses
from serving.ingress.audiosocket_announcements import Announcement

router = APIRouter(tags=["calls"], dependencies=[Depends(same_origin)])


@router.put(
    "/api/audiosocket/{uuid}",
    status_code=204,
    summary="Say what an AudioSocket connection will bring",
    responses=problem_responses(422),
)
async def announce(
    uuid: Annotated[UUID, Path(description="The UUID that Asterisk will connect with.")],
    body: Announcement,
    services: ServicesDep,
) -> None:
    """Name leg, call, hotline or kind of a connection, ten minutes ahead at most."""
    services.hotlines.check(body.profile)
    services.announcements.add(uuid, body)
