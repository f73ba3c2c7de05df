"""Whisper's pieces as text: byte-level BPE turned back into bytes, and which a hotline needs.

A piece is written with one printable character for each byte (Radford et al., 2019);
a Han character of three bytes may be split over two or three pieces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.errors import WeightsFormatError

_SPECIAL = re.compile(r"<\|.*\|>")
_PRINTABLE = (*range(33, 127), *range(161, 173), *range(174, 256))
_KANA_SECOND_BYTES = frozenset(range(0x81, 0x84))
_LONGEST_LATIN = 2


class WhisperVocabulary:
    """The pieces of a CTranslate2 folder, by number."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self.pieces = tuple(pieces)
        self._numbers = {piece: number for number, piece in enumerate(self.pieces)}

    @classmethod
    def of(cls, folder: Path) -> WhisperVocabulary:
        """Read `vocabulary.json`; raises WeightsFormatError."""
        path = folder / "vocabulary.json"
        try:
            pieces = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise WeightsFormatError(
                f"{path} cannot be read ({error}); pull the model again"
            ) from error
        if not isinstance(pieces, list) or not all(isinstance(p, str) for p in pieces):
            raise WeightsFormatError(f"{path} is no list of pieces; pull the model again")
        return cls(pieces)

    def __len__(self) -> int:
        return len(self.pieces)

    def number(self, piece: str) -> int:
        """Return the number of a piece such as `<|zh|>`; raises WeightsFormatError."""
        if piece not in self._numbers:
            raise WeightsFormatError(f"the model's vocabulary has no {piece}; it is no Whisper")
        return self._numbers[piece]

    def text(self, numbers: Iterable[int]) -> str:
        """Return what pieces spell; special ones spell nothing."""
        pieces = (self.pieces[number] for number in numbers)
        spelled = b"".join(piece_bytes(p) for p in pieces if not _SPECIAL.fullmatch(p))
        return spelled.decode("utf-8", errors="replace")


def piece_bytes(piece: str) -> bytes:
    """Return the bytes a piece stands for; what is no byte-level piece stands for itself."""
    table = _byte_of_character()
    try:
        return bytes(table[character] for character in piece)
    except KeyError:
        return piece.encode("utf-8")


def hotline_pieces(vocabulary: WhisperVocabulary) -> npt.NDArray[np.int64]:
    """Return the numbers of pieces that Chinese speech can need, in their order.

    Kept are special pieces, single bytes (with which anything can be spelled), pieces of
    Chinese characters and marks, and Latin letters and digits by ones and twos.
    """
    return np.array([n for n, p in enumerate(vocabulary.pieces) if _is_needed(p)], np.int64)


def _is_needed(piece: str) -> bool:
    if not piece or _SPECIAL.fullmatch(piece):
        return True
    spelled = piece_bytes(piece)
    bare = spelled.lstrip(b" ")
    if len(spelled) == 1 or not bare:
        return len(spelled) == 1
    if all(byte < 0x80 for byte in bare):
        return len(bare) <= _LONGEST_LATIN
    kana = bare[0] == 0xE3 and len(bare) > 1 and bare[1] in _KANA_SECOND_BYTES
    return not kana and all(_is_chinese_byte(byte) for byte in bare)


def _is_chinese_byte(byte: int) -> bool:
    """Tell a byte of a Han character (U+3000–U+9FFF), a full-width mark, or a later byte."""
    return 0x80 <= byte <= 0xBF or 0xE3 <= byte <= 0xE9 or byte == 0xEF


@cache
def _byte_of_character() -> dict[str, int]:
    others = [byte for byte in range(256) if byte not in _PRINTABLE]
    table = {chr(byte): byte for byte in _PRINTABLE}
    return table | {chr(256 + place): byte for place, byte in enumerate(others)}
