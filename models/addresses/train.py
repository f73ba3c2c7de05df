"""Make the address tagger: `python -m models.addresses.train TRAIN DEV OUT.npz`.

TRAIN and DEV hold JSON lines with `chars` and `tags` (BIOES). A conditional random field
(Lafferty et al. 2001) with both penalties, so that few weights stay.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.addresses.features import feature_names, hashed
from models.addresses.tagger import AddressTagger, Element, save_tagger, spans
from models.errors import TrainingDataError


@dataclass(frozen=True, slots=True)
class Address:
    """A text and each character's tag."""

    text: str
    tags: tuple[str, ...]


def read_addresses(path: Path) -> list[Address]:
    """Read JSON lines, plain or gzipped; TrainingDataError names the line that is wrong."""
    opener = gzip.open if path.suffix == ".gz" else open
    addresses = []
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                row = json.loads(line)
                if len(row["chars"]) != len(row["tags"]) or any(len(c) != 1 for c in row["chars"]):
                    raise TrainingDataError(f"{path} line {number}: one tag a character, please")
                addresses.append(Address("".join(row["chars"]), tuple(row["tags"])))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingDataError(f"{path}: no tagged addresses ({error})") from error
    return addresses


def train_tagger(
    addresses: Sequence[Address], *, iterations: int, l1: float, l2: float
) -> AddressTagger:
    """Fit the field; deterministic."""
    import pycrfsuite

    trainer = pycrfsuite.Trainer(verbose=False)
    for address in addresses:
        trainer.append(list(feature_names(address.text)), list(address.tags))
    trainer.set_params({"c1": l1, "c2": l2, "max_iterations": iterations})
    target = Path("addresses.crf.part")
    try:
        trainer.train(str(target))
        fitted = pycrfsuite.Tagger()
        fitted.open(str(target))
        info = fitted.info()
    finally:
        target.unlink(missing_ok=True)
    tags = tuple(sorted(info.labels))
    number = {tag: at for at, tag in enumerate(tags)}
    names = sorted({name for name, _ in info.state_features})
    hashes, place = np.unique(hashed(names), return_inverse=True)
    row = dict(zip(names, place.tolist(), strict=True))
    emissions = np.zeros((len(hashes), len(tags)), dtype=np.float32)
    for (name, tag), weight in info.state_features.items():
        emissions[row[name], number[tag]] += weight
    transitions = np.zeros((len(tags), len(tags)), dtype=np.float32)
    for (before, after), weight in info.transitions.items():
        transitions[number[before], number[after]] = weight
    never = [(a, b) for a in tags for b in tags if not _may_follow(a, b)]
    for before, after in never:
        transitions[number[before], number[after]] = _NEVER
    return AddressTagger(tags, hashes, emissions, transitions)


_NEVER = -1e4


def _may_follow(before: str, after: str) -> bool:
    (mark, _, kind), (next_mark, _, next_kind) = before.partition("-"), after.partition("-")
    if mark in "BI":
        return next_mark in "IE" and next_kind == kind
    return next_mark in "BSO"


def entity_f1(tagger: AddressTagger, addresses: Sequence[Address]) -> float:
    """Return F1 over elements whose kind and both ends are right."""
    right = found = wanted = 0
    for address in addresses:
        gold: set[Element] = set(spans(list(address.tags)))
        said = set(tagger.elements(address.text))
        right += len(gold & said)
        found += len(said)
        wanted += len(gold)
    return 2 * right / (found + wanted) if found + wanted else 0.0


def main() -> None:
    """Train, write, and print the F1 on dev."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("train", type=Path)
    parser.add_argument("dev", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--iterations", type=int, default=100)
    parser.add_argument("--l1", type=float, default=0.1)
    parser.add_argument("--l2", type=float, default=0.05)
    options = parser.parse_args()
    tagger = train_tagger(
        read_addresses(options.train), iterations=options.iterations, l1=options.l1, l2=options.l2
    )
    save_tagger(tagger, options.out)
    sys.stdout.write(f"entity F1 on dev {entity_f1(tagger, read_addresses(options.dev)):.4f}\n")


if __name__ == "__main__":
    main()
