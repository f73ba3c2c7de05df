"""FunASR checkpoints of the real architectures, small, with weights of our own.

Each function writes a folder as the hubs hold it (config.yaml, model.pt, am.mvn,
tokens) and returns it. Their weights are random, so that the words are arbitrary but
fixed; only SenseVoice is taught, in seconds, to write a character for each of a few tones.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from asr.types import Samples

CHARACTERS = "海口市龙华区投诉噪声扰民请问电话号码是多少谢谢您的来电"
TOKENS = ["<blank>", "<s>", "</s>", *dict.fromkeys(CHARACTERS), "hel@@", "lo", "ok", "<unk>"]
TONES_HZ = {"海": 400.0, "口": 800.0, "市": 1400.0, "民": 2400.0}
TAGS = ["<|zh|>", "<|NEUTRAL|>", "<|Speech|>", "<|withitn|>"]

_TONE_SAMPLES = 5760
_QUIET_SAMPLES = 1920
_WIDTH = 32
_FRONTEND = {
    "fs": 16000,
    "window": "hamming",
    "n_mels": 80,
    "frame_length": 25,
    "frame_shift": 10,
    "lfr_m": 7,
    "lfr_n": 6,
}
_ENCODER = {
    "output_size": _WIDTH,
    "attention_heads": 2,
    "linear_units": 64,
    "num_blocks": 2,
    "dropout_rate": 0.0,
    "positional_dropout_rate": 0.0,
    "attention_dropout_rate": 0.0,
    "input_layer": "pe",
    "pos_enc_class": "SinusoidalPositionEncoder",
    "normalize_before": True,
    "kernel_size": 11,
    "sanm_shfit": 0,
    "selfattention_layer_type": "sanm",
}
_DECODER = {
    "attention_heads": 2,
    "linear_units": 64,
    "num_blocks": 2,
    "dropout_rate": 0.0,
    "positional_dropout_rate": 0.0,
    "self_attention_dropout_rate": 0.0,
    "src_attention_dropout_rate": 0.0,
    "att_layer_num": 2,
    "kernel_size": 11,
    "sanm_shfit": 0,
}
_PREDICTOR = {"idim": _WIDTH, "threshold": 1.0, "l_order": 1, "r_order": 1, "tail_threshold": 0.45}
_TIMED_PREDICTOR = _PREDICTOR | {
    "smooth_factor2": 0.25,
    "noise_threshold2": 0.01,
    "upsample_times": 3,
    "use_cif1_cnn": False,
    "upsample_type": "cnn_blstm",
}


def paraformer(folder: Path) -> Path:
    """Paraformer with character times from its predictor."""
    return _write(folder, _paraformer_config("Paraformer"), _character_files(folder))


def seaco_paraformer(folder: Path) -> Path:
    """SeACo-Paraformer: the architecture of paraformer-zh, with hotwords and times."""
    config = _paraformer_config("SeacoParaformer")
    config["model_conf"] |= {
        "inner_dim": _WIDTH,
        "bias_encoder_type": "lstm",
        "bias_encoder_bid": False,
        "seaco_lsm_weight": 0.1,
        "seaco_length_normal": True,
        "train_decoder": True,
        "NO_BIAS": len(TOKENS) - 1,
    }
    config |= {
        "predictor": "CifPredictorV3",
        "predictor_conf": _TIMED_PREDICTOR,
        "seaco_decoder": "ParaformerSANMDecoder",
        "seaco_decoder_conf": _DECODER | {"wo_input_layer": True, "use_output_layer": False},
    }
    files = _character_files(folder)
    (folder / "seg_dict").write_text("".join(f"{c} {c}\n" for c in TOKENS[3:]), encoding="utf-8")
    return _write(folder, config, files)


def sense_voice(folder: Path) -> Path:
    """SenseVoiceSmall with a SentencePiece vocabulary that has its tags."""
    import sentencepiece

    folder.mkdir(parents=True)
    bpe = folder / "chn_jpn_yue_eng_ko_spectok.bpe.model"
    text = [CHARACTERS[i : i + 9] for i in range(len(CHARACTERS) - 8)]
    with bpe.open("wb") as stream:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(text),
            model_writer=stream,
            vocab_size=len(set(CHARACTERS)) + len(TAGS) + 4,
            user_defined_symbols=TAGS,
            model_type="char",
            minloglevel=2,
        )
    _write_mean_and_variance(folder / "am.mvn")
    config = {
        "model": "SenseVoiceSmall",
        "model_conf": {"length_normalized_loss": True, "sos": 1, "eos": 2, "ignore_id": -1},
        "encoder": "SenseVoiceEncoderSmall",
        "encoder_conf": _ENCODER | {"tp_blocks": 1},
        "tokenizer": "SentencepiecesTokenizer",
        "tokenizer_conf": {"bpemodel": None, "unk_symbol": "<unk>", "split_with_space": True},
        "frontend": "WavFrontend",
        "frontend_conf": _FRONTEND,
    }
    metas = {
        "init_param": "model.pt",
        "config": "config.yaml",
        "tokenizer_conf": {"bpemodel": bpe.name},
        "frontend_conf": {"cmvn_file": "am.mvn"},
    }
    (folder / "configuration.json").write_text(json.dumps({"file_path_metas": metas}))
    files = {"tokenizer_conf": {"bpemodel": str(bpe)}, "frontend_conf": _cmvn(folder)}
    return _write(folder, config, files, _teach_tones)


def tones(characters: str, rng: np.random.Generator) -> Samples:
    """Sound for some of `TONES_HZ`: 360 ms of each character's tone, 120 ms of quiet around."""
    quiet = rng.normal(0, 0.001, _QUIET_SAMPLES)
    parts = [quiet]
    for character in characters:
        time_s = np.arange(_TONE_SAMPLES) / 16000
        tone = 0.2 * np.sin(2 * np.pi * (TONES_HZ[character] * time_s + rng.uniform()))
        parts += [tone + rng.normal(0, 0.001, _TONE_SAMPLES), quiet]
    return np.concatenate(parts).astype(np.float32)


def _teach_tones(built: Any) -> None:
    """Fit SenseVoice frame by frame: four tags, then the character of the tone or blank."""
    import torch

    rng = np.random.default_rng(0)
    model, tokenizer = built.model.train(), built.kwargs["tokenizer"]
    names = list(TONES_HZ)
    texts = ["".join(rng.choice(names, 6)) for _ in range(12)]
    feats, lengths = built.kwargs["frontend"](
        torch.from_numpy(np.stack([tones(text, rng) for text in texts])),
        [len(tones(text, rng)) for text in texts],
    )
    tags = [tokenizer.sp.piece_to_id(tag) for tag in TAGS]
    labels = torch.zeros(len(texts), feats.shape[1], dtype=torch.long)
    for row, text in enumerate(texts):
        for place, character in enumerate(text):
            start = 2 + place * 8  # frames of 60 ms: 2 of quiet, then 6 of tone and 2 of quiet
            labels[row, start : start + 6] = tokenizer.sp.piece_to_id(character)
    labels = torch.cat([torch.tensor(tags).repeat(len(texts), 1), labels], dim=1)
    # Asked for Mandarin in one half, for any language in the other.
    asked = torch.tensor([[3, 1, 2, 14], [0, 1, 2, 14]]).repeat(len(texts) // 2, 1)
    queries = model.embed(asked).detach()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(80):
        hidden, _ = model.encoder(torch.cat([queries, feats], dim=1), lengths + 4)
        loss = torch.nn.functional.cross_entropy(model.ctc.ctc_lo(hidden).transpose(1, 2), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    model.eval()


def fun_asr_nano(folder: Path) -> Path:
    """Fun-ASR-Nano: SenseVoice's encoder, an adaptor and a Qwen3 language model."""
    _write_language_model(folder / "Qwen3-0.6B")
    _write_mean_and_variance(folder / "am.mvn")
    llm = {"init_param_path": str(folder / "Qwen3-0.6B")}
    config = {
        "model": "FunASRNano",
        "model_conf": {"length_normalized_loss": True},
        "audio_encoder": "SenseVoiceEncoderSmall",
        "audio_encoder_conf": _ENCODER | {"tp_blocks": 1, "freeze": True},
        "audio_adaptor": "Transformer",
        "audio_adaptor_conf": {
            "downsample_rate": 1,
            "use_low_frame_rate": True,
            "ffn_dim": 64,
            "llm_dim": _WIDTH,
            "encoder_dim": _WIDTH,
            "n_layer": 1,
            "attention_heads": 2,
        },
        "llm": "Qwen3",
        "llm_conf": {"hub": "hf", "freeze": True, "llm_dtype": "fp32", "init_param_path": None},
        "tokenizer": "HuggingfaceTokenizer",
        "tokenizer_conf": {"init_param_path": None},
        "frontend": "WavFrontend",
        "frontend_conf": _FRONTEND,
        "dataset_conf": {"do_think": False, "sys_prompt": True},
        "max_length": 12,
    }
    metas = {
        "init_param": "model.pt",
        "config": "config.yaml",
        "tokenizer_conf": {"init_param_path": "Qwen3-0.6B"},
        "llm_conf": {"init_param_path": "Qwen3-0.6B"},
        "frontend_conf": {"cmvn_file": "am.mvn"},
    }
    (folder / "configuration.json").write_text(json.dumps({"file_path_metas": metas}))
    files = {"tokenizer_conf": llm, "llm_conf": llm, "frontend_conf": _cmvn(folder)}
    return _write(folder, config, files)


def ct_punc(folder: Path) -> Path:
    """CT-Transformer, which punctuates what Paraformer writes."""
    folder.mkdir(parents=True)
    tokens = ["<unk>", "<s>", "</s>", *dict.fromkeys(CHARACTERS)]
    (folder / "tokens.json").write_text(json.dumps(tokens), encoding="utf-8")
    config = {
        "model": "CTTransformer",
        "model_conf": {
            "ignore_id": 0,
            "embed_unit": _WIDTH,
            "att_unit": _WIDTH,
            "dropout_rate": 0.0,
            "punc_list": ["<unk>", "_", "，", "。", "？", "、"],
            "punc_weight": [1.0] * 6,
            "sentence_end_id": 3,
        },
        "encoder": "SANMEncoder",
        "encoder_conf": _ENCODER | {"input_size": _WIDTH},
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>"},
    }
    files = {"tokenizer_conf": {"token_list": str(folder / "tokens.json")}}
    return _write(folder, config, files, _never_unknown)


def _never_unknown(built: Any) -> None:
    """A trained model never chooses the first mark, `<unk>`; nor may this one."""
    built.model.decoder.bias.data[0] = -1e4


def _paraformer_config(model: str) -> dict[str, Any]:
    return {
        "model": model,
        "model_conf": {
            "ctc_weight": 0.0,
            "lsm_weight": 0.1,
            "length_normalized_loss": True,
            "predictor_weight": 1.0,
            "predictor_bias": 1,
            "sampling_ratio": 0.75,
        },
        "encoder": "SANMEncoder",
        "encoder_conf": _ENCODER,
        "decoder": "ParaformerSANMDecoder",
        "decoder_conf": _DECODER,
        "predictor": "CifPredictorV2",
        "predictor_conf": _PREDICTOR,
        "frontend": "WavFrontend",
        "frontend_conf": _FRONTEND,
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
    }


def _character_files(folder: Path) -> dict[str, Any]:
    folder.mkdir(parents=True)
    (folder / "tokens.json").write_text(json.dumps(TOKENS), encoding="utf-8")
    _write_mean_and_variance(folder / "am.mvn")
    return {
        "tokenizer_conf": {"token_list": str(folder / "tokens.json")},
        "frontend_conf": _cmvn(folder),
    }


def _cmvn(folder: Path) -> dict[str, str]:
    return {"cmvn_file": str(folder / "am.mvn")}


def _write_mean_and_variance(path: Path, dim: int = 560) -> None:
    shift, scale = " ".join(["-8"] * dim), " ".join(["0.25"] * dim)
    path.write_text(
        f"<Nnet>\n<AddShift> {dim} {dim}\n<LearnRateCoef> 0 [ {shift} ]\n"
        f"<Rescale> {dim} {dim}\n<LearnRateCoef> 0 [ {scale} ]\n</Nnet>\n"
    )


def _write_language_model(folder: Path) -> None:
    """A Qwen3 configuration and a tokenizer with its chat marks."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen3Config

    folder.mkdir(parents=True)
    marks = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"]
    vocabulary = {token: i for i, token in enumerate([*marks, "[UNK]", *dict.fromkeys(CHARACTERS)])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    fast.save_pretrained(folder)
    Qwen3Config(
        vocab_size=len(vocabulary),
        hidden_size=_WIDTH,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        eos_token_id=2,
        pad_token_id=0,
        architectures=["Qwen3ForCausalLM"],
    ).save_pretrained(folder)


def _write(
    folder: Path,
    config: dict[str, Any],
    files: dict[str, dict[str, str]],
    teach: Callable[[Any], None] | None = None,
) -> Path:
    """Build the model once to get weights that fit, and save it with its configuration."""
    import torch
    from funasr import AutoModel

    text = yaml.safe_dump(config, allow_unicode=True)
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    arguments = copy.deepcopy(config)
    for name, paths in files.items():
        arguments[name] = {**arguments.get(name, {}), **paths}
    with contextlib.redirect_stdout(io.StringIO()):
        built = AutoModel(**arguments, device="cpu", ncpu=1, disable_update=True, log_level="ERROR")
    if teach is not None:
        teach(built)
    torch.save(built.model.state_dict(), folder / "model.pt")
    return folder
