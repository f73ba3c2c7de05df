"""Trains an extractor from tickets: n-grams, heads on an encoder, their mixture, the card.

`jiesu models train` calls this. Every stage's result is kept in the plan's work folder, so that a
run that was stopped goes on where it was; the same tickets and seed give the same weights.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from models.errors import ModelsError, TrainingDataError
from models.extractor.calibrate import fit_shares
from models.extractor.card import write_card
from models.extractor.corpora import AUXILIARY_HEADS, Corpus, read_corpus
from models.extractor.dataset import Ticket, read_tickets
from models.extractor.encoder_file import (
    encoder_path,
    fingerprint,
    load_encoder_parts,
    shared_encoder,
)
from models.extractor.encoder_heads import fit_encoder_heads
from models.extractor.evaluate import figures
from models.extractor.linear import factor, fit_linear_heads, uses_of
from models.extractor.model import ExtractorModel, load_extractor
from models.extractor.parents import parents_of
from models.extractor.plan import Source, TrainingPlan
from models.extractor.weights import (
    EncoderPart,
    ExtractorWeights,
    LinearPart,
    Share,
    load_weights,
    save_weights,
)

Say = Callable[[str], None]

_LEARNED_NGRAMS = 60_000
"""N-grams that are learned from; those that matter most are kept."""

_DEV_SHARE = 10


def train(plan: TrainingPlan, say: Say) -> dict[str, float]:
    """Carry the plan out; returns the dev figures. Raises ModelsError where it cannot."""
    corpus, dev = _tickets(plan)
    say(f"{plan.source.name}: {len(corpus.tickets)} tickets to learn from, {len(dev)} to judge by")
    if plan.tuning is not None:
        from models.extractor.tuning_run import tune_encoder

        tune_encoder(plan, corpus, say)
    linear = _linear_part(plan, corpus, say)
    encoder = _encoder_part(plan, corpus, say)
    labels = {name: head.labels for name, head in linear.heads.items()}
    weights = ExtractorWeights(
        linear,
        encoder,
        {name: Share(3.0, 0.7 if encoder else 0.0) for name in labels},
        parents_of(corpus, labels),
    )
    say("weighing the parts on dev")
    model = _model(plan, weights)
    weights = replace(weights, shares=fit_shares(model, dev, corpus.heads))
    found = figures(_model(plan, weights), corpus.tickets, dev)
    save_weights(replace(weights, about=_about(plan, corpus, dev)), plan.weights)
    write_card(plan, corpus, len(dev), found)
    say(f"wrote {plan.weights}, {plan.weights.stat().st_size / 1e6:.1f} MB")
    load_extractor(plan.weights)
    return found


def read_source(source: Source) -> Corpus:
    """Read a source's tickets."""
    corpus = read_corpus(source.name, source.files, source.columns, source.profile)
    return replace(corpus, epoch_share=source.epoch_share)


def _tickets(plan: TrainingPlan) -> tuple[Corpus, list[Ticket]]:
    corpus = read_source(plan.source)
    if plan.dev is not None:
        return corpus, read_tickets(plan.dev, plan.source.columns)
    kept = [ticket for ticket in corpus.tickets if not _is_aside(ticket)]
    aside = [ticket for ticket in corpus.tickets if _is_aside(ticket)]
    if not kept or not aside:
        raise TrainingDataError(
            f"{len(corpus.tickets)} tickets are too few to keep some aside; give --dev"
        )
    return replace(corpus, tickets=tuple(kept)), aside


def _is_aside(ticket: Ticket) -> bool:
    """Tell the tenth that is kept aside: equal texts always fall on one side."""
    return hashlib.sha256(ticket.content.encode()).digest()[0] % _DEV_SHARE == 0


def _linear_part(plan: TrainingPlan, corpus: Corpus, say: Say) -> LinearPart:
    """Fit the n-grams, or take them from the interrupted run."""
    stored = plan.work / "linear.npz"
    about = {
        "recipe": _recipe(plan),
        "data": _data_hash(corpus.tickets),
        "heads": sorted(corpus.heads),
    }
    if plan.resume and stored.is_file():
        try:
            before = load_weights(stored)
        except ModelsError as error:
            say(f"starting the n-grams anew: {error}")
        else:
            if before.about == about:
                say("n-grams: taken from the interrupted run")
                return before.linear
    useful = {name: read for name, read in corpus.heads.items() if name not in AUXILIARY_HEADS}
    vocabulary, heads = fit_linear_heads(
        replace(corpus, heads=useful),
        size=_LEARNED_NGRAMS, penalty=plan.penalty, seed=plan.seed, say=say,
    )  # fmt: skip
    uses = uses_of(vocabulary, corpus.tickets)
    linear = factor(vocabulary, heads, uses, size=plan.features, rank=plan.rank)
    save_weights(ExtractorWeights(linear, None, {}, about=about), stored)
    return linear


def _encoder_part(plan: TrainingPlan, corpus: Corpus, say: Say) -> EncoderPart | None:
    if plan.encoder is None:
        return None
    path = encoder_path(plan.out, plan.encoder)
    mark = fingerprint(load_encoder_parts(path))
    useful = {name: read for name, read in corpus.heads.items() if name not in AUXILIARY_HEADS}
    heads = fit_encoder_heads(
        replace(corpus, heads=useful), shared_encoder(path, mark),
        shrinkage=plan.shrinkage, say=say,
    )  # fmt: skip
    return EncoderPart(plan.encoder, mark, heads)


def _model(plan: TrainingPlan, weights: ExtractorWeights) -> ExtractorModel:
    if weights.encoder is None:
        return ExtractorModel(weights)
    path = encoder_path(plan.out, weights.encoder.name)
    return ExtractorModel(weights, shared_encoder(path, weights.encoder.fingerprint))


def _recipe(plan: TrainingPlan) -> dict[str, object]:
    return {
        "features": plan.features,
        "rank": plan.rank,
        "penalty": plan.penalty,
        "seed": plan.seed,
    }


def _data_hash(tickets: Sequence[Ticket]) -> str:
    digest = hashlib.sha256()
    for ticket in tickets:
        row = [ticket.id, ticket.title, ticket.content, dict(ticket.labels)]
        digest.update(json.dumps(row, ensure_ascii=False, sort_keys=True).encode())
    return digest.hexdigest()[:16]


def _about(plan: TrainingPlan, corpus: Corpus, dev: Sequence[Ticket]) -> dict[str, object]:
    return {
        "data": [file.name for file in plan.source.files],
        "tickets": len(corpus.tickets),
        "data_hash": _data_hash(corpus.tickets),
        "dev_tickets": len(dev),
        "recipe": _recipe(plan) | {"shrinkage": plan.shrinkage},
    }
