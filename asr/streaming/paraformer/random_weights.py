"""Checkpoints of the real architecture with random weights, for tests and measurements.

What they write is nonsense, but it takes as long as sense would: speed, memory and
agreement with FunASR can be measured where the published weights cannot be had.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import yaml

from asr.streaming.paraformer.config import ChunkConfig, read_config
from asr.streaming.paraformer.frontend import STACKED
from asr.streaming.paraformer.network import ParaformerNetwork

_BANDS = 80
_FIRST_CHARACTER = 0x4E00
_LOG_MEL_MEAN = 8.0
_LOG_MEL_SCALE = 0.25
_USUAL_WEIGHT_LOGIT = -0.9
"""A frame of speech weighs 0.29: four to five characters a second, as people talk."""


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """Sizes of a network; the defaults are those of paraformer-zh-streaming, 220 M."""

    width: int = 512
    heads: int = 4
    inner_width: int = 2048
    encoder_blocks: int = 50
    encoder_kernel: int = 11
    encoder_shift: int = 0
    decoder_blocks: int = 16
    attending_blocks: int = 16
    decoder_kernel: int = 11
    decoder_shift: int = 5
    vocabulary: int = 8404
    left: int = 1
    right: int = 1
    tail_threshold: float = 0.45
    smooth_factor: float = 1.0
    noise_threshold: float = 0.0


def write_random_checkpoint(
    folder: Path, shape: NetworkShape | None = None, *, seed: int = 0, gain: float = 1.0
) -> Path:
    """Write a checkpoint as FunASR and jiesu read it, and return its folder."""
    chosen = shape or NetworkShape()
    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(_config(chosen), sort_keys=False)
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    characters = [chr(_FIRST_CHARACTER + i) for i in range(chosen.vocabulary - 4)]
    tokens = ["<blank>", "<s>", "</s>", *characters, "<unk>"]
    (folder / "tokens.json").write_text(json.dumps(tokens, ensure_ascii=False), encoding="utf-8")
    _write_cmvn(folder / "am.mvn")
    torch.save(_weights(folder, chosen, seed, gain), folder / "model.pt")
    return folder


def _weights(folder: Path, shape: NetworkShape, seed: int, gain: float) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    with torch.device("meta"):
        cmvn = torch.zeros(2, STACKED * _BANDS)
        network = ParaformerNetwork(read_config(folder), ChunkConfig(), shape.vocabulary, cmvn)
    weights = {}
    for name, layout in network.state_dict().items():
        drawn = torch.randn(layout.shape, generator=generator)
        if layout.dim() > 1:
            weights[name] = drawn * (gain / layout[0].numel() ** 0.5)
        else:
            is_norm = ".norm" in name or "after_norm" in name
            weights[name] = 0.1 * drawn + float(is_norm and name.endswith("weight"))
    weights["predictor.cif_output.bias"].fill_(_USUAL_WEIGHT_LOGIT)
    weights["decoder.embed.0.weight"] = torch.zeros(shape.vocabulary, shape.width)
    return weights


def _write_cmvn(path: Path) -> None:
    width = STACKED * _BANDS
    shift = " ".join([f"{-_LOG_MEL_MEAN}"] * width)
    scale = " ".join([f"{_LOG_MEL_SCALE}"] * width)
    path.write_text(
        f"<Nnet>\n<AddShift> {width} {width}\n<LearnRateCoef> 0 [ {shift} ]\n"
        f"<Rescale> {width} {width}\n<LearnRateCoef> 0 [ {scale} ]\n</Nnet>\n",
        encoding="utf-8",
    )


def _config(shape: NetworkShape) -> dict[str, Any]:
    sizes = asdict(shape)
    common = {
        "attention_heads": shape.heads,
        "linear_units": shape.inner_width,
        "dropout_rate": 0.1,
        "positional_dropout_rate": 0.1,
    }
    return {
        "model": "ParaformerStreaming",
        "model_conf": {
            "ctc_weight": 0.0,
            "lsm_weight": 0.1,
            "length_normalized_loss": True,
            "predictor_weight": 1.0,
            "predictor_bias": 1,
            "sampling_ratio": 0.75,
        },
        "encoder": "SANMEncoderChunkOpt",
        "encoder_conf": common
        | {
            "output_size": shape.width,
            "num_blocks": shape.encoder_blocks,
            "attention_dropout_rate": 0.1,
            "input_layer": "pe_online",
            "normalize_before": True,
            "kernel_size": shape.encoder_kernel,
            "sanm_shfit": shape.encoder_shift,
            "selfattention_layer_type": "sanm",
            "chunk_size": [12, 15],
            "stride": [8, 10],
            "pad_left": [0, 0],
            "encoder_att_look_back_factor": [4, 4],
            "decoder_att_look_back_factor": [1, 1],
        },
        "decoder": "ParaformerSANMDecoder",
        "decoder_conf": common
        | {
            "num_blocks": shape.decoder_blocks,
            "att_layer_num": shape.attending_blocks,
            "kernel_size": shape.decoder_kernel,
            "sanm_shfit": shape.decoder_shift,
        },
        "predictor": "CifPredictorV2",
        "predictor_conf": {
            "idim": shape.width,
            "threshold": 1.0,
            "l_order": shape.left,
            "r_order": shape.right,
            **{n: sizes[n] for n in ("tail_threshold", "smooth_factor", "noise_threshold")},
        },
        "frontend": "WavFrontendOnline",
        "frontend_conf": {
            "fs": 16000,
            "window": "hamming",
            "n_mels": _BANDS,
            "frame_length": 25,
            "frame_shift": 10,
            "lfr_m": 7,
            "lfr_n": 6,
            "dither": 0.0,
        },
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
    }
