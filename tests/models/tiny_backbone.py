"""A backbone of one layer in the packed layout, made here."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from models.extractor.backbone import BLOCK

WIDTH, HEADS, POSITIONS = 32, 2, 64
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
WORDS = [*SPECIAL, "▁", "query", ":", "路灯", "路", "灯", "不", "亮", "停电", "电"]


def _q4(rows: int, width: int, chance: np.random.Generator) -> bytes:
    blocks = np.zeros((rows, width // BLOCK), dtype=[("scale", "<f2"), ("nibbles", "u1", 16)])
    blocks["scale"] = 0.02
    blocks["nibbles"] = chance.integers(0, 256, blocks["nibbles"].shape)
    # The packer's scale makes the furthest value of a block -8 steps.
    blocks["nibbles"][..., 0] &= 0xF0
    return blocks.tobytes()


def packed_file(folder: Path) -> Path:
    """Write a backbone of one layer in the packed layout."""
    chance = np.random.default_rng(1)
    pieces = [word.encode() for word in WORDS]
    offsets = np.cumsum([0, *map(len, pieces)]).astype("<u4")
    scores = np.array([0, 0, 0, 0, *(-float(n) for n in range(4, len(WORDS)))], dtype="<f4")
    head = b"E5S1" + struct.pack("<I7i", 1, WIDTH, 1, HEADS, WIDTH * 4, len(WORDS), POSITIONS, 2)
    head += struct.pack("<f", 1e-12) + struct.pack("<i", BLOCK)
    head += struct.pack("<5iQ", len(WORDS), 0, 2, 1, 3, int(offsets[-1]))
    head += offsets.tobytes() + scores.tobytes() + b"".join(pieces) + struct.pack("<iI", 0, 0)

    def vector(size: int, value: float) -> bytes:
        return np.full(size, value, dtype="<f4").tobytes()

    tensors = {
        "emb.word": _q4(len(WORDS), WIDTH, chance),
        "emb.pos": chance.normal(0, 0.05, (POSITIONS, WIDTH)).astype("<f4").tobytes(),
        "emb.type": vector(2 * WIDTH, 0.0),
        "emb.ln.w": vector(WIDTH, 1.0),
        "emb.ln.b": vector(WIDTH, 0.0),
    }
    sizes = {"q": 1, "k": 1, "v": 1, "ao": 1, "fi": 4, "fo": 1}
    for name, times in sizes.items():
        inward = WIDTH * 4 if name == "fo" else WIDTH
        tensors[f"l0.{name}.w"] = _q4(WIDTH * times, inward, chance)
        tensors[f"l0.{name}.b"] = vector(WIDTH * times, 0.01)
    for name in ("aln", "oln"):
        tensors[f"l0.{name}.w"] = vector(WIDTH, 1.0)
        tensors[f"l0.{name}.b"] = vector(WIDTH, 0.0)
    directory_size = sum(2 + len(name) + 1 + 4 + 16 for name in tensors)
    at = len(head) + 4 + directory_size
    directory = struct.pack("<i", len(tensors))
    for name, data in tensors.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", 0, 0, at, len(data))
        at += len(data)
    path = folder / "tiny.bin"
    path.write_bytes(head + directory + b"".join(tensors.values()))
    return path
