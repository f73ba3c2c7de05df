"""The worker of real batches: the whole pipeline of a hotline, one recording after the other."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from asr.roles import AgentSide
from nlu.pii.policy import Role
from serving.assembly import pipeline_of
from serving.batch.manifest import CallItem
from serving.batch.worker import Outcome, Worker
from serving.conversion import call_model
from serving.errors import JIESU_ERRORS
from serving.masking import masked_call
from serving.pipeline import Pipeline
from serving.profile import Profile
from serving.settings import Settings
from serving.telemetry import set_up_logging

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """What a worker needs to load its models; the profile travels whole, not by its folder."""

    settings: Settings
    profile: Profile
    engine: str
    agent_channel: AgentSide = "auto"
    mask_for: Role | None = None
    """Results are written as this role may see them."""

    def __call__(self) -> Worker:
        """Load the models and return the worker; raises what their loading raises."""
        set_up_logging(self.settings)  # a process of its own starts without
        pipeline = pipeline_of(self.profile, self.settings, engine=self.engine)
        return PipelineWorker(pipeline, agent_channel=self.agent_channel, mask_for=self.mask_for)


class PipelineWorker:
    """A worker that runs the whole pipeline of a hotline."""

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        agent_channel: AgentSide = "auto",
        mask_for: Role | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._agent_channel = agent_channel
        self._mask_for = mask_for

    def run(self, item: CallItem) -> Outcome:
        """Process one recording."""
        started = time.perf_counter()
        try:
            result = self._pipeline.process(
                item.path,
                other_leg=item.other_leg,
                call_id=item.call_id,
                kind=item.kind,
                received_at=item.received_at,
                agent_channel=self._agent_channel,
            )
        except JIESU_ERRORS as error:
            return _failed(item, error, str(error), started)
        except OSError as error:
            return _failed(item, error, f"{item.path}: {error.strerror or error}", started)
        except Exception as error:  # one call's surprise must not cost the others
            log.exception("a recording failed in an unexpected way")
            return _failed(item, error, "unexpected error; see the log, and report it", started)
        call = call_model(result)
        if self._mask_for is not None:
            call = masked_call(call, self._mask_for)
        return Outcome(
            call_id=item.call_id,
            text=call.model_dump_json(indent=2) + "\n",
            audio_ms=result.provenance.duration_ms,
            wall_ms=_since_ms(started),
        )


def _failed(item: CallItem, error: Exception, message: str, started: float) -> Outcome:
    return Outcome(
        call_id=item.call_id,
        error=type(error).__name__,
        message=message,
        wall_ms=_since_ms(started),
    )


def _since_ms(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
