"""A live call on disk: each leg as it comes, both as one WAV file when the call is over."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, get_args

import numpy as np

from asr.types import Channel
from serving.live.pcm import Pcm
from serving.output import output_error
from serving.recordings import Recordings

LEGS: tuple[Channel, ...] = get_args(Channel)
_BLOCK_SAMPLES = 1 << 18


class LegRecorder:
    """Writes the legs of one call next to each other.

    The legs need not be in step, and a crash leaves files from which the call can still
    be put together. Samples are gathered for a second before they are written, and
    written off the event loop.
    """

    def __init__(
        self, recordings: Recordings, call_id: str, sample_rate_hz: int, *, is_mixed: bool = False
    ) -> None:
        self._recordings = recordings
        self._call_id = call_id
        self._rate_hz = sample_rate_hz
        self._is_mixed = is_mixed
        self._waiting: dict[Channel, list[Pcm]] = {leg: [] for leg in LEGS}
        self._waiting_samples = 0
        self._files: dict[Channel, IO[bytes]] = {}
        self._lock = asyncio.Lock()

    async def open(self) -> None:
        """Create the files; raises OutputError where they cannot be written."""
        await asyncio.to_thread(self._open)

    async def push(self, pcm: Mapping[Channel, Pcm]) -> None:
        """Take samples of one leg or both; raises OutputError when the disk is full."""
        for leg, samples in pcm.items():
            self._waiting[leg].append(samples)
            self._waiting_samples += len(samples)
        if self._waiting_samples >= self._rate_hz:
            await self._write_waiting()

    async def finish(self) -> str:
        """Put the legs together and return the recording's name; raises OutputError."""
        try:
            await self._write_waiting()
        finally:
            self.close()
        return await asyncio.to_thread(
            assemble_recording,
            self._recordings,
            self._call_id,
            self._rate_hz,
            is_mixed=self._is_mixed,
        )

    def close(self) -> None:
        """Close the files and leave them; safe to call twice."""
        for file in self._files.values():
            file.close()

    def abandon(self) -> None:
        """Close the files and remove them: the call was not admitted after all."""
        self.close()
        for leg in self._files:
            leg_path(self._recordings, self._call_id, leg, self._rate_hz).unlink(missing_ok=True)

    async def _write_waiting(self) -> None:
        async with self._lock:
            waiting, self._waiting = self._waiting, {leg: [] for leg in LEGS}
            self._waiting_samples = 0
            await asyncio.to_thread(self._write, waiting)

    def _open(self) -> None:
        for leg in LEGS:
            path = leg_path(self._recordings, self._call_id, leg, self._rate_hz)
            try:
                # Unbuffered: what was written survives the process.
                self._files[leg] = path.open("xb", buffering=0)
            except OSError as error:
                raise output_error(path, error) from error

    def _write(self, waiting: Mapping[Channel, Sequence[Pcm]]) -> None:
        for leg, pieces in waiting.items():
            if not pieces:
                continue
            data = memoryview(np.concatenate(pieces).astype("<i2").tobytes())
            try:
                while data:
                    data = data[self._files[leg].write(data) :]
            except OSError as error:
                path = leg_path(self._recordings, self._call_id, leg, self._rate_hz)
                raise output_error(path, error) from error


def leg_path(recordings: Recordings, call_id: str, leg: Channel, rate_hz: int) -> Path:
    """Return where a leg's samples lie, 16-bit little-endian, while the call goes on."""
    return recordings.path(f"{call_id}.{leg}.{rate_hz}.pcm")


def interrupted_rate_hz(recordings: Recordings, call_id: str) -> int | None:
    """Return the sample rate of a call that a crash left in pieces, None where there are none."""
    for path in recordings.folder.glob(f"{call_id}.agent.*.pcm"):
        rate_hz = path.name.removeprefix(f"{call_id}.agent.").removesuffix(".pcm")
        if rate_hz.isdigit():
            return int(rate_hz)
    return None


def assemble_recording(
    recordings: Recordings, call_id: str, rate_hz: int, *, is_mixed: bool = False
) -> str:
    """Make one WAV, agent left and citizen right, of the legs' files and remove these.

    A leg that ends earlier ends in silence. Two speakers on one leg stand on both sides,
    which is read as mono. Raises OutputError.
    """
    name = f"{call_id}.wav"
    legs = [leg_path(recordings, call_id, leg, rate_hz) for leg in LEGS]
    sides = [legs[LEGS.index("citizen")]] * len(LEGS) if is_mixed else legs
    partial = recordings.partial(name)
    try:
        with wave.open(str(partial), "wb") as recording:
            recording.setnchannels(len(LEGS))
            recording.setsampwidth(2)
            recording.setframerate(rate_hz)
            _interleave(sides, recording)
    except OSError as error:
        raise output_error(recordings.path(name), error) from error
    recordings.complete(name)
    for path in legs:
        path.unlink(missing_ok=True)
    return name


def _interleave(legs: Sequence[Path], recording: wave.Wave_write) -> None:
    files = [path.open("rb") for path in legs]
    try:
        while True:
            blocks = [np.frombuffer(_whole(f.read(2 * _BLOCK_SAMPLES)), dtype="<i2") for f in files]
            length = max(len(block) for block in blocks)
            if not length:
                return
            both = np.zeros((length, len(files)), dtype="<i2")
            for column, block in enumerate(blocks):
                both[: len(block), column] = block
            recording.writeframes(both.tobytes())
    finally:
        for file in files:
            file.close()


def _whole(data: bytes) -> bytes:
    """Drop half a sample that a crash may have left at the end."""
    return data[: len(data) // 2 * 2]
