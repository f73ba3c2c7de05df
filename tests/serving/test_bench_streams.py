"""`jiesu bench streams` on a small network: what it measures, beside FunASR and score by score."""

from __future__ import annotations

import json
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
import typer

from asr.streaming.load import StreamingOptions
from serving.bench.report import Figure
from serving.bench.streams import (
    StreamsPlan,
    bench_streams,
    comparison_figures,
    live_figures,
    parity_figures,
)
from serving.bench.streams_funasr import Comparison, Round, Side
from serving.bench.streams_live import LiveRun
from serving.bench.streams_machine import MachineUse, MachineWatch
from serving.bench.streams_sound import leg_sounds
from serving.cli.bench_streams import leg_counts
from serving.errors import BenchError
from tests.conftest import ROOT

pytest.importorskip("torch")
pytest.importorskip("funasr")

from asr.streaming.paraformer.parity import Parity
from asr.streaming.paraformer.random_weights import (
    NetworkShape,
    write_random_checkpoint,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shape = NetworkShape(32, 2, 64, 2, 11, 0, 2, 2, 11, 5, 60)
    return write_random_checkpoint(tmp_path_factory.mktemp("small"), shape)


def values(figures: list[Figure]) -> dict[str, float]:
    return {figure.name: figure.value for figure in figures}


def test_legs_at_real_time_pace_beside_funasr(folder: Path) -> None:
    said: list[str] = []
    plan = StreamsPlan(
        model=str(folder),
        legs=(1, 3),
        seconds=1.0,
        versus_funasr=True,
        rounds=2,
        parity_streams=3,
        options=StreamingOptions(slots=3, threads=1),
    )
    found = values(bench_streams(plan, lambda part, at, of: said.append(part)))
    assert found["tokens that differ beyond ties"] == 0
    assert found["streams the same"] == 3
    assert found["legs with FunASR's text"] == 3
    assert found["throughput over FunASR's own streaming"] > 0
    for name in ("1 legs, steady", "3 legs, bursty"):
        assert found[f"{name}: legs refused"] == 0
        assert 0 < found[f"{name}: chunk latency p50"] <= found[f"{name}: chunk latency p99"]
        assert found[f"{name}: final latency p95"] > 0
        assert found[f"{name}: memory"] > 0
    assert {"FunASR", "parity", "3 legs, bursty"} <= set(said)


def test_the_command_prints_its_figures(folder: Path) -> None:
    command = [
        sys.executable, "-m", "serving.cli.main", "bench", "streams", "--model", str(folder),
        "--legs", "2", "--arrivals", "none", "--parity", "2", "--threads", "1", "--json",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout)
    assert figures[0]["name"].startswith("largest difference")
    assert all(figure["met"] for figure in figures)


def test_a_model_that_is_not_there_is_an_error_of_use() -> None:
    command = [sys.executable, "-m", "serving.cli.main", "bench", "streams", "--model", "nonesuch"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "give a folder with a checkpoint" in done.stderr


@pytest.mark.parametrize("text", ["", "a", "0", "2,-1"])
def test_leg_counts_are_checked(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="write 1,2,4,8"):
        leg_counts(text)
    assert leg_counts("1, 16") == (1, 16)


def a_run(legs: int, late_s: float, refused: int = 0) -> LiveRun:
    latencies = (*([0.1] * 90), *([late_s] * 10))
    use = MachineUse(2**30, 1.5, 0.5, 2**31)
    return LiveRun(legs, "steady", 0.6, latencies, (0.2,), (4, 6), refused, use)


def test_legs_count_as_sustained_while_they_are_in_time() -> None:
    runs = [a_run(2, 0.2), a_run(4, 0.5), a_run(8, 0.9), a_run(6, 0.3, refused=1)]
    found = values(live_figures(runs, "cpu"))
    assert found["real-time legs sustained, steady"] == 4
    assert found["8 legs, steady: chunk latency p99"] == pytest.approx(0.9)
    assert found["4 legs, steady: streams in a step"] == 5
    assert found["4 legs, steady: GPU busy"] == 0.5
    assert found["4 legs, steady: GPU memory"] == 2


def test_the_ratio_is_the_median_of_the_rounds() -> None:
    rounds = [
        Round(10.0, Side(1.0, 2.0, ("甲", "乙")), Side(theirs, 4.0, ("甲", other)))
        for theirs, other in ((3.0, "乙"), (9.0, "丙"), (4.0, "乙"))
    ]
    comparison = Comparison(2, tuple(rounds))
    found = values(comparison_figures(comparison, "cpu"))
    assert (comparison.ratio, comparison.processor_ratio, comparison.spread) == (4.0, 2.0, (3, 9))
    assert found["legs with FunASR's text"] == 1
    assert found["audio heard a second, batched"] == 10.0


def test_parity_names_the_worst() -> None:
    parities = [Parity(10, 2e-5, 0), Parity(5, 3e-4, 1)]
    found = values(parity_figures(parities, "small"))
    assert found["largest difference of log-probabilities, 1e-6"] == pytest.approx(300)
    assert found["tokens that differ beyond ties"] == 1
    assert found["streams the same"] == 1


def test_a_gpu_is_watched_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho '40, 2048'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with MachineWatch() as watch:
        while not watch.gpu_samples:
            pass
    assert watch.use.gpu_share == pytest.approx(0.4)
    assert watch.use.gpu_memory_bytes == 2 * 2**30
    tool.write_text("#!/bin/sh\necho '[N/A], [N/A]'\n")
    with MachineWatch() as silent:
        pass
    assert silent.use.gpu_share is None
    assert silent.use.memory_bytes > 0


def test_legs_may_play_recordings(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="holds no recordings"):
        leg_sounds(1, 1.0, tmp_path)
    samples = np.random.default_rng(0).integers(-8_000, 8_000, 16_000).astype("<i2")
    with wave.open(str(tmp_path / "call.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    first, other = leg_sounds(2, 0.25, tmp_path)
    assert len(first) == len(other) == 4_000
    assert np.allclose(first, samples[:4_000] / 32768, atol=1e-3)
    assert not np.array_equal(first, other)
    [longer] = leg_sounds(1, 2.0, tmp_path)
    assert len(longer) == 32_000
