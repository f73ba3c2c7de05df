"""Whether the service lives, takes calls, and how it is doing."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from serving.api.dependencies import ServicesDep
from serving.api.schemas import Health, Readiness
from serving.api.services import Services
from serving.provenance import software_version
from serving.telemetry import REGISTRY

router = APIRouter(tags=["operation"])


@router.get("/health", summary="Is the process alive?")
async def health() -> Health:
    """Answer as long as the process does."""
    return Health(software=software_version())


@router.get(
    "/ready",
    summary="Are calls taken?",
    responses={503: {"model": Readiness, "description": "Send no calls here now."}},
)
def ready(services: ServicesDep, response: Response) -> Readiness:
    """Answer 200 while calls are taken, 503 with the reasons while they are not."""
    reasons = _reasons(services)
    response.status_code = 503 if reasons else 200
    return Readiness(
        status="not ready" if reasons else "ready",
        reasons=reasons,
        live_calls=services.live.count,
        max_live_calls=services.settings.max_live_calls,
        queued_uploads=services.jobs.waiting,
    )


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
def metrics() -> Response:
    """Return all counters and histograms."""
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


def _reasons(services: Services) -> list[str]:
    reasons = []
    if services.live.is_closing:
        reasons.append("the service is going down")
    if not services.jobs.is_alive:
        reasons.append("the thread that processes recordings has ended; restart the service")
    try:
        with services.engine.connect() as connection:
            connection.execute(text("select 1"))
    except SQLAlchemyError:
        reasons.append("the database does not answer")
    return reasons
