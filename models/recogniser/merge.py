"""Merge an adapter into the pinned recogniser: numpy only, done once, when the model is pulled.

An adapter file (`.npz`, float16) holds for a matrix `NAME` of the CTranslate2 model either
`NAME.up` (out, rank) and `NAME.down` (rank, in), added as their product, or for a vector its new
value under its own name. Convolution kernels are taken flattened to (out, in * width).
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import WeightsFormatError
from models.recogniser.ctranslate2_format import Ct2Model, read_model, write_model

COMPANION_FILES = ("config.json", "tokenizer.json", "vocabulary.json", "vocabulary.txt")


def merge_adapter(base: Path, adapter: Path, merged: Path, strength: float = 1.0) -> Path:
    """Write the folder `merged` = CTranslate2 folder `base` + `strength` x `adapter`; returns it.

    The folder appears whole or not at all, replacing an older one. WeightsFormatError if either
    file is damaged or the adapter was made for another model.
    """
    model = merged_model(read_model(base / "model.bin"), load_adapter(adapter), strength)
    partial = merged.with_name(f".{merged.name}.partial-{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        write_model(model, partial / "model.bin")
        for name in COMPANION_FILES:
            if (base / name).is_file():
                shutil.copyfile(base / name, partial / name)
        if merged.exists():
            old = merged.with_name(f".{merged.name}.old-{os.getpid()}")
            merged.rename(old)
            partial.rename(merged)
            shutil.rmtree(old)
        else:
            partial.rename(merged)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return merged


def load_adapter(file: Path) -> dict[str, NDArray[np.float32]]:
    """Read an adapter; WeightsFormatError if it is not one."""
    try:
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name].astype(np.float32) for name in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise WeightsFormatError(
            f"{file} is no recogniser adapter, or it is damaged ({error}); restore it from git"
        ) from error


def merged_model(
    model: Ct2Model, adapter: Mapping[str, NDArray[np.float32]], strength: float = 1.0
) -> Ct2Model:
    """`model` with every part of `adapter` applied at `strength` (0 leaves the model as it is)."""
    variables: dict[str, NDArray[Any]] = dict(model.variables)
    for part, value in adapter.items():
        if part.endswith(".down"):
            continue
        name = part.removesuffix(".up")
        if name not in variables:
            raise WeightsFormatError(f"the adapter changes {name}, which this model does not have")
        old = variables[name].astype(np.float32)
        change = value @ adapter[f"{name}.down"] if part.endswith(".up") else value - old
        if change.size != old.size:
            raise WeightsFormatError(f"the adapter's {name} has another size than the model's")
        new = old + strength * change.reshape(old.shape)
        variables[name] = new.astype(variables[name].dtype)
    return Ct2Model(model.specification, model.revision, variables, model.aliases)
