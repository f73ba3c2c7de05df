"""Adapt the recogniser: `python -m models.recogniser.train --base DIR --corpus DIR --out FILE.npz`.

Trains low-rank adapters on a corpus made by `python -m models.voices.corpus` (or any folder of
16 kHz clips with such a manifest), on the CPU in bfloat16 or on a GPU. A run that was stopped
continues from its last checkpoint; the adapter file is written at the end.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from models.recogniser.ctranslate2_format import Ct2Model, read_model
from models.recogniser.dataset import IGNORED, Batch, ClipBatches
from models.recogniser.log_mel import log_mel
from models.recogniser.whisper_net import AdaptedWhisper
from models.voices.corpus import read_manifest


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train; figures of a committed adapter stand in its model card.

    `strength` is the share of what was learnt that is written: halfway between the pinned and
    the trained weights is better than either end (WiSE-FT, Wortsman et al. 2022), since synthetic
    speech teaches the hotline's words but also its own sound.
    """

    steps: int = 600
    batch_size: int = 8
    rank: int = 24
    matrix_rate: float = 8e-4
    vector_rate: float = 2e-4
    warm_up_steps: int = 25
    strength: float = 0.5
    seed: int = 7
    checkpoint_every: int = 100


_SETTABLE = tuple(field.name for field in fields(Recipe))


class Training:
    """The network, its optimiser and how far it has come; one step at a time."""

    def __init__(self, base: Path, recipe: Recipe, device: torch.device) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.device, self.step = recipe, device, 0
        self.net = AdaptedWhisper(read_model(base / "model.bin"), recipe.rank).to(device)
        matrices = [p for n, p in self.net.named_parameters() if n.endswith((".up", ".down"))]
        vectors = [p for n, p in self.net.named_parameters() if not n.endswith((".up", ".down"))]
        self.optimiser = torch.optim.AdamW(
            [
                {"params": matrices, "lr": recipe.matrix_rate, "weight_decay": 0.01},
                {"params": vectors, "lr": recipe.vector_rate, "weight_decay": 0.0},
            ],
            betas=(0.9, 0.98),
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, self._rate)

    def learn(self, batch: Batch, rng: np.random.Generator) -> float:
        """One optimiser step; returns the mean cross-entropy per token."""
        with torch.autocast(self.device.type, torch.bfloat16):
            with torch.autocast(self.device.type, enabled=False):
                mel = masked(log_mel(torch.from_numpy(batch.samples).to(self.device)), rng)
            logits = self.net(mel, torch.from_numpy(batch.tokens).to(self.device))
        targets = torch.from_numpy(batch.targets).to(self.device)
        loss = functional.cross_entropy(
            logits.float().flatten(0, 1), targets.flatten(), ignore_index=IGNORED
        )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimiser.step()
        self.schedule.step()
        self.step += 1
        return float(loss.detach())

    def save(self, file: Path) -> None:
        """Write a checkpoint atomically."""
        partial = file.with_suffix(".partial")
        torch.save(
            {
                "step": self.step,
                "net": self.net.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "schedule": self.schedule.state_dict(),
            },
            partial,
        )
        partial.replace(file)

    def load(self, file: Path) -> None:
        """Continue from a checkpoint."""
        state = torch.load(file, map_location=self.device, weights_only=True)
        self.step = state["step"]
        self.net.load_state_dict(state["net"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])

    def _rate(self, step: int) -> float:
        warm = min(1.0, (step + 1) / self.recipe.warm_up_steps)
        return warm * max(0.02, 1.0 - step / self.recipe.steps)


def masked(mel: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """SpecAugment (Park et al. 2019) on (batch, 80, frames): two bands and two short stretches."""
    mel = mel.clone()
    for row in range(mel.shape[0]):
        floor = mel[row].min()
        for _ in range(2):
            width, start = int(rng.integers(0, 11)), int(rng.integers(0, 70))
            mel[row, start : start + width] = floor
            length, begin = int(rng.integers(0, 20)), int(rng.integers(0, mel.shape[2]))
            mel[row, :, begin : begin + length] = floor
    return mel


def train(base: Path, corpus: Path, out: Path, recipe: Recipe, device: torch.device) -> Path:
    """Train until `recipe.steps`, from the checkpoint beside `out` if there is one."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    training, checkpoint = Training(base, recipe, device), out.with_suffix(".checkpoint")
    if checkpoint.is_file():
        training.load(checkpoint)
        print(f"continuing at step {training.step}", file=sys.stderr)
    losses: list[float] = []
    while training.step < recipe.steps:
        clips = read_manifest(corpus)
        rng = np.random.default_rng((recipe.seed, training.step))
        for batch in ClipBatches(corpus, clips, tokenizer, recipe.batch_size).epoch(rng):
            started = time.monotonic()
            losses.append(training.learn(batch, rng))
            if training.step % 10 == 0:
                took = time.monotonic() - started
                print(
                    f"step {training.step}/{recipe.steps} of {len(clips)} clips: "
                    f"loss {np.mean(losses[-10:]):.3f}, {took:.1f} s",
                    file=sys.stderr,
                )
            if training.step % recipe.checkpoint_every == 0 or training.step == recipe.steps:
                training.save(checkpoint)
            if training.step == recipe.steps:
                break
    write_adapter(training.net, read_model(base / "model.bin"), recipe.strength, out)
    return out


def write_adapter(net: AdaptedWhisper, base: Ct2Model, strength: float, out: Path) -> None:
    """Write `strength` of what was learnt as a float16 `.npz`, atomically."""
    partial = out.with_name(f".{out.name}.partial.npz")
    parts: dict[str, Any] = {}
    for name, value in net.adapter().items():
        if name.endswith(".up"):
            parts[name] = (strength * value).astype(np.float16)
        elif name.endswith(".down"):
            parts[name] = value
        else:
            old = base.variables[name].astype(np.float32)
            parts[name] = (old + strength * (value - old)).astype(np.float16)
    np.savez(partial, **parts)
    partial.replace(out)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; see the module's first lines."""
    parser = argparse.ArgumentParser(prog="python -m models.recogniser.train")
    parser.add_argument("--base", type=Path, required=True, help="pinned CTranslate2 folder")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="adapter to write, .npz")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    for name in _SETTABLE:
        default = getattr(Recipe(), name)
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=type(default), default=default)
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    recipe = Recipe(**{name: getattr(given, name) for name in _SETTABLE})
    print(train(given.base, given.corpus, given.out, recipe, torch.device(given.device)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
