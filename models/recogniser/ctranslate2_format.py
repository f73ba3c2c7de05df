"""Read and write `model.bin` of CTranslate2 (binary version 6) with numpy alone.

Layout, little-endian: version u32; specification name; revision u32; count u32; then per variable
its name, rank u8, dimensions u32 each, type u8, byte count u32 and the bytes; last, aliases as
count u32 and (alias, name) pairs. A string is a u16 length followed by bytes ending in NUL.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from models.errors import WeightsFormatError

BINARY_VERSION = 6

_TYPES: dict[int, np.dtype[np.generic]] = {
    0: np.dtype("<f4"),
    1: np.dtype("i1"),
    2: np.dtype("<i2"),
    3: np.dtype("<i4"),
    4: np.dtype("<f2"),
}
_TYPE_IDS = {dtype: number for number, dtype in _TYPES.items()}


@dataclass(frozen=True, slots=True)
class Ct2Model:
    """A CTranslate2 model as it lies on disk."""

    specification: str
    revision: int
    variables: Mapping[str, NDArray[np.generic]]
    aliases: tuple[tuple[str, str], ...]


def read_model(file: Path) -> Ct2Model:
    """Read `model.bin`; WeightsFormatError if it is cut short or of another binary version."""
    with file.open("rb") as stream:
        try:
            return _read(stream)
        except (struct.error, UnicodeDecodeError, ValueError, KeyError) as error:
            raise WeightsFormatError(
                f"{file} is no CTranslate2 model of version {BINARY_VERSION}, or it is damaged "
                f"({error}); delete it and pull the model again"
            ) from error


def write_model(model: Ct2Model, file: Path) -> None:
    """Write `model.bin` atomically: a reader sees the old file or the whole new one."""
    partial = file.with_name(file.name + ".partial")
    with partial.open("wb") as stream:
        _write(model, stream)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(file)


def _read(stream: BinaryIO) -> Ct2Model:
    version = _read_number(stream, "I")
    if version != BINARY_VERSION:
        raise ValueError(f"binary version {version}")
    specification, revision = _read_string(stream), _read_number(stream, "I")
    variables = {}
    for _ in range(_read_number(stream, "I")):
        name = _read_string(stream)
        shape = [_read_number(stream, "I") for _ in range(_read_number(stream, "B"))]
        dtype = _TYPES[_read_number(stream, "B")]
        data = stream.read(_read_number(stream, "I"))
        variables[name] = np.frombuffer(data, dtype).reshape(shape)
    pairs = range(_read_number(stream, "I"))
    aliases = tuple((_read_string(stream), _read_string(stream)) for _ in pairs)
    return Ct2Model(specification, revision, variables, aliases)


def _write(model: Ct2Model, stream: BinaryIO) -> None:
    stream.write(struct.pack("<I", BINARY_VERSION))
    _write_string(stream, model.specification)
    stream.write(struct.pack("<II", model.revision, len(model.variables)))
    for name, value in model.variables.items():
        _write_string(stream, name)
        data = value.tobytes()
        stream.write(struct.pack(f"<B{value.ndim}I", value.ndim, *value.shape))
        stream.write(struct.pack("<BI", _TYPE_IDS[value.dtype], len(data)))
        stream.write(data)
    stream.write(struct.pack("<I", len(model.aliases)))
    for alias, name in model.aliases:
        _write_string(stream, alias)
        _write_string(stream, name)


def _read_number(stream: BinaryIO, code: str) -> int:
    size = struct.calcsize(code)
    (number,) = struct.unpack(f"<{code}", stream.read(size))
    return int(number)


def _read_string(stream: BinaryIO) -> str:
    return stream.read(_read_number(stream, "H"))[:-1].decode("utf-8")


def _write_string(stream: BinaryIO, text: str) -> None:
    data = text.encode("utf-8") + b"\0"
    stream.write(struct.pack("<H", len(data)) + data)
