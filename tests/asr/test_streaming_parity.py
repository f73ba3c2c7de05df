"""Batched streaming Paraformer says what FunASR says of each stream alone.

The checkpoints are small, with random weights; FunASR's own streaming is the reference.
"""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asr.types import Samples

torch = pytest.importorskip("torch")
pytest.importorskip("funasr")

from asr.engines.funasr import load_model  # noqa: E402
from asr.streaming.paraformer.config import ChunkConfig  # noqa: E402
from asr.streaming.paraformer.fbank import Fbank  # noqa: E402
from asr.streaming.paraformer.fixed_steps import next_size  # noqa: E402
from asr.streaming.paraformer.model import StreamingParaformer  # noqa: E402
from asr.streaming.paraformer.parity import FunasrStreaming, batched_scores, chunks_of, compare  # noqa: E402
from asr.streaming.paraformer.random_weights import NetworkShape, write_random_checkpoint  # noqa: E402

SMALL = NetworkShape(
    width=32, heads=2, inner_width=64, encoder_blocks=3, decoder_blocks=3, attending_blocks=3,
    vocabulary=60,
)  # fmt: skip
CHUNKS = [
    ChunkConfig(),
    ChunkConfig((0, 8, 4)),
    ChunkConfig((0, 1, 1), 2, 1),
    ChunkConfig((5, 10, 5), 1, 2),
    ChunkConfig((0, 5, 3), 0, 0),
    ChunkConfig((0, 4, 2), -1, 3),
]
SLOTS = 6


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_random_checkpoint(tmp_path_factory.mktemp("small"), SMALL, gain=1.2)


@cache
def reference(folder: Path) -> object:
    return load_model(str(folder), device="cpu", threads=1)


@cache
def ours(
    folder: Path, chunk: ChunkConfig, sizes: tuple[int, ...] | None = None
) -> StreamingParaformer:
    return StreamingParaformer(folder, slots=SLOTS, chunk=chunk, fixed_sizes=sizes)


def sound(samples: int, seed: int) -> Samples:
    """Noise that swells, with a tone: enough like speech to make the predictor fire."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(samples) / 16_000
    swell = 0.2 + np.abs(np.sin(2 * np.pi * rng.uniform(0.3, 3) * time_s))
    tone = np.sin(2 * np.pi * rng.uniform(100, 3000) * time_s)
    heard: Samples = (swell * rng.normal(0, 0.05, samples) + 0.05 * tone).astype(np.float32)
    return heard


@st.composite
def stream_lengths(draw: st.DrawFn, chunk_samples: int) -> int:
    """Some whole chunks, then a last one of any length, of which the short ones are the risk."""
    whole = draw(st.integers(0, 3 if chunk_samples > 2_000 else 8))
    rest = draw(
        st.one_of(
            st.sampled_from([0, 1, 399, 400, 959, 960, 961, chunk_samples - 1]),
            st.integers(0, chunk_samples - 1),
        )
    )
    return whole * chunk_samples + min(rest, chunk_samples - 1)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(data=st.data())
def test_every_stream_in_every_batch_says_what_funasr_says(
    data: st.DataObject, folder: Path
) -> None:
    chunk = data.draw(st.sampled_from(CHUNKS))
    lengths = data.draw(st.lists(stream_lengths(chunk.samples), min_size=1, max_size=8))
    given_up = data.draw(st.dictionaries(st.integers(0, len(lengths) - 1), st.integers(1, 2)))
    rng = random.Random(data.draw(st.integers(0, 1_000)))
    streams = [sound(length, rng.randrange(1_000)) for length in lengths]
    # Fewer slots than streams: some join when others have ended or were given up.
    slots = rng.sample(range(SLOTS), rng.randint(1, SLOTS))

    def pick(ready: object) -> list[int]:
        assert isinstance(ready, list)
        return rng.sample(ready, rng.randint(1, len(ready)))

    sizes = data.draw(st.sampled_from([None, (1, 4, 8)]))
    heard = batched_scores(ours(folder, chunk, sizes), streams, slots, pick, given_up)
    alone = FunasrStreaming(reference(folder), chunk)
    for index, (samples, scores) in enumerate(zip(streams, heard, strict=True)):
        reference_scores = alone.scores(samples)
        if index in given_up:
            reference_scores = reference_scores[: len(scores)]
        parity = compare(reference_scores, scores)
        assert parity.holds, (chunk, len(samples), parity)


@pytest.mark.parametrize(
    "shape",
    [
        NetworkShape(32, 2, 64, 3, 11, 0, 3, 3, 11, 0, 60),
        NetworkShape(32, 2, 64, 3, 5, 2, 5, 3, 7, 1, 60),
        NetworkShape(32, 2, 64, 2, 11, 0, 3, 2, 21, 10, 60, left=2, right=3),
        NetworkShape(560, 4, 64, 2, 11, 0, 2, 2, 11, 5, 60),
        NetworkShape(
            32, 2, 64, 2, 11, 0, 2, 2, 11, 5, 60,
            tail_threshold=0.0, smooth_factor=1.6, noise_threshold=0.05,
        ),
    ],
    ids=["centred", "plain-blocks", "wide-filters", "same-width", "over-firing"],
)  # fmt: skip
def test_other_architectures_of_the_family(shape: NetworkShape, tmp_path: Path) -> None:
    folder = write_random_checkpoint(tmp_path, shape, seed=4)
    chunk = ChunkConfig((2, 6, 3), 2, 1)
    model = StreamingParaformer(folder, slots=4, chunk=chunk)
    lengths = [3 * chunk.samples, 2 * chunk.samples + 2_000, 700, 4 * chunk.samples + 961]
    streams = [sound(length, seed) for seed, length in enumerate(lengths)]
    heard = batched_scores(model, streams, range(4), lambda ready: ready)
    alone = FunasrStreaming(load_model(str(folder), device="cpu", threads=1), chunk)
    parities = [compare(alone.scores(s), h) for s, h in zip(streams, heard, strict=True)]
    assert all(parity.holds for parity in parities), parities
    assert sum(parity.tokens for parity in parities) > 10


def test_a_slot_forgets_whoever_was_in_it(folder: Path) -> None:
    """A call that is cancelled in the middle leaves nothing behind for the next one."""
    model = ours(folder, ChunkConfig())
    first, second = sound(40_000, 1), sound(30_000, 2)
    [alone] = batched_scores(model, [second], [3], lambda ready: ready)
    batched_scores(model, [first], [3], lambda ready: ready, {0: 2})
    [after] = batched_scores(model, [second], [3], lambda ready: ready)
    assert torch.equal(alone, after)


def test_bfloat16_is_close(folder: Path) -> None:
    exact = ours(folder, ChunkConfig())
    rough = StreamingParaformer(folder, slots=SLOTS, precision="bfloat16")
    streams = [sound(40_000, seed) for seed in range(4)]
    pairs = zip(
        batched_scores(exact, streams, range(4), lambda ready: ready),
        batched_scores(rough, streams, range(4), lambda ready: ready),
        strict=True,
    )
    # A token may fall on the other side of a chunk's end; most must not.
    compared = [(a, b) for a, b in pairs if len(a) == len(b)]
    assert len(compared) >= 3
    assert all((a - b).abs().mean() < 0.1 for a, b in compared)


@pytest.mark.parametrize("window", ["hamming", "povey", "hanning"])
def test_features_are_those_of_kaldi(window: str) -> None:
    knf = pytest.importorskip("kaldi_native_fbank")
    options = knf.FbankOptions()
    options.frame_opts.dither = 0.0
    options.frame_opts.window_type = window
    options.mel_opts.num_bins = 80
    options.energy_floor = 0.0
    batch = np.stack([sound(16_000, seed) for seed in range(3)])
    features = Fbank(80, window)(torch.from_numpy(batch)).numpy()
    for samples, rows in zip(batch, features, strict=True):
        reference = knf.OnlineFbank(options)
        reference.accept_waveform(16_000, samples * 32768.0)
        reference.input_finished()
        wanted = np.stack([reference.get_frame(i) for i in range(reference.num_frames_ready)])
        assert rows.shape == wanted.shape
        # A band that next to nothing falls into is noise of float32, in Kaldi too.
        assert np.abs(rows - wanted).mean() < 1e-5
        assert np.abs(rows - wanted).max() < 1e-2


def test_batches_are_filled_up_to_the_next_size() -> None:
    assert [next_size(n, (1, 4, 8)) for n in (1, 2, 4, 5, 8)] == [1, 4, 4, 8, 8]
    with pytest.raises(ValueError, match="beyond the largest size, 8"):
        next_size(9, (1, 4, 8))


def test_a_batch_beyond_the_largest_size_runs_as_it_is(folder: Path) -> None:
    model = ours(folder, ChunkConfig(), (1, 2))
    streams = [sound(20_000, seed) for seed in range(3)]
    filled = batched_scores(model, streams, range(3), lambda ready: ready)
    free = batched_scores(ours(folder, ChunkConfig()), streams, range(3), lambda ready: ready)
    assert model.largest_fixed == 2
    assert all(torch.equal(a, b) for a, b in zip(filled, free, strict=True))


def test_a_stream_is_cut_as_funasr_cuts_it() -> None:
    parts = [(len(part), last) for part, last in chunks_of(sound(25, 0), 10)]
    assert parts == [(10, False), (10, False), (5, True)]
    assert [(len(p), last) for p, last in chunks_of(sound(20, 0), 10)] == [
        (10, False),
        (10, False),
        (0, True),
    ]
