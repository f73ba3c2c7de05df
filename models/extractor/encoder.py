"""The extractor's encoder at work: text to a hidden vector, by onnxruntime on one core.

The graph holds 8-bit matrices with 7-bit values, so that processors without VNNI do not
overflow, and 4-bit embeddings. About 5 ms for a text of 80 pieces.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.extractor.features import Float32

PREFIX = "query:"
"""What e5 models expect before a text that is to be understood."""


@dataclass(frozen=True, slots=True)
class EncoderParts:
    """What is stored of an encoder.

    `graph` is an ONNX file: int64 (pieces,) in, float32 (width,) out. `pieces` are those kept
    of the backbone, with log probabilities; `bos`, `eos`, `unk` index them.
    """

    graph: bytes
    pieces: tuple[tuple[str, float], ...]
    bos: int
    eos: int
    unk: int
    max_pieces: int

    def described(self) -> bytes:
        """Return everything but the graph, as JSON."""
        fields = {
            "pieces": self.pieces,
            "bos": self.bos,
            "eos": self.eos,
            "unk": self.unk,
            "max_pieces": self.max_pieces,
        }
        return json.dumps(fields, ensure_ascii=False).encode()

    @classmethod
    def of(cls, described: bytes, graph: bytes) -> EncoderParts:
        """Put an encoder together again."""
        fields = json.loads(described)
        pieces = tuple((str(text), float(score)) for text, score in fields.pop("pieces"))
        return cls(graph=graph, pieces=pieces, **fields)


class PieceReader:
    """Cuts texts into the backbone's pieces."""

    def __init__(self, parts: EncoderParts) -> None:
        self._tokenizer = unigram_tokenizer(list(parts.pieces), parts.unk)
        self._bos, self._eos, self._most = parts.bos, parts.eos, parts.max_pieces

    def read(self, text: str) -> npt.NDArray[np.int64]:
        """Return the text's piece ids; of a long text, three quarters head and a quarter tail."""
        ids = self._tokenizer.encode(PREFIX + clean(text)).ids
        room = self._most - 2
        if len(ids) > room:
            head = room * 3 // 4
            ids = ids[:head] + ids[-(room - head) :]
        return np.array([self._bos, *ids, self._eos], dtype=np.int64)


class Encoder:
    """A loaded encoder; safe to use from several threads."""

    def __init__(self, parts: EncoderParts) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._reader = PieceReader(parts)
        self._session = onnxruntime.InferenceSession(
            parts.graph, options, providers=["CPUExecutionProvider"]
        )

    def hidden(self, text: str) -> Float32:
        """Return float32 (width,), the mean over the text's pieces."""
        (pooled,) = self._session.run(None, {"ids": self._reader.read(text)})
        return np.asarray(pooled, dtype=np.float32)


def unigram_tokenizer(pieces: list[tuple[str, float]], unk: int) -> Any:
    """Return a tokenizer over some pieces of a SentencePiece unigram vocabulary."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=unk, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    return tokenizer


def clean(text: str) -> str:
    """Return the text half-width and without white space."""
    return "".join(unicodedata.normalize("NFKC", text).split())
