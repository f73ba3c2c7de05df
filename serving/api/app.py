"""The application: routers mounted, errors told, screens served."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from serving.api import problems
from serving.api.headers import SecurityHeaders
from serving.api.routes import (
    audio,
    audiosocket,
    calls,
    demo,
    events,
    health,
    openai,
    pages,
    reference,
    repeats,
    reviews,
    uploads,
)
from serving.api.services import Services
from serving.ingress import chan_websocket, freeswitch, funasr, twilio, websocket
from serving.provenance import software_version
from serving.web import STATIC

_DESCRIPTION = """Recordings and live calls of a 12345 hotline in; transcripts, ticket drafts whose
every field points at the words it came from, QA reports and callback answers out.

Errors are problem documents (RFC 9457) with a title in Chinese for screens and a detail in
English for engineers. Decisions of people carry their name in the header `X-Jiesu-User`.
Live calls come in over the WebSocket `/ws/call`, which docs/websocket.md describes."""

_TAGS = [
    {"name": "calls", "description": "Recordings and live calls, and what came of them."},
    {"name": "decisions", "description": "What people decide; the machine's word stays beside it."},
    {"name": "openai", "description": "As OpenAI's, for programs that speak it already."},
    {"name": "operation", "description": "For whoever runs the service."},
]


def create_app(services: Services) -> FastAPI:
    """Return the application; its services are open, and stay so while it serves."""
    app = FastAPI(
        title="jiesu 接诉",
        version=software_version().removeprefix("jiesu "),
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        # The framework's own pages load their scripts from the network; ours do not.
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    problems.install(app)
    app.add_middleware(SecurityHeaders)
    for router in (
        uploads.router,
        calls.router,
        events.router,
        audio.router,
        reviews.router,
        repeats.router,
        demo.router,
        health.router,
        pages.router,
        reference.router,
        openai.router,
        websocket.router,
        funasr.router,
        freeswitch.router,
        chan_websocket.router,
        twilio.router,
        audiosocket.router,
    ):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app
