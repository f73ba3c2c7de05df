"""The extractor's encoder at work: text to a hidden vector, by onnxruntime on one core.

The graph holds 8-bit matrices with 6-bit values and 4-bit embeddings (graph.py). About 5 ms for
a text of 80 pieces.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.extractor.features import Float32

PREFIX = "query:"
"""What e5 models expect before a text that is to be understood."""


@dataclass(frozen=True, slots=True)
class EncoderParts:
    """What is stored of an encoder.

    `graph` is an ONNX file: int64 (pieces,) in, float32 (width,) out. `tokenizer` is the JSON
    of the `tokenizers` library; `bos` and `eos` are ids of it. Every text begins with `prefix`.
    """

    graph: bytes
    tokenizer: str
    bos: int
    eos: int
    max_pieces: int
    prefix: str = PREFIX

    def described(self) -> bytes:
        """Return everything but the graph, as JSON."""
        fields = asdict(self)
        del fields["graph"]
        return json.dumps(fields, ensure_ascii=False).encode()

    @classmethod
    def of(cls, described: bytes, graph: bytes) -> EncoderParts:
        """Put an encoder together again."""
        return cls(graph=graph, **json.loads(described))


class PieceReader:
    """Cuts texts into the backbone's pieces."""

    def __init__(self, parts: EncoderParts) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_str(parts.tokenizer)
        self._bos, self._eos, self._most = parts.bos, parts.eos, parts.max_pieces
        self._prefix = parts.prefix

    def read(self, text: str) -> npt.NDArray[np.int64]:
        """Return the text's piece ids; of a long text, three quarters head and a quarter tail."""
        ids = self.all_pieces(text)
        room = self._most - 2
        if len(ids) > room:
            head = room * 3 // 4
            ids = ids[:head] + ids[-(room - head) :]
        return self.framed(ids)

    def all_pieces(self, text: str) -> list[int]:
        """Return the ids of the prefix and the whole text, however long, without marks."""
        encoded = self._tokenizer.encode(self._prefix + clean(text), add_special_tokens=False)
        return list(encoded.ids)

    def framed(self, ids: list[int]) -> npt.NDArray[np.int64]:
        """Return ids between the marks of beginning and end."""
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
