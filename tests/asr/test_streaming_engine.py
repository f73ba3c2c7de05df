"""Streaming Paraformer behind the batcher: the words of a stream whatever shares its steps."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from asr.errors import EngineUnavailableError
from asr.streaming.batcher import StreamBatcher
from asr.streaming.load import StreamingOptions, load_streaming
from asr.streaming.stream import ChunkStream
from asr.streaming.vocabulary import Vocabulary
from asr.types import Samples

torch = pytest.importorskip("torch")

from asr.streaming.paraformer.random_weights import (  # noqa: E402
    NetworkShape,
    write_random_checkpoint,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shape = NetworkShape(32, 2, 64, 3, 11, 0, 3, 3, 11, 5, 60)
    return write_random_checkpoint(tmp_path_factory.mktemp("small"), shape)


def sound(samples: int, seed: int) -> Samples:
    noise: Samples = np.random.default_rng(seed).normal(0, 0.05, samples).astype(np.float32)
    return noise


async def speak(stream: ChunkStream, samples: Samples, at_once: int) -> str:
    async def push() -> None:
        for start in range(0, len(samples), at_once):
            stream.push(samples[start : start + at_once])
            await asyncio.sleep(0)
        stream.end()

    pushing = asyncio.create_task(push())
    texts = [news.text async for news in stream]
    await pushing
    assert all(later.startswith(text) for text, later in pairwise(texts))
    return texts[-1]


async def test_words_do_not_depend_on_who_shares_the_steps(folder: Path) -> None:
    sounds = [sound(30_000 + 3_001 * seed, seed) for seed in range(6)]
    async with StreamBatcher(load_streaming(str(folder), StreamingOptions(slots=6))) as batcher:
        alone = [await speak(batcher.open(), samples, 9_600) for samples in sounds]
        together = await asyncio.gather(
            *(speak(batcher.open(), s, 160 * (1 + n)) for n, s in enumerate(sounds))
        )
    assert together == alone
    assert all(alone)


def test_a_model_that_is_not_there_says_what_to_do() -> None:
    with pytest.raises(EngineUnavailableError, match="or give a folder"):
        load_streaming("nonesuch")


def test_text_joins_characters_and_words() -> None:
    tokens = ["<blank>", "<s>", "</s>", "海", "口", "hel@@", "lo", "ok", "it's", "3", "<unk>"]
    vocabulary = Vocabulary(tokens, (0, 1, 2))
    assert vocabulary.text([1, 3, 4, 0, 2, 10]) == "海口"
    assert vocabulary.text([3, 5, 6, 7, 8, 4, 7]) == "海hello ok it's口ok"
    assert vocabulary.text([5]) == "hel"
    assert vocabulary.text([9, 7]) == "3ok"
