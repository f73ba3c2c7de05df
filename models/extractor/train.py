"""Trains the extractor from tickets: `python -m models.extractor.train --help`.

The linear part (linear.py) is fitted here; the encoder, where one has been fine-tuned
(`python -m models.extractor.fit_encoder`), is exported beside it. Both are weighed on dev and
written as one file.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

from models.extractor.calibrate import calibrate
from models.extractor.dataset import Ticket, read_tickets
from models.extractor.evaluate import figures
from models.extractor.labels import read_weak_labels
from models.extractor.linear import factor, fit_linear_heads, head_labels, uses_of
from models.extractor.model import ExtractorModel
from models.extractor.weights import (
    WEIGHTS_FOLDER,
    EncoderPart,
    ExtractorWeights,
    save_weights,
)

_LEARNED = 60_000
"""N-grams that are learned from; those that matter most are kept."""


def main() -> None:
    """Train, print the dev figures, write `models/weights/extractor-<profile>.npz`."""
    options = _options()
    tickets = read_tickets(options.data / f"{options.profile}_tickets.train.jsonl.gz")
    dev = read_tickets(options.data / f"{options.profile}_tickets.dev.jsonl.gz")
    weak = read_weak_labels(options.profiles / options.profile)
    vocabulary, heads = fit_linear_heads(
        tickets, weak, size=_LEARNED, penalty=options.penalty, seed=options.seed, say=_say
    )
    uses = uses_of(vocabulary, tickets)
    linear = factor(vocabulary, heads, uses, size=options.features, rank=options.rank)
    weights = ExtractorWeights(linear, _encoder(options.encoder), {})
    weights = calibrate(weights, dev, head_labels(weak))
    weights = replace(weights, about=_about(options, tickets))
    path = options.out / f"extractor-{options.profile}.npz"
    save_weights(weights, path)
    _say(f"wrote {path}, {path.stat().st_size / 1e6:.1f} MB")
    for name, value in figures(ExtractorModel(weights), tickets, dev).items():
        print(f"{name:40} {value:.4f}")


def _encoder(checkpoint: Path | None) -> EncoderPart | None:
    if checkpoint is None:
        return None
    from models.extractor.export import export_encoder

    return export_encoder(checkpoint)


def _about(options: argparse.Namespace, tickets: list[Ticket]) -> dict[str, object]:
    return {
        "data": f"{options.profile}_tickets train, {len(tickets)} tickets",
        "sources": dict(Counter(ticket.source for ticket in tickets)),
        "seed": options.seed,
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--profile", default="haikou", help="hotline whose tickets are read")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--profiles", type=Path, default=Path("serving/profiles"))
    parser.add_argument("--encoder", type=Path, help="checkpoint of a fine-tuned encoder")
    parser.add_argument("--out", type=Path, default=WEIGHTS_FOLDER)
    parser.add_argument("--features", type=int, default=20_000, help="n-grams kept")
    parser.add_argument("--rank", type=int, default=128, help="width of the shared projection")
    parser.add_argument("--penalty", type=float, default=0.7, help="C of the machines")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
