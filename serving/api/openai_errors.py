"""Errors in the form of OpenAI's interface, for the routes that imitate it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from serving.api.error_table import fault_of
from serving.api.problems import ERRORS
from serving.errors import RequestFieldError

log = logging.getLogger(__name__)

_RETRY_AFTER_S = "5"


class OpenaiRoute(APIRoute):
    """A route whose errors, foreseen or not, are told as OpenAI's are."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the route's handler with its errors caught."""
        handle = super().get_route_handler()

        async def handle_or_tell(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:
                return error_response(error)

        return handle_or_tell


def error_response(error: Exception) -> JSONResponse:
    """Return an error as a response."""
    status, body = error_body(error)
    headers = {}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = _RETRY_AFTER_S
    return JSONResponse(body, status_code=status, headers=headers)


def error_body(error: Exception) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status of an error and OpenAI's JSON for it; counts and logs it."""
    fault = fault_of(error)
    param: str | None = None
    match error:
        case RequestFieldError():
            status, code, message, param = error.status, error.code, str(error), error.param
        case HTTPException():
            status, code, message = error.status_code, f"http-{error.status_code}", error.detail
        case RequestValidationError():
            status, code, message = 400, "invalid_value", "the request cannot be read"
        case _:
            status, code = fault.status, fault.code
            message = str(error) if fault.is_ours else "something unexpected went wrong"
            # OpenAI's clients know 400 for what is wrong with the file.
            status = 400 if status == HTTPStatus.UNPROCESSABLE_ENTITY else status
    ERRORS.labels(code=fault.code, door="openai").inc()
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.SERVICE_UNAVAILABLE:
        log.error("a transcription failed", exc_info=error)
    is_theirs = status < HTTPStatus.INTERNAL_SERVER_ERROR
    kind = "invalid_request_error" if is_theirs else "server_error"
    return status, {"error": {"message": message, "type": kind, "param": param, "code": code}}
