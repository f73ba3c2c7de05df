"""The encoder's fine-tuning on backbones of our own making: packed, and by name from a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
transformers = pytest.importorskip("transformers", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from models.errors import ModelMissingError, WeightsFormatError  # noqa: E402
from models.extractor.backbone import Backbone, read_backbone  # noqa: E402
from models.extractor.corpora import Corpus  # noqa: E402
from models.extractor.dataset import Ticket  # noqa: E402
from models.extractor.encoder import Encoder, EncoderParts, PieceReader  # noqa: E402
from models.extractor.examples import gather  # noqa: E402
from models.extractor.export import export_encoder, pack_rows  # noqa: E402
from models.extractor.graph_reading import start_from_graph  # noqa: E402
from models.extractor.hub import from_hub, hub_parts  # noqa: E402
from models.extractor.net import POOL_SCALE, from_backbone  # noqa: E402
from models.extractor.pieces import encoder_parts  # noqa: E402
from models.extractor.tuning import (  # noqa: E402
    Progress,
    Recipe,
    load_net,
    new_optimizer,
    resume,
    save_checkpoint,
    tune,
)
from tests.models.tiny_backbone import WORDS, packed_file  # noqa: E402

KEPT = np.arange(len(WORDS), dtype=np.int64)
RECIPE = Recipe(layers=1, epochs=2, batch=4, rate=1e-3, max_pieces=16)
TICKETS = tuple(
    Ticket(str(n), "", "", text, text, {"agency": agency})
    for n, (text, agency) in enumerate([("路灯不亮", "路灯所"), ("停电", "供电局")] * 8)
)
CORPUS = Corpus("tiny", TICKETS, {"agency": lambda ticket: ticket.agency})
EXAMPLES = gather([CORPUS])


@pytest.fixture
def backbone(tmp_path: Path) -> Backbone:
    return read_backbone(packed_file(tmp_path), verify=False)


def fresh(backbone: Backbone) -> Progress:
    torch.manual_seed(1)
    net = from_backbone(backbone, KEPT, 1, EXAMPLES.labels)
    return Progress(net, new_optimizer(net, RECIPE.rate))


def parts_of(backbone: Backbone) -> EncoderParts:
    return encoder_parts(backbone, KEPT, 16)


def test_the_exported_graph_agrees_with_torch(backbone: Backbone, tmp_path: Path) -> None:
    packed = pack_rows(backbone.embeddings.unpacked())
    np.testing.assert_array_equal(packed.unpacked(), backbone.embeddings.unpacked())
    progress = fresh(backbone)
    save_checkpoint(progress, parts_of(backbone), tmp_path / "net.pt")
    parts = export_encoder(tmp_path / "net.pt")
    encoder, reader = Encoder(parts), PieceReader(parts)
    progress.net.train(False)
    for text in ("路灯不亮", "停电", "", "别的字"):
        ids = reader.read(text)
        with torch.no_grad():
            wanted = progress.net.pooled(torch.from_numpy(ids)[None], torch.ones(1, len(ids)))
        np.testing.assert_allclose(encoder.hidden(text) * POOL_SCALE, wanted[0].numpy(), atol=0.3)


def test_tuning_learns_and_goes_on_after_a_stop_as_if_unbroken(
    backbone: Backbone, tmp_path: Path
) -> None:
    parts, lines = parts_of(backbone), list[str]()
    unbroken = fresh(backbone)
    tune(unbroken, RECIPE, EXAMPLES, parts, tmp_path / "whole.pt", lines.append)
    assert unbroken.step == 8

    class StoppedError(Exception):
        pass

    stopped = fresh(backbone)

    def stop_after_three(*given: object) -> None:
        if stopped.step == 3:
            raise StoppedError

    hook = stopped.optimizer.register_step_pre_hook(stop_after_three)
    with pytest.raises(StoppedError):
        tune(stopped, RECIPE, EXAMPLES, parts, tmp_path / "net.pt", lines.append)
    hook.remove()
    save_checkpoint(stopped, parts, tmp_path / "net.pt")
    resumed = fresh(backbone)
    resume(resumed, tmp_path / "net.pt")
    assert resumed.step == 3
    tune(resumed, RECIPE, EXAMPLES, parts, tmp_path / "net.pt", lines.append)
    for name, tensor in unbroken.net.state_dict().items():
        torch.testing.assert_close(tensor, resumed.net.state_dict()[name])
    net, stored = load_net(tmp_path / "net.pt")
    assert stored == parts
    assert net.config.tasks == {"tiny/agency": ["供电局", "路灯所"]}


def test_a_checkpoint_of_other_tickets_is_refused(backbone: Backbone, tmp_path: Path) -> None:
    save_checkpoint(fresh(backbone), parts_of(backbone), tmp_path / "net.pt")
    net = from_backbone(backbone, KEPT, 1, {"other/agency": ("甲", "乙")})
    with pytest.raises(WeightsFormatError, match="other tickets"):
        resume(Progress(net, new_optimizer(net, 1e-3)), tmp_path / "net.pt")


def test_training_may_start_from_an_exported_encoder(backbone: Backbone, tmp_path: Path) -> None:
    tuned = fresh(backbone)
    tune(tuned, RECIPE, EXAMPLES, parts_of(backbone), tmp_path / "net.pt", lambda line: None)
    graph = export_encoder(tmp_path / "net.pt").graph
    again = fresh(backbone).net
    start_from_graph(again.body, graph)
    ids = torch.tensor([[0, 4, 8, 11, 2]])
    tuned.net.train(False)
    again.train(False)
    with torch.no_grad():
        wanted = tuned.net.pooled(ids, torch.ones(1, 5))
        found = again.pooled(ids, torch.ones(1, 5))
    torch.testing.assert_close(found, wanted, atol=0.2, rtol=0.1)


def hub_folder(folder: Path) -> Path:
    """Write a random BERT with a word-piece tokenizer in the hub's layout."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"路灯不亮停电"]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    shape = transformers.BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=64,
    )  # fmt: skip
    transformers.BertModel(shape).save_pretrained(folder)
    transformers.BertTokenizerFast(vocab={w: n for n, w in enumerate(words)}).save_pretrained(
        folder
    )
    return folder


def test_a_backbone_by_name_is_loaded_tuned_and_exported(tmp_path: Path) -> None:
    folder = hub_folder(tmp_path)
    net = from_hub(str(folder), EXAMPLES.labels, layers=1)
    assert len(net.body.encoder.layer) == 1
    parts = hub_parts(str(folder), 16)
    assert [int(i) for i in PieceReader(parts).read("路灯")] == [2, 5, 6, 3]
    progress = Progress(net, new_optimizer(net, RECIPE.rate))
    tune(progress, RECIPE, EXAMPLES, parts, tmp_path / "net.pt", lambda line: None)
    assert Encoder(export_encoder(tmp_path / "net.pt")).hidden("路灯不亮").shape == (32,)


def test_a_backbone_that_is_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="nowhere"):
        from_hub(str(tmp_path / "nowhere"), EXAMPLES.labels)
