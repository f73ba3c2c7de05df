"""From a training plan to a fine-tuned, exported encoder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from models.errors import TrainingDataError
from models.extractor.backbone import read_backbone
from models.extractor.corpora import Corpus
from models.extractor.encoder import EncoderParts
from models.extractor.encoder_file import encoder_path, load_encoder_parts, save_encoder
from models.extractor.examples import Examples, gather
from models.extractor.export import export_encoder
from models.extractor.graph_reading import start_from_graph
from models.extractor.hub import from_hub, hub_parts
from models.extractor.net import ExtractorNet, from_backbone
from models.extractor.pieces import encoder_parts, kept_pieces
from models.extractor.plan import TrainingPlan, TuningPlan
from models.extractor.tuning import Progress, Recipe, new_optimizer, resume, tune

_READ_PIECES = 128
"""What a text may hold when it is read; in training shorter stretches do."""


def tune_encoder(plan: TrainingPlan, corpus: Corpus, say: Callable[[str], None]) -> None:
    """Fine-tune on the plan's corpora and write `encoder-NAME.npz`; NAME is the plan's encoder.

    Raises TrainingDataError, ModelMissingError, WeightsFormatError.
    """
    from models.extractor.training import read_source

    tuning = plan.tuning
    if tuning is None or plan.encoder is None:
        raise TrainingDataError("an encoder to be tuned needs a name; leave out --no-encoder")
    torch.set_num_threads(tuning.threads)
    corpora = [corpus, *(read_source(source) for source in tuning.also)]
    examples = gather(corpora)
    recipe = Recipe(
        layers=tuning.layers,
        frozen_layers=tuning.frozen_layers,
        epochs=tuning.epochs,
        batch=tuning.batch,
        rate=tuning.rate,
        max_pieces=tuning.max_pieces,
        seed=plan.seed,
    )
    torch.manual_seed(plan.seed)
    net, parts = _fresh(tuning, examples, say)
    net.freeze(recipe.frozen_layers)
    progress = Progress(net, new_optimizer(net, recipe.rate))
    checkpoint = plan.work / "encoder.pt"
    if plan.resume and checkpoint.is_file():
        resume(progress, checkpoint)
        say(f"encoder: going on after step {progress.step}")
    tune(progress, recipe, examples, parts, checkpoint, say)
    path = encoder_path(plan.out, plan.encoder)
    about = {
        "backbone": Path(tuning.backbone).name,
        "start": tuning.start.name if tuning.start else None,
        "corpora": {of.name: len(of.tickets) for of in corpora},
        "epochs": recipe.epochs,
        "seed": recipe.seed,
    }
    save_encoder(export_encoder(checkpoint), path, about)
    say(f"wrote {path}, {path.stat().st_size / 1e6:.1f} MB")


def _fresh(
    tuning: TuningPlan, examples: Examples, say: Callable[[str], None]
) -> tuple[ExtractorNet, EncoderParts]:
    """Return the network before its first step: of the packed backbone, or one of the hub's."""
    path = Path(tuning.backbone)
    if path.suffix != ".bin":
        say(f"encoder: {tuning.backbone} from the hub")
        net = from_hub(tuning.backbone, examples.labels, tuning.layers)
        return net, hub_parts(tuning.backbone, _READ_PIECES)
    backbone = read_backbone(path)
    kept = kept_pieces(backbone, [ticket.text for ticket in examples.tickets])
    net = from_backbone(backbone, kept, tuning.layers, examples.labels)
    if tuning.start is not None:
        start_from_graph(net.body, load_encoder_parts(tuning.start).graph)
    return net, encoder_parts(backbone, kept, _READ_PIECES)
