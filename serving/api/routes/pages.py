"""The screens."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from serving.api.dependencies import CallId, ServicesDep
from serving.api.error_table import fault_of
from serving.api.roles import Viewer, ViewerDep
from serving.api.services import Services
from serving.api.views import status_of, view_of_call
from serving.api.vocabulary import vocabulary_of
from serving.errors import CallNotFoundError
from serving.replay.demo import find_samples
from serving.web import TEMPLATES, labels

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_PAGE_SIZE = 30
templates = Jinja2Templates(directory=TEMPLATES)
templates.env.globals.update(
    state_labels=labels.STATES,
    source_labels=labels.SOURCES,
    kind_labels=labels.KINDS,
    filters=labels.FILTERS,
    draft_fields=labels.DRAFT_FIELDS,
    callback_fields=labels.CALLBACK_FIELDS,
    clock=labels.clock,
    day_and_time=labels.day_and_time,
)
PageNumber = Annotated[int, Query(ge=1, le=10**6)]


@router.get("/")
def calls_page(
    request: Request,
    services: ServicesDep,
    viewer: ViewerDep,
    state: str = "",
    page: PageNumber = 1,
) -> HTMLResponse:
    """Show the list of calls, and the ways to bring in another."""
    context = _rows(services, viewer, state, page) | {
        "hotline": services.hotlines.get().profile.title,
        "viewer": viewer,
        "role": viewer.role(),
        "max_upload_mib": services.settings.max_upload_bytes // 2**20,
        "samples": _labelled(find_samples(services.samples_dir)),
    }
    return templates.TemplateResponse(request, "calls.html", context)


@router.get("/calls/rows")
def rows(
    request: Request,
    services: ServicesDep,
    viewer: ViewerDep,
    state: str = "",
    page: PageNumber = 1,
) -> HTMLResponse:
    """Render the list's rows alone, for a page that keeps itself up to date."""
    context = _rows(services, viewer, state, page)
    response = templates.TemplateResponse(request, "_rows.html", context)
    response.headers["X-Counts"] = urlencode(context["counts"])
    return response


@router.get("/calls/{call_id}")
async def call_page(
    request: Request, call_id: CallId, services: ServicesDep, viewer: ViewerDep
) -> HTMLResponse:
    """Show one call, live or finished."""
    try:
        view = await view_of_call(services, call_id, viewer)
    except CallNotFoundError as error:
        default = await asyncio.to_thread(services.hotlines.get)
        context = {
            "title": fault_of(error).title,
            "detail": "它可能已被删除。",
            "hotline": default.profile.title,
        }
        return templates.TemplateResponse(request, "error.html", context, status_code=404)
    pipeline = await asyncio.to_thread(services.hotlines.get, view.status.profile)
    vocabulary = vocabulary_of(pipeline.profile)
    page_words = {
        "rules": vocabulary["rules"],
        "request_types": vocabulary["request_types"],
        "urgencies": vocabulary["urgencies"],
        "callback": {name: values for name, (_, values) in labels.CALLBACK_FIELDS.items()},
        "states": labels.STATES,
        "decides": viewer.role(view.status.profile).decides,
        "kinds": labels.KINDS,
    }
    page: dict[str, Any] = {
        "hotline": pipeline.profile.title,
        "view": view,
        "viewer": viewer,
        "role": viewer.role(view.status.profile),
        "vocabulary": vocabulary,
        "data": {"view": view.model_dump(mode="json"), "words": page_words},
    }
    return templates.TemplateResponse(request, "call.html", page)


def _rows(services: Services, viewer: Viewer, state: str, page: int) -> dict[str, Any]:
    chosen = next((f for f in labels.FILTERS if f[0] == state), labels.FILTERS[0])
    found = services.calls.page(states=chosen[2], offset=(page - 1) * _PAGE_SIZE, limit=_PAGE_SIZE)
    counts = services.calls.counts()
    query = {"state": chosen[0]} if chosen[0] else {}
    if viewer.query:
        query["role"] = viewer.name
    return {
        "calls": [status_of(call, viewer) for call in found.calls],
        "total": found.total,
        "page": page,
        "pages": -(-found.total // _PAGE_SIZE),
        "chosen": chosen[0],
        "viewer": viewer,
        "role": viewer.role(),
        "query": urlencode(query | {"page": page}),
        "query_without_page": urlencode(query) + "&" if query else "",
        "counts": counts,
        "tally": lambda states: sum(counts.get(s, 0) for s in states or counts),
    }


def _labelled(samples: Iterable[str]) -> list[tuple[str, str]]:
    """Return sample calls with the names of their buttons, those of known kinds first."""
    known = {"complaint": "投诉", "consultation": "咨询", "callback": "回访"}
    order = list(known)

    def kind(name: str) -> str | None:
        return next((word for word in order if word in name), None)

    ranked = sorted(samples, key=lambda n: order.index(k) if (k := kind(n)) else len(order))
    return [(name, known.get(kind(name) or "", name)) for name in ranked]
