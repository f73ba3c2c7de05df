"""Trimming a recogniser to Chinese: which pieces stay, and that nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models.errors import WeightsFormatError
from models.recogniser.ctranslate2_format import Ct2Model, read_model, write_model
from models.recogniser.trim import trim_folder
from models.recogniser.vocabulary import WhisperVocabulary, hotline_pieces, piece_bytes


def written(text: str | bytes) -> str:
    """Return the piece that stands for a text, by the table itself."""
    wanted = text.encode() if isinstance(text, str) else text
    characters = {piece_bytes(chr(code)): chr(code) for code in range(33, 400)}
    return "".join(characters[bytes([byte])] for byte in wanted)


KEPT: list[str | bytes] = [
    "路",
    " 灯",
    "，",
    b"\xe8\xb7",
    b"\xaf",
    "a",
    " b",
    "12",
    "<|zh|>",
    "<|endoftext|>",
]
GONE: list[str | bytes] = ["ing", " hello", "の", "ア", "é", "да", "2024"]


def pieces(*texts: str | bytes) -> list[str]:
    return [t if isinstance(t, str) and t.startswith("<|") else written(t) for t in texts]


def test_spells_bytes_and_leaves_special_pieces_out() -> None:
    vocabulary = WhisperVocabulary(pieces(*KEPT))
    assert vocabulary.text([0, 1, 2]) == "路 灯，"
    assert vocabulary.text([3, 4, 8]) == "路"
    assert vocabulary.text([3]) == "\ufffd"
    assert vocabulary.number("<|zh|>") == 8
    with pytest.raises(WeightsFormatError, match="yue"):
        vocabulary.number("<|yue|>")


def test_keeps_what_chinese_speech_can_need() -> None:
    vocabulary = WhisperVocabulary(pieces(*KEPT, *GONE))
    assert hotline_pieces(vocabulary).tolist() == list(range(len(KEPT)))


def test_a_trimmed_folder_has_the_rows_and_numbers_of_what_is_left(tmp_path: Path) -> None:
    names = pieces("ing", "路", "<|endoftext|>", "の", "灯", "<|zh|>")
    rows = np.arange(12, dtype=np.float16).reshape(6, 2)
    other = np.ones(3, np.float32)
    variables: dict[str, np.ndarray] = {"decoder/embeddings/weight": rows, "encoder/bias": other}
    aliases = (("decoder/projection/weight", "decoder/embeddings/weight"),)
    write_model(Ct2Model("WhisperSpec", 3, variables, aliases), tmp_path / "model.bin")
    (tmp_path / "vocabulary.json").write_text(json.dumps(names))
    config = {"lang_ids": [5], "suppress_ids": [0, 4], "alignment_heads": [[1, 2]]}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "tokenizer.json").write_text("{}")
    trim_folder(tmp_path)
    trimmed = read_model(tmp_path / "model.bin")
    np.testing.assert_array_equal(
        trimmed.variables["decoder/embeddings/weight"], rows[[1, 2, 4, 5]]
    )
    np.testing.assert_array_equal(trimmed.variables["encoder/bias"], other)
    assert trimmed.aliases == aliases
    assert WhisperVocabulary.of(tmp_path).pieces == tuple(names[i] for i in (1, 2, 4, 5))
    assert json.loads((tmp_path / "config.json").read_text()) == {
        "lang_ids": [3],
        "suppress_ids": [2],
        "alignment_heads": [[1, 2]],
    }
    assert not (tmp_path / "tokenizer.json").exists()


def test_parts_that_do_not_belong_together_say_so(tmp_path: Path) -> None:
    with pytest.raises(WeightsFormatError, match="pull"):
        WhisperVocabulary.of(tmp_path)
    (tmp_path / "vocabulary.json").write_text("{}")
    with pytest.raises(WeightsFormatError, match="no list"):
        WhisperVocabulary.of(tmp_path)
    (tmp_path / "vocabulary.json").write_text(json.dumps(pieces("路", "灯")))
    variables = {"decoder/embeddings/weight": np.zeros((3, 2), np.float16)}
    write_model(Ct2Model("WhisperSpec", 3, variables, ()), tmp_path / "model.bin")
    with pytest.raises(WeightsFormatError, match="belong together"):
        trim_folder(tmp_path)


@pytest.mark.weights
def test_spells_as_the_tokenizer_of_the_weights_does() -> None:
    from tokenizers import Tokenizer

    from models import registry

    folder = registry.resolve("whisper-base")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    vocabulary = WhisperVocabulary.of(folder)
    numbers = np.random.default_rng(1).integers(0, len(vocabulary) - 1_501, 2_000)
    for row in numbers.reshape(-1, 8).tolist():
        assert vocabulary.text(row) == tokenizer.decode(row, skip_special_tokens=True)
