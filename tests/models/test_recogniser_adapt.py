"""Adapting a recogniser: corrected recordings cut, weights trained and trimmed, FunASR's lists."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.errors import TrainingDataError
from models.recogniser.adapt import adapt_funasr, funasr_command, write_funasr_lists
from models.recogniser.corrected import cut_recordings
from models.voices.corpus import read_manifest


def recording(folder: Path, name: str, *, legs: int = 2) -> Path:
    """Write ten seconds in which the left leg is loud in the first half, the right after it."""
    loud = np.full(40_000, 0.5, np.float32)
    left, right = np.concatenate([loud, 0 * loud]), np.concatenate([0 * loud, loud])
    samples = np.stack([left, right], axis=1) if legs == 2 else left
    soundfile.write(folder / f"{name}.wav", samples, 8_000)
    utterances = [
        {"channel": "agent", "start_ms": 0, "end_ms": 4_000, "text": "您好，请讲"},
        {"channel": "citizen", "start_ms": 5_000, "end_ms": 9_000, "text": "我的电话是13900001111"},
        {"channel": "citizen", "start_ms": 9_000, "end_ms": 9_100, "text": "嗯"},
        {"channel": "agent", "start_ms": 9_200, "end_ms": 9_900, "text": " "},
    ]
    result = {"transcript": {"utterances": utterances}}
    (folder / f"{name}.json").write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
    return folder


def test_each_corrected_utterance_becomes_a_clip_of_its_speaker(tmp_path: Path) -> None:
    clips = cut_recordings(recording(tmp_path, "call"), tmp_path / "corpus")
    assert [(c.text, c.seconds) for c in clips] == [
        ("您好，请讲", 4.0), ("我的电话是13900001111", 4.0),
    ]  # fmt: skip
    assert "幺三九" in clips[1].spoken
    assert read_manifest(tmp_path / "corpus") == clips
    for clip in clips:
        sound, rate_hz = soundfile.read(tmp_path / "corpus" / clip.audio)
        assert rate_hz == 16_000
        assert np.abs(sound[2_000:-2_000]).mean() > 0.4
    swapped = cut_recordings(tmp_path, tmp_path / "swapped", "right")
    silent, _ = soundfile.read(tmp_path / "swapped" / swapped[0].audio)
    assert np.abs(silent).max() < 0.01


def test_mono_recordings_give_their_one_channel(tmp_path: Path) -> None:
    clips = cut_recordings(recording(tmp_path, "mono", legs=1), tmp_path / "corpus")
    assert len(clips) == 2


def test_what_cannot_be_used_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write(tmp_path / "alone.wav", np.zeros(800), 8_000)
    with pytest.raises(TrainingDataError, match="corrected transcript"):
        cut_recordings(tmp_path, tmp_path / "corpus")
    assert "alone.wav" in capsys.readouterr().err
    (tmp_path / "alone.json").write_text("[]")
    with pytest.raises(TrainingDataError, match="jiesu process"):
        cut_recordings(tmp_path, tmp_path / "corpus")


def test_funasr_gets_lists_it_can_read_and_its_own_command(tmp_path: Path) -> None:
    for name in ("a", "b"):
        recording(tmp_path, name)
    cut_recordings(tmp_path, tmp_path / "corpus")
    lists = write_funasr_lists(tmp_path / "corpus", tmp_path)
    training = [json.loads(line) for line in lists[0].read_text(encoding="utf-8").splitlines()]
    validation = [json.loads(line) for line in lists[1].read_text(encoding="utf-8").splitlines()]
    assert (len(training), len(validation)) == (3, 1)
    assert training[0]["source_len"] == 400
    assert training[0]["target_len"] == len(training[0]["target"])
    assert Path(training[0]["source"]).is_file()
    command = funasr_command(tmp_path, lists, tmp_path, epochs=3)
    assert command[1:3] == ["-m", "funasr.bin.train_ds"]
    assert "++train_conf.max_epoch=3" in command


def test_a_fine_tuning_that_fails_says_so(tmp_path: Path) -> None:
    cut_recordings(recording(tmp_path, "call"), tmp_path / "corpus")
    (tmp_path / "empty").mkdir()
    with pytest.raises(TrainingDataError, match="used again"):
        adapt_funasr(tmp_path / "empty", tmp_path / "corpus", tmp_path, epochs=1)
