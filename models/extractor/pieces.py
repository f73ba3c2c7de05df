"""Which pieces of the backbone's vocabulary an extractor keeps: most are other languages'."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.extractor.backbone import Backbone
from models.extractor.encoder import PREFIX, EncoderParts, clean, unigram_tokenizer

_NO_GRAPH = b""
_MIN_USES = 3


def kept_pieces(backbone: Backbone, texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the pieces worth keeping: those the texts use thrice, and common characters.

    The first four (bos, pad, eos, unk) always stay in front.
    """
    tokenizer = unigram_tokenizer(list(backbone.pieces), backbone.unk)
    used: Counter[int] = Counter()
    for encoding in tokenizer.encode_batch([PREFIX + clean(text) for text in texts]):
        used.update(encoding.ids)
    single = {
        number for number, (piece, _) in enumerate(backbone.pieces) if _is_common_character(piece)
    }
    special = {backbone.bos, backbone.pad, backbone.eos, backbone.unk}
    chosen = special | single | {number for number, count in used.items() if count >= _MIN_USES}
    return np.array(sorted(chosen), dtype=np.int64)


def _is_common_character(piece: str) -> bool:
    """Tell a character of everyday simplified Chinese (GB 2312), a letter or a mark."""
    if len(piece) != 1:
        return False
    if piece == "▁":
        return True
    try:
        piece.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return piece.isascii() or "\u4e00" <= piece <= "\u9fff"


def encoder_parts(backbone: Backbone, kept: npt.NDArray[np.int64], max_pieces: int) -> EncoderParts:
    """Describe the encoder's input; its graph is drawn at export."""
    index = {int(number): place for place, number in enumerate(kept)}
    pieces = [backbone.pieces[number] for number in kept]
    return EncoderParts(
        graph=_NO_GRAPH,
        tokenizer=unigram_tokenizer(pieces, index[backbone.unk]).to_str(),
        bos=index[backbone.bos],
        eos=index[backbone.eos],
        max_pieces=max_pieces,
    )
