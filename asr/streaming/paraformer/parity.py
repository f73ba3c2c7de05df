"""Whether batched streams say what FunASR says of each stream alone.

FunASR runs one stream at a time through its own `generate`, with the same weights; our
streams run in batches whose composition the caller chooses.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from asr.engines.funasr import load_model
from asr.streaming.paraformer.config import ChunkConfig
from asr.streaming.paraformer.model import StreamingParaformer
from asr.streaming.paraformer.network import ChunkBatch
from asr.types import Samples

TIE = 1e-5
"""Tokens whose scores are closer than this are the same to float32."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How far two answers about a stream are apart.

    `worst` is the largest difference of log-probabilities, infinite where the number of
    tokens differs; `differing` counts tokens that differ without a tie.
    """

    tokens: int
    worst: float
    differing: int

    @property
    def holds(self) -> bool:
        """Whether every token is the same and no score is further off than 1e-4."""
        return self.worst <= 1e-4 and not self.differing


def compare(reference: Tensor, ours: Tensor) -> Parity:
    """Compare log-probabilities (tokens, vocabulary) of one stream."""
    if len(reference) != len(ours):
        return Parity(len(reference), float("inf"), abs(len(reference) - len(ours)))
    if not len(reference):
        return Parity(0, 0.0, 0)
    chosen, theirs = ours.argmax(dim=1), reference.argmax(dim=1)
    row = torch.arange(len(chosen))
    margin = reference[row, theirs] - reference[row, chosen]
    differing = int(((chosen != theirs) & (margin > TIE)).sum())
    return Parity(len(chosen), float((reference - ours).abs().max()), differing)


class FunasrStreaming:
    """FunASR's own streaming on a model loaded by `asr.engines.funasr.load_model`."""

    def __init__(self, model: Any, chunk: ChunkConfig) -> None:
        self._model = model
        self._chunk = chunk

    def push(self, samples: Samples, cache: dict[str, Any], *, is_last: bool) -> str:
        """Hear one chunk of the stream whose state is `cache`, and return the text in it."""
        (result,) = self._model.generate(
            input=samples,
            cache=cache,
            is_final=is_last,
            chunk_size=list(self._chunk.size),
            encoder_chunk_look_back=self._chunk.encoder_look_back,
            decoder_chunk_look_back=self._chunk.decoder_look_back,
        )
        return str(result["text"])

    def scores(self, samples: Samples) -> Tensor:
        """Return log-probabilities (tokens, vocabulary) of a whole stream."""
        network = self._model.model
        heard: list[Tensor] = []
        original = network.cal_decoder_with_predictor_chunk

        def noted(*arguments: Any, **named: Any) -> Any:
            answer = original(*arguments, **named)
            heard.append(answer[0][0].clone())
            return answer

        network.cal_decoder_with_predictor_chunk = noted
        try:
            cache: dict[str, Any] = {}
            for part, is_last in chunks_of(samples, self._chunk.samples):
                self.push(part, cache, is_last=is_last)
        finally:
            del network.cal_decoder_with_predictor_chunk
        return torch.cat(heard) if heard else torch.zeros(0, 0)


def check_folder(
    folder: Path, chunk: ChunkConfig, streams: Sequence[Samples], *, threads: int
) -> list[Parity]:
    """Compare streams through a checkpoint, in random batches, with FunASR's own on the CPU.

    Raises EngineUnavailableError.
    """
    reference = FunasrStreaming(load_model(str(folder), device="cpu", threads=threads), chunk)
    model = StreamingParaformer(folder, slots=len(streams), chunk=chunk)
    chance = random.Random(0)
    heard = batched_scores(
        model,
        streams,
        range(len(streams)),
        lambda ready: chance.sample(list(ready), chance.randint(1, len(ready))),
    )
    pairs = zip(streams, heard, strict=True)
    return [compare(reference.scores(samples), scores) for samples, scores in pairs]


def chunks_of(samples: Samples, length: int) -> list[tuple[Samples, bool]]:
    """Cut a stream; the last chunk is shorter than the others, and may be empty."""
    starts = range(0, len(samples) + 1, length)
    return [(samples[at : at + length], at + length > len(samples)) for at in starts]


Pick = Callable[[Sequence[int]], Sequence[int]]
"""Chooses which of the streams that have a chunk are the next batch, in any order."""


def batched_scores(
    model: StreamingParaformer,
    streams: Sequence[Samples],
    slots: Sequence[int],
    pick: Pick,
    given_up: Mapping[int, int] | None = None,
) -> list[Tensor]:
    """Return what `FunasrStreaming.scores` returns, for streams that share batches.

    A stream takes the first of `slots` that is free and leaves it when it has ended;
    others wait for one. Those in `given_up` are cancelled after so many chunks. Past the
    end of a last chunk lies noise, not silence: it must not be heard.
    """
    chunks = [chunks_of(samples, model.chunk.samples) for samples in streams]
    for index, most in (given_up or {}).items():
        del chunks[index][most:]
    heard: list[list[Tensor]] = [[] for _ in streams]
    free, waiting = list(slots), [index for index, parts in enumerate(chunks) if parts]
    slot_of: dict[int, int] = {}
    while waiting or slot_of:
        while free and waiting:
            index, slot = waiting.pop(0), free.pop(0)
            slot_of[index] = slot
            model.forget(torch.tensor([slot]))
        chosen = pick(list(slot_of))
        batch = _batch([(slot_of[index], *chunks[index].pop(0)) for index in chosen], model)
        answer = model.step(batch)
        scores = torch.log_softmax(answer.logits, dim=2)
        for place, row in enumerate(answer.index.tolist()):
            heard[chosen[row]].append(scores[place, : answer.count[place]].clone())
        free += [slot_of.pop(index) for index in chosen if not chunks[index]]
    return [torch.cat(parts) if parts else torch.zeros(0, 0) for parts in heard]


def _batch(parts: Sequence[tuple[int, Samples, bool]], model: StreamingParaformer) -> ChunkBatch:
    samples = torch.randn(len(parts), model.chunk.samples)
    for row, (_, part, _) in enumerate(parts):
        samples[row, : len(part)] = torch.from_numpy(part)
    return ChunkBatch(
        torch.tensor([slot for slot, _, _ in parts]),
        samples,
        torch.tensor([len(part) for _, part, _ in parts]),
        torch.tensor([is_last for _, _, is_last in parts]),
    )
