"""A sample call played through the live path, so that the page has something to show at once."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends

from serving.api.dependencies import ServicesDep, same_origin
from serving.api.problems import problem_responses
from serving.api.schemas import DemoCall, DemoRequest
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
    samples = await asyncio.to_thread(find_samples, services.samples_dir)
    if not samples:
        raise CallNotFoundError(
            f"no sample calls in {services.samples_dir}; set JIESU_SAMPLES_DIR to a folder of them"
        )
    chosen = samples.get(body.sample or next(iter(samples)))
    if chosen is None:
        raise CallNotFoundError(f"no sample {body.sample!r}; one of: {', '.join(samples)}")
    pipeline = await asyncio.to_thread(services.hotlines.get)
    call = await services.demo.start(chosen, pipeline, speed=body.speed)
    return DemoCall(call_id=call.spec.call_id, page=f"/calls/{call.spec.call_id}")
