"""The voice encoder in numpy: PyTorch's LSTM to the last digit, real voices kept apart."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from asr.audio import open_recording
from asr.errors import EngineUnavailableError
from asr.types import SAMPLE_RATE_HZ
from asr.voiceprint import LstmVoiceEncoder, default_voice_encoder
from models.errors import ModelMissingError, WeightsFormatError
from models.torch_checkpoint import read_checkpoint

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Write an encoder of the real shape with random weights, in the old format of torch.save."""
    import torch

    torch.manual_seed(1)
    lstm, linear = torch.nn.LSTM(40, 256, 3, batch_first=True), torch.nn.Linear(256, 256)
    state = OrderedDict((f"lstm.{n}", v) for n, v in lstm.state_dict().items())
    state.update((f"linear.{n}", v) for n, v in linear.state_dict().items())
    torch.save(
        {"step": 7, "model_state": state},
        tmp_path / "pretrained.pt",
        _use_new_zipfile_serialization=False,
    )
    return tmp_path


def test_reads_what_torch_wrote(checkpoint: Path) -> None:
    import torch

    ours = read_checkpoint(checkpoint / "pretrained.pt")
    theirs = torch.load(checkpoint / "pretrained.pt")["model_state"]
    assert set(ours) == {f"model_state.{name}" for name in theirs}
    for name, tensor in theirs.items():
        np.testing.assert_array_equal(ours[f"model_state.{name}"], tensor.numpy())


def test_the_lstm_is_that_of_torch(checkpoint: Path) -> None:
    import torch

    encoder = LstmVoiceEncoder(checkpoint)
    state = torch.load(checkpoint / "pretrained.pt")["model_state"]
    lstm, linear = torch.nn.LSTM(40, 256, 3, batch_first=True), torch.nn.Linear(256, 256)
    lstm.load_state_dict({n[5:]: v for n, v in state.items() if n.startswith("lstm.")})
    linear.load_state_dict({n[7:]: v for n, v in state.items() if n.startswith("linear.")})
    # One window long, so that the mean over windows is that window.
    samples = np.random.default_rng(3).normal(0, 0.1, 159 * 160).astype(np.float32)
    mel = encoder._mel_power(samples)
    with torch.no_grad():
        hidden = lstm(torch.from_numpy(mel[None, :160]))[1][0][-1]
        expected = torch.nn.functional.normalize(torch.relu(linear(hidden)), dim=1)[0].numpy()
    np.testing.assert_allclose(encoder.embed(samples), expected, atol=1e-5)


def test_a_file_that_asks_for_code_is_refused(tmp_path: Path) -> None:
    import os
    import pickle

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, ("echo never",)

    path = tmp_path / "pretrained.pt"
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(WeightsFormatError, match="no place"):
        read_checkpoint(path)


@pytest.mark.parametrize("content", [b"", b"text", b"\x80\x02K\x01."])
def test_damaged_files_say_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pretrained.pt"
    path.write_bytes(content)
    with pytest.raises(WeightsFormatError):
        read_checkpoint(path)
    with pytest.raises(EngineUnavailableError, match="models pull voice-encoder"):
        LstmVoiceEncoder(tmp_path)


def test_silence_and_a_single_sample_have_a_voiceprint(checkpoint: Path) -> None:
    encoder = LstmVoiceEncoder(checkpoint)
    for count in (1, 399, 16_000):
        print_ = encoder.embed(np.zeros(count, np.float32))
        assert print_.shape == (256,)
        assert np.isfinite(print_).all()


def test_a_model_that_was_not_pulled_is_done_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JIESU_MODELS_DIR", str(tmp_path))
    default_voice_encoder.cache_clear()
    assert default_voice_encoder() is None
    with pytest.raises(ModelMissingError, match="pull"):
        LstmVoiceEncoder()
    default_voice_encoder.cache_clear()


@pytest.mark.weights
def test_the_voices_of_a_sample_call_are_told_apart() -> None:
    encoder = LstmVoiceEncoder()
    with open_recording(SAMPLES / "sample_complaint.wav") as recording:
        legs = np.concatenate(list(recording), axis=1)
    prints = []
    for leg in legs:
        blocks = leg[: len(leg) // SAMPLE_RATE_HZ * SAMPLE_RATE_HZ].reshape(-1, SAMPLE_RATE_HZ)
        speech = blocks[np.sqrt((blocks**2).mean(axis=1)) > 0.02].ravel()
        prints.append([encoder.embed(half) for half in np.array_split(speech, 2)])
    (first, again), (other, _) = prints
    assert first @ again > first @ other + 0.05
