"""Sample calls played on the server's own live path, so that a page shows one at once."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from pathlib import Path

from asr.audio import Recording
from serving.call_id import new_call_id
from serving.clock import CHINA_TIME
from serving.live.call import CallSpec, LiveCall
from serving.live.calls import LiveCalls
from serving.pipeline import Pipeline
from serving.replay.frames import FRAME_MS, leg_frames, line_rate_hz, open_two_legs

log = logging.getLogger(__name__)


def find_samples(folder: Path) -> dict[str, Path]:
    """Return the sample calls of a folder by name."""
    if not folder.is_dir():
        return {}
    return {path.stem: path for path in sorted(folder.glob("*.wav"))}


class Demo:
    """Plays sample calls in the background; one object for a service."""

    def __init__(self, live: LiveCalls) -> None:
        self.chosen: Path | None = None
        """The recording that whoever started the service wants to be shown."""
        self._live = live
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, path: Path, pipeline: Pipeline, *, speed: float = 1.0) -> LiveCall:
        """Start a live call that plays `path` to its end.

        Raises AudioError for a file that cannot be played, and what `LiveCalls.open` raises.
        """
        recording = await asyncio.to_thread(open_two_legs, path)
        try:
            spec = CallSpec(
                call_id=new_call_id(),
                profile=pipeline.profile.name,
                sample_rate_hz=line_rate_hz(recording),
                received_at=datetime.now(CHINA_TIME),
            )
            call = await self._live.open(spec, pipeline, "demo")
        except BaseException:
            recording.close()
            raise
        task = asyncio.create_task(self._play(call, recording, speed), name="demo call")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return call

    async def close(self) -> None:
        """Stop playing; the calls end as if the line had been cut."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _play(self, call: LiveCall, recording: Recording, speed: float) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        seconds = leg_frames(recording)
        self._live.attach(call)
        try:
            while (frames := await asyncio.to_thread(next, seconds, None)) is not None:
                for frame in frames:
                    if call.has_ended:
                        return
                    await call.push(frame)
                    due_s += FRAME_MS / 1000 / speed
                    await asyncio.sleep(max(due_s - loop.time(), 0))
        except Exception:
            log.exception("a sample call could not be played to its end")
        finally:
            call.end()
            recording.close()
            self._live.detach(call)
