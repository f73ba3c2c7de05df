"""From a recogniser's tokens to readable text."""

from __future__ import annotations

from collections.abc import Sequence

_MARKS = frozenset({"<blank>", "<s>", "</s>", "<unk>", "<OOV>"})
_JOINED = "@@"
"""Ends a piece of a word that goes on in the next token."""


class Vocabulary:
    """Token ids to text: characters side by side, words of Latin letters with spaces."""

    def __init__(self, tokens: Sequence[str], silent: Sequence[int] = ()) -> None:
        """Take the tokens in the order of their ids, and ids that stand for no words."""
        self._tokens = tuple(tokens)
        self._silent = frozenset(silent) | {
            index for index, token in enumerate(tokens) if token in _MARKS
        }

    def __len__(self) -> int:
        return len(self._tokens)

    def text(self, ids: Sequence[int]) -> str:
        """Return the text of a stream so far; a word that is still going on is shown as it is."""
        pieces: list[str] = []
        goes_on = False
        for index in ids:
            if index in self._silent:
                continue
            token = self._tokens[index]
            piece = token.removesuffix(_JOINED)
            if pieces and not goes_on and _is_word(piece) and _is_word(pieces[-1]):
                pieces.append(" ")
            pieces.append(piece)
            goes_on = token.endswith(_JOINED)
        return "".join(pieces)


def _is_word(piece: str) -> bool:
    return piece.isascii() and piece.replace("'", "").isalpha()
