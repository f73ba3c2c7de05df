"""Voiceprints by CAM++ of the real architecture, its weights random, loaded as from a hub."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from asr.engines.funasr_voices import FunasrVoiceEncoder
from asr.errors import EngineUnavailableError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a checkpoint as ModelScope holds it."""
    import torch
    import yaml
    from funasr.models.campplus.model import CAMPPlus

    torch.manual_seed(1)
    sizes = {"feat_dim": 80, "embedding_size": 192, "growth_rate": 8, "bn_size": 2}
    folder = tmp_path_factory.mktemp("campplus")
    torch.save(CAMPPlus(**sizes).state_dict(), folder / "campplus_cn_common.bin")
    config = {"model": "CAMPPlus", "model_conf": sizes, "frontend": "WavFrontend"}
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    files = {"init_param": "campplus_cn_common.bin", "config": "config.yaml"}
    meta = {"framework": "pytorch", "model": {"type": "funasr"}, "file_path_metas": files}
    (folder / "configuration.json").write_text(json.dumps(meta), encoding="utf-8")
    return folder


def test_speech_of_any_length_has_a_voiceprint(folder: Path) -> None:
    encoder = FunasrVoiceEncoder(str(folder), threads=1)
    speech = np.random.default_rng(1).normal(0, 0.1, 32_000).astype(np.float32)
    whole = encoder.embed(speech)
    assert whole.shape == (192,)
    assert np.linalg.norm(whole) == pytest.approx(1.0, abs=1e-3)
    np.testing.assert_allclose(encoder.embed(speech), whole, atol=1e-5)
    assert not np.allclose(encoder.embed(speech[:16_000]), whole, atol=1e-3)
    for count in (0, 1, 700):
        assert np.isfinite(encoder.embed(speech[:count])).all()


def test_a_folder_without_the_weights_says_so(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError):
        FunasrVoiceEncoder(str(tmp_path))
