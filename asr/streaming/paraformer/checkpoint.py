"""A FunASR checkpoint folder: configuration, weights, normalisation and vocabulary."""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from asr.errors import EngineUnavailableError
from asr.streaming.paraformer.config import ChunkConfig, ParaformerConfig, read_config
from asr.streaming.paraformer.frontend import STACKED
from asr.streaming.paraformer.network import ParaformerNetwork
from asr.streaming.paraformer.packed import can_pack, pack_linears

UNUSED = ("decoder.embed.", "ctc.", "criterion_att.", "specaug.", "normalize.")
"""Weights that training needs and streaming does not."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a folder holds, before it is put to work."""

    config: ParaformerConfig
    weights: dict[str, Tensor]
    cmvn: Tensor
    tokens: tuple[str, ...]


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read a folder; raises EngineUnavailableError saying what is missing or does not fit."""
    if not folder.is_dir():
        raise EngineUnavailableError(
            f"{folder} is no folder; give the folder of a FunASR checkpoint or a registry name"
        )
    config = read_config(folder)
    width = STACKED * config.frontend.mel_bands
    return Checkpoint(config, _weights(folder), _cmvn(folder, width), _tokens(folder))


def build(
    checkpoint: Checkpoint, chunk: ChunkConfig, device: torch.device, dtype: torch.dtype
) -> ParaformerNetwork:
    """Return the network with its weights; EngineUnavailableError where they do not fit."""
    with torch.device("meta"):
        layout = ParaformerNetwork(
            checkpoint.config, chunk, len(checkpoint.tokens), checkpoint.cmvn.to("meta")
        )
    _check_fit(layout.state_dict(), checkpoint.weights)
    # Built for real, since the tables that are no weights are computed, not loaded.
    network = ParaformerNetwork(checkpoint.config, chunk, len(checkpoint.tokens), checkpoint.cmvn)
    network.load_state_dict({name: checkpoint.weights[name] for name in layout.state_dict()})
    network.to(device).eval().requires_grad_(False)
    # The predictor stays exact: what it adds up decides where tokens end.
    for part in (network.encoder, network.decoder):
        part.to(dtype)
    if device.type == "cpu" and can_pack():
        pack_linears(network)
    return network


def _check_fit(wanted: dict[str, Any], given: dict[str, Tensor]) -> None:
    missing = [name for name in wanted if name not in given]
    shaped = [n for n in wanted if n in given and given[n].shape != wanted[n].shape]
    surplus = [n for n in given if n not in wanted and not n.startswith(UNUSED)]
    if missing:
        fault = f"{len(missing)} weights are missing, such as {missing[0]}"
    elif shaped:
        name = shaped[0]
        fault = (
            f"{len(shaped)} weights have another shape, such as {name}: "
            f"{list(given[name].shape)} instead of {list(wanted[name].shape)}"
        )
    elif surplus:
        fault = f"{len(surplus)} weights belong to another network, such as {surplus[0]}"
    else:
        return
    raise EngineUnavailableError(
        f"model.pt does not fit its config.yaml: {fault}; fetch the checkpoint again"
    )


def _weights(folder: Path) -> dict[str, Tensor]:
    path = _file(folder, "model.pt")
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise EngineUnavailableError(
            f"{path} is no PyTorch checkpoint, or is damaged; fetch it again"
        ) from error
    for name in ("state_dict", "model_state_dict", "model"):
        if isinstance(loaded, dict) and isinstance(loaded.get(name), dict):
            loaded = loaded[name]
    if not isinstance(loaded, dict) or not all(isinstance(w, Tensor) for w in loaded.values()):
        raise EngineUnavailableError(f"{path} holds no weights by name; fetch it again")
    return {name.removeprefix("module."): weight for name, weight in loaded.items()}


def _cmvn(folder: Path, width: int) -> Tensor:
    """Return shift and scale, float32 (2, width), of Kaldi's text format."""
    path = _file(folder, "am.mvn")
    try:
        words = path.read_text(encoding="utf-8").split()
        rows = [_vector(words, mark, width) for mark in ("<AddShift>", "<Rescale>")]
    except ValueError as error:
        raise EngineUnavailableError(f"{path}: {error}; fetch the checkpoint again") from error
    return torch.tensor(rows, dtype=torch.float32)


def _vector(words: list[str], mark: str, width: int) -> list[float]:
    start = words.index("[", words.index(mark)) + 1
    values = [float(word) for word in words[start : words.index("]", start)]]
    if len(values) != width:
        raise ValueError(f"{mark} has {len(values)} values, not {width}")
    return values


def _tokens(folder: Path) -> tuple[str, ...]:
    if (folder / "tokens.json").is_file():
        path = folder / "tokens.json"
        try:
            listed = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise EngineUnavailableError(f"{path} is no JSON; fetch it again") from error
        if not isinstance(listed, list) or not all(isinstance(t, str) for t in listed):
            raise EngineUnavailableError(f"{path} is no list of tokens; fetch it again")
        return tuple(listed)
    path = _file(folder, "tokens.txt", "tokens.json")
    return tuple(line.rstrip() for line in path.read_text(encoding="utf-8").splitlines())


def _file(folder: Path, name: str, instead: str | None = None) -> Path:
    path = folder / name
    if not path.is_file():
        wanted = f"{instead} or {name}" if instead else name
        raise EngineUnavailableError(
            f"{folder} holds no {wanted}; a FunASR checkpoint has config.yaml, model.pt, "
            "am.mvn and tokens.json: fetch it again"
        )
    return path
