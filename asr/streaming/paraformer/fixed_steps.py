"""Steps of a few fixed sizes, so that a GPU can replay them instead of launching thousands
of small kernels: a step of the 220 M network launches about 2,500.

A batch is filled up to the next size with rows that read and write the scratch slot. On
a CUDA device each size is captured as a graph when it is first needed; elsewhere the same
rows are run one by one, which is what the tests look at.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from asr.streaming.paraformer.network import ChunkBatch, Encoded, ParaformerNetwork
from asr.streaming.paraformer.predictor import Fired
from asr.streaming.paraformer.slots import Slots

BATCH_SIZES = (1, 2, 4, 8, 16, 32, 48, 64, 96, 128, 192, 256)
_LOG = logging.getLogger(__name__)
_TOKEN_STEP = 4
_USUAL_ROOMS = (4, 8)
_RUNS_BEFORE_CAPTURE = 3


def next_size(size: int, sizes: Sequence[int]) -> int:
    """Return the smallest of `sizes` (rising) that holds `size`; ValueError where none does."""
    place = bisect_left(sizes, size)
    if place == len(sizes):
        raise ValueError(f"a batch of {size} is beyond the largest size, {sizes[-1]}")
    return sizes[place]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """One size: its inputs stay where they are, and `run` fills its outputs anew."""

    inputs: tuple[Tensor, ...]
    run: Callable[[], tuple[Tensor, ...]]


class FixedSteps:
    """Encodes and decodes batches at fixed sizes; not for unbounded look-backs, which grow."""

    def __init__(
        self, network: ParaformerNetwork, state: Slots, sizes: Sequence[int] = BATCH_SIZES
    ) -> None:
        self._network = network
        self._state = state
        self._sizes = tuple(sorted(sizes))
        device = state.seen.device
        self._device = device
        self._captures = device.type == "cuda"
        self._encoders: dict[int, _Prepared] = {}
        self._decoders: dict[tuple[int, int], _Prepared] = {}

    @property
    def largest(self) -> int:
        """Largest batch."""
        return self._sizes[-1]

    def prepare(self) -> None:
        """Capture what live calls will need, so that none of them waits for it.

        That is every size that the slots can fill, with as many tokens as people say in
        a chunk; more are captured when somebody first says them.
        """
        for size in self._sizes[: bisect_left(self._sizes, self._state.count) + 1]:
            self._encoders[size] = self._prepare_encoder(size)
            for room in _USUAL_ROOMS:
                self._decoders[size, room] = self._prepare_decoder(size, room)

    def encode(self, batch: ChunkBatch) -> Encoded:
        """Do what `ParaformerNetwork.encode` does; the answer holds until the next call."""
        rows = len(batch.rows)
        size = next_size(rows, self._sizes)
        prepared = self._encoders.get(size)
        if prepared is None:
            prepared = self._encoders[size] = self._prepare_encoder(size)
        given = (batch.rows, batch.samples, batch.count, batch.is_last)
        idle = (self._state.scratch, 0, 0, True)
        _fill(prepared.inputs, given, idle)
        frames, is_real, tokens, count, weight, frame = (x[:rows] for x in prepared.run())
        return Encoded(frames, is_real, Fired(tokens, count, weight, frame))

    def decode(self, batch: ChunkBatch, encoded: Encoded, tokens: Tensor, count: Tensor) -> Tensor:
        """Do what `ParaformerNetwork.decode` does; the answer holds until the next call."""
        rows, most = tokens.shape[:2]
        size = next_size(rows, self._sizes)
        room = min(-(-most // _TOKEN_STEP) * _TOKEN_STEP, self._network.chunk.frames + 2)
        prepared = self._decoders.get((size, room))
        if prepared is None:
            prepared = self._decoders[size, room] = self._prepare_decoder(size, room)
        given = (batch.rows, batch.is_last, encoded.frames, encoded.is_real, tokens, count)
        # Rows that nobody wants see frames: attention to nothing would not be a number.
        idle = (self._state.scratch, True, 0, True, 0, 0)
        _fill(prepared.inputs, given, idle)
        (logits,) = prepared.run()
        return logits[:rows, :most]

    def _prepare_encoder(self, size: int) -> _Prepared:
        samples = torch.zeros(size, self._network.chunk.samples, device=self._device)
        inputs = (self._rows(size), samples, self._zeros(size), self._flags(size))

        def run() -> tuple[Tensor, ...]:
            heard = self._network.encode(ChunkBatch(*inputs), self._state)
            fired = heard.fired
            return (
                heard.frames, heard.is_real, fired.tokens, fired.count,
                fired.carried_weight, fired.carried_frame,
            )  # fmt: skip

        return _Prepared(inputs, self._captured(run))

    def _prepare_decoder(self, size: int, room: int) -> _Prepared:
        network, chunk = self._network, self._network.chunk
        width = network.config.encoder.width
        like = network.encoder.after_norm.weight
        frames = like.new_zeros(size, chunk.frames, width)
        is_real = self._flags(size)[:, None].repeat(1, chunk.frames)
        tokens = torch.zeros(size, room, width, device=self._device)
        rows, is_last, count = self._rows(size), self._flags(size), self._zeros(size)
        inputs = (rows, is_last, frames, is_real, tokens, count)

        def run() -> tuple[Tensor, ...]:
            batch = ChunkBatch(rows, tokens, count, is_last)
            nothing = Fired(tokens, count, count, count)
            heard = Encoded(frames, is_real, nothing)
            return (network.decode(batch, heard, tokens, count, self._state).float(),)

        return _Prepared(inputs, self._captured(run))

    def _captured(self, run: Callable[[], tuple[Tensor, ...]]) -> Callable[[], tuple[Tensor, ...]]:
        """Return what replays `run`, whose inputs must be idle rows now; `run` itself on a CPU."""
        if not self._captures:
            return run
        with torch.cuda.device(self._device):
            side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(_RUNS_BEFORE_CAPTURE):
                    run()
            torch.cuda.current_stream().wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            try:
                # Sizes share no memory: each keeps its outputs while another is replayed.
                with torch.cuda.graph(graph):
                    outputs = run()
            except RuntimeError:
                _LOG.warning("a step cannot be captured on this device; it runs uncaptured")
                return run

        def replay() -> tuple[Tensor, ...]:
            with torch.cuda.device(self._device):
                graph.replay()
            return outputs

        return replay

    def _rows(self, size: int) -> Tensor:
        return torch.full((size,), self._state.scratch, device=self._device)

    def _zeros(self, size: int) -> Tensor:
        return torch.zeros(size, dtype=torch.int64, device=self._device)

    def _flags(self, size: int) -> Tensor:
        return torch.ones(size, dtype=torch.bool, device=self._device)


def _fill(inputs: Sequence[Tensor], given: Sequence[Tensor], idle: Sequence[float]) -> None:
    """Copy what is given to the first rows and places of each input, and `idle` to the rest."""
    for target, source, rest in zip(inputs, given, idle, strict=True):
        target.fill_(rest)
        target[tuple(slice(0, length) for length in source.shape)].copy_(source, non_blocking=True)
