"""Fine-tunes the encoder on tickets: `python -m models.extractor.fit_encoder --help`.

Every epoch shows each ticket in one view drawn at random. The checkpoint is written after each
epoch; a run that was stopped goes on from it, and gives what an unbroken one would have given.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from models.extractor.backbone import read_backbone
from models.extractor.dataset import Ticket, read_tickets, views
from models.extractor.encoder import EncoderParts, PieceReader
from models.extractor.labels import read_weak_labels
from models.extractor.linear import head_labels
from models.extractor.net import ExtractorNet, NetShape, from_backbone
from models.extractor.pieces import encoder_parts, kept_pieces

TASK_WEIGHTS = {"agency": 1.0, "function": 0.5, "category": 0.5, "request_type": 0.5}
_IGNORED = -100
_WARM_UP = 0.08
_CONTENT_SHARE = 0.5
_HEAD_RATE = 10.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train; with the same data it decides the weights."""

    layers: int = 6
    epochs: int = 5
    batch: int = 16
    rate: float = 1.5e-4
    max_pieces: int = 128
    smoothing: float = 0.05
    seed: int = 1


@dataclass(slots=True)
class Progress:
    """Where a run stands: everything that the next epoch depends on."""

    net: ExtractorNet
    optimizer: torch.optim.Optimizer
    epoch: int = 0


def main() -> None:
    """Fine-tune and leave a checkpoint for `models.extractor.train --encoder`."""
    options, recipe = _options()
    torch.set_num_threads(options.threads)
    tickets = read_tickets(options.data / f"{options.profile}_tickets.train.jsonl.gz")
    weak = read_weak_labels(options.profiles / options.profile)
    readers = {task: head_labels(weak)[task] for task in TASK_WEIGHTS}
    labels = {
        task: tuple(sorted({label for ticket in tickets if (label := read(ticket))}))
        for task, read in readers.items()
    }
    backbone = read_backbone(options.backbone)
    kept = kept_pieces(backbone, [ticket.content + ticket.title for ticket in tickets])
    parts = encoder_parts(backbone, kept, recipe.max_pieces)
    torch.manual_seed(recipe.seed)
    net = from_backbone(backbone, kept, recipe.layers, labels)
    progress = Progress(net, _optimizer(net, recipe.rate))
    _resume(progress, options.out)
    gold = {task: _gold(tickets, readers[task], labels[task]) for task in labels}
    while progress.epoch < recipe.epochs:
        _epoch(progress, recipe, tickets, gold, PieceReader(parts))
        progress.epoch += 1
        _save(progress, parts, kept, options.out)


def _epoch(
    progress: Progress,
    recipe: Recipe,
    tickets: Sequence[Ticket],
    gold: dict[str, torch.Tensor],
    reader: PieceReader,
) -> None:
    chance = random.Random(f"{recipe.seed}/{progress.epoch}")
    torch.manual_seed(recipe.seed * 1000 + progress.epoch)
    progress.net.train()
    ids = [reader.read(_drawn_view(ticket, chance)) for ticket in tickets]
    batches = list(_batches([len(i) for i in ids], recipe.batch, chance))
    started, total = time.monotonic(), 0.0
    for number, rows in enumerate(batches):
        done = progress.epoch * len(batches) + number
        _set_rate(progress.optimizer, recipe, done / (recipe.epochs * len(batches)))
        loss = _loss(progress.net, [ids[row] for row in rows], gold, rows, recipe.smoothing)
        progress.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(progress.net.parameters(), 1.0)
        progress.optimizer.step()
        total += loss.item()
        if number % 25 == 24 or number == len(batches) - 1:
            left_s = (time.monotonic() - started) / (number + 1) * (len(batches) - number - 1)
            _say(
                f"epoch {progress.epoch + 1}/{recipe.epochs}, {number + 1}/{len(batches)}: "
                f"loss {total / (number + 1):.3f}, {left_s:.0f} s left"
            )


def _loss(
    net: ExtractorNet,
    texts: list[np.ndarray[Any, Any]],
    gold: dict[str, torch.Tensor],
    rows: list[int],
    smoothing: float,
) -> torch.Tensor:
    longest = max(len(ids) for ids in texts)
    pieces = torch.zeros(len(texts), longest, dtype=torch.long)
    mask = torch.zeros(len(texts), longest)
    for number, ids in enumerate(texts):
        pieces[number, : len(ids)] = torch.from_numpy(ids)
        mask[number, : len(ids)] = 1.0
    logits = net(pieces, mask)
    total = torch.zeros(())
    for task, weight in TASK_WEIGHTS.items():
        wanted = gold[task][rows]
        if bool((wanted != _IGNORED).any()):
            total = total + weight * nn.functional.cross_entropy(
                logits[task], wanted, ignore_index=_IGNORED, label_smoothing=smoothing
            )
    return total


def _drawn_view(ticket: Ticket, chance: random.Random) -> str:
    seen = list(views(ticket, chance))
    return ticket.content if chance.random() < _CONTENT_SHARE else chance.choice(seen)


def _batches(lengths: list[int], size: int, chance: random.Random) -> Iterator[list[int]]:
    """Yield rows of similar length together, the batches in random order."""
    order = sorted(range(len(lengths)), key=lambda row: lengths[row] + chance.random() * 20)
    starts = list(range(0, len(order), size))
    chance.shuffle(starts)
    for start in starts:
        yield order[start : start + size]


def _gold(
    tickets: Sequence[Ticket],
    read: Callable[[Ticket], str | None],
    labels: tuple[str, ...],
) -> torch.Tensor:
    index = {label: number for number, label in enumerate(labels)}
    return torch.tensor([index.get(read(ticket) or "", _IGNORED) for ticket in tickets])


def _optimizer(net: ExtractorNet, rate: float) -> torch.optim.Optimizer:
    body = [parameter for parameter in net.body.parameters() if parameter.requires_grad]
    return torch.optim.AdamW(
        [
            {"params": body, "weight_decay": 0.01, "times": 1.0},
            {"params": net.heads.parameters(), "weight_decay": 0.0, "times": _HEAD_RATE},
        ],
        lr=rate,
    )


def _set_rate(optimizer: torch.optim.Optimizer, recipe: Recipe, done: float) -> None:
    """Warm up, then fall to nothing in a straight line."""
    share = done / _WARM_UP if done < _WARM_UP else (1.0 - done) / (1.0 - _WARM_UP)
    for group in optimizer.param_groups:
        group["lr"] = recipe.rate * group["times"] * share


def _save(progress: Progress, parts: EncoderParts, kept: np.ndarray[Any, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_suffix(".part")
    torch.save(
        {
            "epoch": progress.epoch,
            "shape": progress.net.shape.described(),
            "net": progress.net.state_dict(),
            "optimizer": progress.optimizer.state_dict(),
            "parts": parts.described(),
            "kept": torch.from_numpy(kept),
        },
        whole,
    )
    whole.replace(path)


def _resume(progress: Progress, path: Path) -> None:
    if not path.is_file():
        return
    stored = torch.load(path, weights_only=True)
    if NetShape(**stored["shape"]) != progress.net.shape:
        _say(f"{path} is of another shape; starting anew")
        return
    progress.net.load_state_dict(stored["net"])
    progress.optimizer.load_state_dict(stored["optimizer"])
    progress.epoch = int(stored["epoch"])
    _say(f"going on after epoch {progress.epoch} of {path}")


def _options() -> tuple[argparse.Namespace, Recipe]:
    usual = Recipe()
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--profile", default="haikou")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--profiles", type=Path, default=Path("serving/profiles"))
    parser.add_argument("--backbone", type=Path, required=True, help="e5-small-q4.bin")
    parser.add_argument("--out", type=Path, default=Path("var/extractor-encoder.pt"))
    parser.add_argument("--threads", type=int, default=1)
    for name in ("layers", "epochs", "batch", "seed", "max_pieces"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(usual, name))
    parser.add_argument("--rate", type=float, default=usual.rate)
    options = parser.parse_args()
    recipe = Recipe(
        layers=options.layers,
        epochs=options.epochs,
        batch=options.batch,
        rate=options.rate,
        max_pieces=options.max_pieces,
        seed=options.seed,
    )
    return options, recipe


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
