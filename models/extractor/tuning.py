"""Fine-tunes one encoder on the tickets of one or several hotlines.

Every epoch shows each ticket in one view drawn at random. A checkpoint is written every few
hundred steps; a run that was stopped goes on from it, and gives what an unbroken one would have
given: whatever is random is drawn from the seed and the step.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from models.errors import WeightsFormatError
from models.extractor.encoder import EncoderParts, PieceReader
from models.extractor.examples import IGNORED, Batch, Examples, count_pieces, epoch_batches, padded
from models.extractor.net import ExtractorConfig, ExtractorNet

TASK_WEIGHTS = {"agency": 1.0, "label": 1.0, "category": 0.7}
"""How much a head counts by its name; others half."""

_USUAL_WEIGHT = 0.5
_WARM_UP = 0.06
_HEAD_RATE = 10.0
_CHECKPOINT_STEPS = 200
_SHOWN_STEPS = 20


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train; with the same data it decides the weights."""

    layers: int = 6
    frozen_layers: int = 0
    epochs: int = 4
    batch: int = 16
    rate: float = 1.5e-4
    max_pieces: int = 96
    smoothing: float = 0.05
    seed: int = 1


@dataclass(slots=True)
class Progress:
    """Where a run stands: everything that the next step depends on."""

    net: ExtractorNet
    optimizer: torch.optim.Optimizer
    step: int = 0


def tune(
    progress: Progress,
    recipe: Recipe,
    examples: Examples,
    parts: EncoderParts,
    checkpoint: Path,
    say: Callable[[str], None],
) -> None:
    """Train to the recipe's end, leaving checkpoints on the way and a last one."""
    reader = PieceReader(parts)
    per_epoch = -(-examples.epoch_size() // recipe.batch)
    total = per_epoch * recipe.epochs
    progress.net.train()
    while progress.step < total:
        epoch, start = divmod(progress.step, per_epoch)
        batches = epoch_batches(
            examples,
            reader,
            size=recipe.batch,
            max_pieces=recipe.max_pieces,
            seed=recipe.seed,
            epoch=epoch,
        )
        pace = _Pace(count_pieces(batches[start:]), recipe.epochs - epoch - 1, say)
        for drawn in batches[start:]:
            set_rate(progress.optimizer, recipe.rate, progress.step / total)
            torch.manual_seed(recipe.seed * 1_000_003 + progress.step)
            batch = padded(drawn, examples.gold)
            pace.took(step(progress, batch, recipe.smoothing), batch.pieces.numel())
            progress.step += 1
            if progress.step % _SHOWN_STEPS == 0:
                pace.show(f"epoch {epoch + 1}/{recipe.epochs}, step {progress.step}/{total}")
            if progress.step % _CHECKPOINT_STEPS == 0:
                save_checkpoint(progress, parts, checkpoint)
    save_checkpoint(progress, parts, checkpoint)


def step(progress: Progress, batch: Batch, smoothing: float) -> float:
    """Take one step; returns the batch's loss."""
    loss = batch_loss(progress.net, batch, smoothing)
    progress.optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(progress.net.parameters(), 1.0)
    progress.optimizer.step()
    return loss.item()


def batch_loss(net: ExtractorNet, batch: Batch, smoothing: float) -> torch.Tensor:
    """Return the loss a text, every task counted as often as it has labels in the batch."""
    logits = net(batch.pieces, batch.mask)
    total = torch.zeros(())
    for task, wanted in batch.gold.items():
        if bool((wanted != IGNORED).any()):
            weight = TASK_WEIGHTS.get(task.rpartition("/")[2], _USUAL_WEIGHT)
            total = total + weight * nn.functional.cross_entropy(
                logits[task], wanted, ignore_index=IGNORED, label_smoothing=smoothing,
                reduction="sum",
            )  # fmt: skip
    return total / len(batch.pieces)


def new_optimizer(net: ExtractorNet, rate: float) -> torch.optim.Optimizer:
    """Return AdamW in which the fresh heads learn faster than the body."""
    body = [parameter for parameter in net.body.parameters() if parameter.requires_grad]
    return torch.optim.AdamW(
        [
            {"params": body, "weight_decay": 0.01, "times": 1.0},
            {"params": net.heads.parameters(), "weight_decay": 0.0, "times": _HEAD_RATE},
        ],
        lr=rate,
        fused=True,
    )


def set_rate(optimizer: torch.optim.Optimizer, rate: float, done: float) -> None:
    """Warm up, then fall to nothing in a straight line."""
    share = done / _WARM_UP if done < _WARM_UP else (1.0 - done) / (1.0 - _WARM_UP)
    for group in optimizer.param_groups:
        group["lr"] = rate * group["times"] * share


def save_checkpoint(progress: Progress, parts: EncoderParts, path: Path) -> None:
    """Write everything that going on needs; the old file stays until the new one is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_suffix(".part")
    config = progress.net.config
    torch.save(
        {
            "step": progress.step,
            "config": {"body": config.body, "tasks": config.tasks},
            "net": progress.net.state_dict(),
            "optimizer": progress.optimizer.state_dict(),
            "parts": parts.described(),
        },
        whole,
    )
    whole.replace(path)


def resume(progress: Progress, path: Path) -> None:
    """Go on from a checkpoint; WeightsFormatError where it is of another run."""
    stored: dict[str, Any] = torch.load(path, weights_only=True)
    config = progress.net.config
    if stored["config"] != {"body": config.body, "tasks": config.tasks}:
        raise WeightsFormatError(
            f"{path} comes from other tickets or another backbone; remove it or leave out --resume"
        )
    progress.net.load_state_dict(stored["net"])
    progress.optimizer.load_state_dict(stored["optimizer"])
    progress.step = int(stored["step"])


def load_net(path: Path) -> tuple[ExtractorNet, EncoderParts]:
    """Return a checkpoint's network and what describes its input."""
    stored: dict[str, Any] = torch.load(path, weights_only=True)
    net = ExtractorNet(ExtractorConfig(**stored["config"]))
    net.load_state_dict(stored["net"])
    net.eval()  # type: ignore[no-untyped-call]
    return net, EncoderParts.of(stored["parts"], b"")


class _Pace:
    """Says how the loss stands and how long the run will still take."""

    def __init__(self, pieces: int, epochs_after: int, say: Callable[[str], None]) -> None:
        self._left, self._epoch, self._after = pieces, pieces, epochs_after
        self._say, self._started = say, time.monotonic()
        self._losses: list[float] = []

    def took(self, loss: float, pieces: int) -> None:
        self._losses = [*self._losses[-99:], loss]
        self._left -= pieces

    def show(self, where: str) -> None:
        speed = (self._epoch - self._left) / (time.monotonic() - self._started)
        left_min = (self._left + self._epoch * self._after) / speed / 60
        loss = sum(self._losses) / len(self._losses)
        self._say(f"{where}: loss {loss:.3f}, {speed:.0f} pieces/s, {left_min:.0f} min left")
