"""Reads a PyTorch checkpoint without PyTorch: the arrays by name, and nothing else.

For the format that torch.save wrote before version 1.6: four pickles (a magic number, the
format, the sizes of C types, the object), the keys of the storages, then their bytes.
Only tensors of floats in plain containers are let in; a pickle that asks for anything else
is refused, so that a file cannot run code.
"""

from __future__ import annotations

import pickle
import struct
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from models.errors import WeightsFormatError

_MAGIC = 0x1950A86A20F9469CFC6C
_FLOAT_BYTES = 4


@dataclass(slots=True)
class _Storage:
    """The floats behind one or more tensors, filled once the whole object is known."""

    values: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def array(self) -> npt.NDArray[np.float32]:
        strides = [step * _FLOAT_BYTES for step in self.stride]
        seen = self.storage.values[self.offset :]
        return np.lib.stride_tricks.as_strided(seen, self.shape, strides).copy()


def _tensor(storage: _Storage, offset: int, shape: Any, stride: Any, *_: Any) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(stride))


class _FloatStorage:
    """Stands for torch.FloatStorage, which the pickle only names."""


class _TensorUnpickler(pickle.Unpickler):
    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        match (module, name):
            case ("collections", "OrderedDict"):
                return OrderedDict
            case ("torch._utils", "_rebuild_tensor_v2"):
                return _tensor
            case ("torch", "FloatStorage"):
                return _FloatStorage
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a file of weights")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, storage_type, key, _, count, *_ = pid
        if kind != "storage" or storage_type is not _FloatStorage:
            raise pickle.UnpicklingError("weights that are not 32-bit floats")
        return self.storages.setdefault(key, _Storage(np.zeros(count, np.float32)))


def read_checkpoint(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Return the float32 tensors of a checkpoint by dotted name; raises WeightsFormatError."""
    try:
        with path.open("rb") as file:
            found = _read(file)
    except (OSError, EOFError, ValueError, TypeError, KeyError, struct.error) as error:
        raise WeightsFormatError(f"{path.name} cannot be read ({error}); pull it again") from error
    except pickle.UnpicklingError as error:
        raise WeightsFormatError(f"{path.name} is not plain weights: {error}") from error
    return {name: tensor.array() for name, tensor in _named(found, ())}


def _read(file: IO[bytes]) -> Any:
    if _TensorUnpickler(file).load() != _MAGIC:
        raise ValueError("another format than that of torch.save before 1.6")
    for _ in ("format", "sizes of C types"):
        _TensorUnpickler(file).load()
    unpickler = _TensorUnpickler(file)
    found = unpickler.load()
    for key in _TensorUnpickler(file).load():
        (count,) = struct.unpack("<q", file.read(8))
        storage = unpickler.storages[key]
        if count != len(storage.values):
            raise ValueError("a storage of another length than announced")
        storage.values = np.frombuffer(file.read(count * _FLOAT_BYTES), "<f4").copy()
    return found


def _named(found: Any, path: Sequence[str]) -> list[tuple[str, _Tensor]]:
    if isinstance(found, _Tensor):
        return [(".".join(path), found)]
    if isinstance(found, dict):
        return [pair for key, part in found.items() for pair in _named(part, (*path, str(key)))]
    return []
