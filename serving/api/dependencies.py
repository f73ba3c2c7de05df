"""What routes ask for, typed."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import unquote, urlsplit

from fastapi import Depends, Header, HTTPException, Path
from starlette.requests import HTTPConnection

from serving.api.services import Services
from serving.errors import ActorMissingError

_MAX_ACTOR = 64


def _services(connection: HTTPConnection) -> Services:
    services: Services = connection.app.state.services
    return services


def _actor(
    x_jiesu_user: Annotated[
        str | None,
        Header(
            description="Who decides: name or staff number, percent-encoded UTF-8.",
            examples=["%E5%BC%A0%E4%B8%89"],
        ),
    ] = None,
) -> str:
    """Return who makes a decision; ActorMissingError without a name."""
    name = unquote(x_jiesu_user or "", errors="replace").strip()
    if not name:
        raise ActorMissingError(
            "who decides? send the name or staff number in the header X-Jiesu-User"
        )
    if len(name) > _MAX_ACTOR or not name.isprintable():
        raise ActorMissingError(f"X-Jiesu-User must be one line of at most {_MAX_ACTOR} characters")
    return name


def is_same_origin(connection: HTTPConnection) -> bool:
    """Return whether a request comes from a page of ours or from no page at all.

    Programs send no Origin; browsers cannot leave it out.
    """
    origin = connection.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == connection.headers.get("host")


def same_origin(connection: HTTPConnection) -> None:
    """Refuse what a page of another site sends from a user's browser."""
    if not is_same_origin(connection):
        raise HTTPException(403, "this page belongs to another site")


ServicesDep = Annotated[Services, Depends(_services)]
ActorDep = Annotated[str, Depends(_actor)]
CallId = Annotated[str, Path(min_length=1, max_length=64, description="The call's id.")]
