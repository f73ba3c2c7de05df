"""What `jiesu models train` is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from models.extractor.weights import WEIGHTS_FOLDER

SHARED_ENCODER = "hotlines"
"""The shipped encoder, that any hotline's heads can be fitted on."""


@dataclass(frozen=True, slots=True)
class Source:
    """One hotline's ticket files; `columns` names those that are called otherwise.

    `profile` is the folder whose agencies and places tell more labels, where there is one.
    `epoch_share` of the tickets are shown to the encoder in an epoch.
    """

    name: str
    files: tuple[Path, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    profile: Path | None = None
    epoch_share: float = 1.0


@dataclass(frozen=True, slots=True)
class TuningPlan:
    """How to fine-tune an encoder first: from what, and on whose tickets beside our own.

    `backbone` is e5-small-q4.bin, or a name on the hub; `start` an encoder file of the same
    shape whose layers are taken instead of the backbone's.
    """

    backbone: str
    also: tuple[Source, ...] = ()
    start: Path | None = None
    layers: int = 6
    frozen_layers: int = 0
    epochs: int = 4
    batch: int = 16
    rate: float = 1.5e-4
    max_pieces: int = 96
    threads: int = 1


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """Tickets in, `extractor-NAME.npz` and its card out.

    Without `dev` a tenth of the tickets is kept aside. `encoder` names the encoder the heads are
    fitted on, None for n-grams alone. `work` holds what an interrupted run goes on from.
    """

    source: Source
    dev: Path | None
    work: Path
    out: Path = WEIGHTS_FOLDER
    encoder: str | None = SHARED_ENCODER
    tuning: TuningPlan | None = None
    features: int = 16_000
    rank: int = 128
    penalty: float = 0.7
    shrinkage: float = 0.1
    seed: int = 1
    resume: bool = False

    @property
    def weights(self) -> Path:
        """Where the extractor is written."""
        return self.out / f"extractor-{self.source.name}.npz"
