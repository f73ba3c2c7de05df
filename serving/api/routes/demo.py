"""A sample call played through the live path, so that the page has something to show at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse

from serving.api.dependencies import ServicesDep, same_origin
from serving.api.problems import problem_responses
from serving.api.schemas import DemoCall, DemoRequest
from serving.api.services import Services
from serving.errors import CallNotFoundError
from serving.replay.demo import find_samples

router = APIRouter(tags=["calls"], dependencies=[Depends(same_origin)])


@router.post(
    "/api/demo-calls",
    status_code=201,
    summary="Play a sample call live",
    responses=problem_responses(404, 422, 503),
)
async def demo(body: DemoRequest, services: ServicesDep) -> DemoCall:
    """Play a sample recording as if it came from a telephone line, in real time."""
    page = await _start(services, body.sample, body.speed)
    return DemoCall(call_id=page.rsplit("/", 1)[1], page=page)


@router.get("/demo", include_in_schema=False)
async def demo_page(services: ServicesDep) -> RedirectResponse:
    """Play the chosen recording, or the first sample, and show it from its first word on."""
    return RedirectResponse(await _start(services, None, 1.0), status_code=303)


async def _start(services: Services, sample: str | None, speed: float) -> str:
    path = await asyncio.to_thread(_find, services, sample)
    pipeline = await asyncio.to_thread(services.hotlines.get)
    call = await services.demo.start(path, pipeline, speed=speed)
    return f"/calls/{call.spec.call_id}"


def _find(services: Services, sample: str | None) -> Path:
    if sample is None and services.demo.chosen is not None:
        return services.demo.chosen
    samples = find_samples(services.samples_dir)
    if not samples:
        raise CallNotFoundError(
            f"no sample calls in {services.samples_dir}; set JIESU_SAMPLES_DIR to a folder of them"
        )
    name = sample or next(iter(samples))
    if name not in samples:
        raise CallNotFoundError(f"no sample {name!r}; one of: {', '.join(samples)}")
    return samples[name]
