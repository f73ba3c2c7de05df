"""Errors told as problem documents (RFC 9457)."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import Counter
from starlette.exceptions import HTTPException

from asr.errors import AsrError
from models.errors import ModelsError
from nlu.errors import NluError
from serving.api.error_table import fault_of
from serving.api.schemas import Problem
from serving.errors import ServingError
from serving.telemetry import REGISTRY
from ticket_draft.errors import TicketDraftError

log = logging.getLogger(__name__)

ERRORS = Counter("jiesu_errors", "Errors told to clients.", ["code", "door"], registry=REGISTRY)

_TITLES = {
    401: "请先登录",
    403: "不允许此操作",
    404: "没有这个页面",
    405: "不支持此操作",
    416: "请求的音频范围不存在",
}
_RETRY_AFTER_S = "10"


def install(app: FastAPI) -> None:
    """Answer every error of ours, and those of the framework, with a problem document."""
    for base in (AsrError, ModelsError, NluError, TicketDraftError, ServingError):
        app.add_exception_handler(base, _ours)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the errors a route may answer with, for OpenAPI."""
    return {
        status: {
            "model": Problem,
            "description": HTTPStatus(status).phrase,
            "content": {"application/problem+json": {}},
        }
        for status in statuses
    }


async def _ours(_request: Request, error: Exception) -> JSONResponse:
    fault = fault_of(error)
    if fault.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("a request failed", exc_info=error)
    return _answer(
        Problem(
            type=f"urn:jiesu:error:{fault.code}",
            title=fault.title,
            status=fault.status,
            detail=str(error),
            code=fault.code,
            retryable=bool(getattr(error, "retryable", False)),
        )
    )


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    problem = Problem(
        type="about:blank",
        title=_TITLES.get(error.status_code, "请求有误"),
        status=error.status_code,
        detail=str(error.detail),
        code=f"http-{error.status_code}",
        retryable=False,
    )
    return _answer(problem, dict(error.headers or {}))


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # Without the input: it may be what a citizen said.
    places = [
        {"at": ".".join(str(part) for part in detail["loc"]), "message": detail["msg"]}
        for detail in error.errors()
    ]
    return _answer(
        Problem(
            type="urn:jiesu:error:invalid-request",
            title="请求内容不符合要求",
            status=422,
            detail="; ".join(f"{place['at']}: {place['message']}" for place in places),
            code="invalid-request",
            retryable=False,
            errors=places,
        )
    )


async def _unexpected(_request: Request, error: Exception) -> JSONResponse:
    fault = fault_of(error)
    return _answer(
        Problem(
            type=f"urn:jiesu:error:{fault.code}",
            title=fault.title,
            status=fault.status,
            detail="something unexpected went wrong; the service's log has it",
            code=fault.code,
            retryable=False,
        )
    )


def _answer(problem: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    ERRORS.labels(code=problem.code, door="http").inc()
    headers = headers or {}
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE and problem.retryable:
        headers["Retry-After"] = _RETRY_AFTER_S
    return JSONResponse(
        problem.model_dump(mode="json", exclude_none=True),
        status_code=problem.status,
        headers=headers,
        media_type="application/problem+json",
    )
