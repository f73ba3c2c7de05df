"""Recordings: any file that is read here, as a stream of 16 kHz blocks of one or two legs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import Literal

import numpy as np

from asr.audio_decode import AudioDecoder
from asr.audio_layout import legs_say_the_same
from asr.errors import AudioEmptyError, ChannelLayoutError
from asr.framing import FloatArray, Framer
from asr.resample import StreamResampler
from asr.types import SAMPLE_RATE_HZ

BLOCK_SAMPLES = SAMPLE_RATE_HZ
"""Length of the blocks a recording is handed out in: one second."""

MIN_DURATION_MS = 100
"""No word is shorter."""

Layout = Literal["mono", "two-leg"]


class Recording:
    """An open recording; use it as a context manager and iterate it once.

    It yields float32 (legs, samples) at 16 kHz, `BLOCK_SAMPLES` at a time and what is
    left at the end. `duration_ms` and `warnings` are complete when the last block is out.
    """

    def __init__(self, decoders: list[AudioDecoder], layout: Layout) -> None:
        self.layout = layout
        self.samples = 0
        self._decoders = decoders

    @property
    def legs(self) -> int:
        """Rows of each block: 1 for mono, 2 for two legs (left or first file, then the other)."""
        return 1 if self.layout == "mono" else 2

    @property
    def duration_ms(self) -> int:
        """Length of what has been handed out so far."""
        return self.samples * 1000 // SAMPLE_RATE_HZ

    @property
    def source_rate_hz(self) -> int:
        """Sample rate of the (first) file."""
        return self._decoders[0].rate_hz

    @property
    def codec(self) -> str:
        """Codec of the (first) file, by FFmpeg's name."""
        return self._decoders[0].codec

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was wrong with the recording and yet let it be used."""
        found = [warning for decoder in self._decoders for warning in decoder.warnings]
        if len(self._decoders) == 2:
            first, other = (d.decoded_samples / d.rate_hz for d in self._decoders)
            if abs(first - other) > 1.0:
                found.append(
                    f"the two files differ by {abs(first - other):.1f} s; "
                    "the shorter one ends in silence"
                )
        return tuple(found)

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the files back."""
        for decoder in self._decoders:
            decoder.close()

    def __iter__(self) -> Iterator[FloatArray]:
        streams = [_blocks(decoder) for decoder in self._decoders]
        for parts in zip_longest(*streams):
            if len(parts) == 1:
                block = parts[0][: self.legs]
            else:
                length = max(part.shape[1] for part in parts if part is not None)
                block = np.concatenate([_one_leg(part, length) for part in parts])
            self.samples += block.shape[1]
            yield block


def open_recording(path: Path, other_leg: Path | None = None) -> Recording:
    """Open the recording at `path`, or one whose legs lie in `path` and `other_leg`.

    A stereo file with the same sound on both sides is taken as mono. Raises AudioError:
    AudioDecodeError (not audio, damaged, a codec not read), AudioEmptyError (nothing or
    next to nothing in it), ChannelLayoutError (more than two legs).
    """
    paths = [path] if other_leg is None else [path, other_leg]
    decoders: list[AudioDecoder] = []
    with ExitStack() as on_error:
        same = []
        for each in paths:
            same.append(_probe(each))
            decoder = AudioDecoder(each)
            on_error.callback(decoder.close)
            decoders.append(decoder)
        if other_leg is None:
            layout: Layout = "mono" if same[0] else "two-leg"
        elif all(same):
            layout = "two-leg"
        else:
            wrong = paths[same.index(False)]
            raise ChannelLayoutError(
                f"{wrong} is stereo; where each leg has its own file, give mono files"
            )
        on_error.pop_all()
    return Recording(decoders, layout)


def _probe(path: Path) -> bool:
    """Return whether the file holds one leg only; raise what makes it unusable."""
    with AudioDecoder(path) as decoder:
        one_leg = decoder.channels == 1 or legs_say_the_same(iter(decoder), decoder.rate_hz)
    with AudioDecoder(path) as decoder:
        needed = MIN_DURATION_MS * decoder.rate_hz // 1000
        for _ in decoder:
            if decoder.decoded_samples >= needed:
                return one_leg
        raise AudioEmptyError(
            f"{path} holds {decoder.decoded_samples} samples "
            f"({1000 * decoder.decoded_samples / decoder.rate_hz:.1f} ms), too little for a word; "
            "record it again"
        )


def _blocks(decoder: AudioDecoder) -> Iterator[FloatArray]:
    """Yield the file as float32 (channels, `BLOCK_SAMPLES`) at 16 kHz, the last one shorter."""
    resampler = StreamResampler(decoder.rate_hz, decoder.channels)
    framer = Framer(BLOCK_SAMPLES)
    gathered = Framer(decoder.rate_hz // 4)
    for piece in decoder:
        for native in gathered.push(piece):
            yield from framer.push(resampler.push(native))
    native_rest = gathered.flush()
    if native_rest is not None:
        yield from framer.push(resampler.push(native_rest))
    yield from framer.push(resampler.flush())
    rest = framer.flush()
    if rest is not None:
        yield rest


def _one_leg(part: FloatArray | None, length: int) -> FloatArray:
    """Return the first row of `part` as (1, length), silence where it ends earlier."""
    leg = np.zeros((1, length), dtype=np.float32)
    if part is not None:
        leg[0, : part.shape[1]] = part[0]
    return leg
