"""A recogniser fitted to a hotline: clips in, a folder of adapted weights out.

Whisper is adapted here (`models.recogniser.train`); a model of FunASR by FunASR's own
fine-tuning, for which the lists are written and the command is started.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from models.errors import TrainingDataError
from models.voices.corpus import Clip, read_manifest

_VALIDATE_EVERY = 20
_FRAMES_PER_S = 100


def adapt_whisper(base: Path, corpus: Path, out: Path, *, steps: int, threads: int) -> Path:
    """Train an adapter on a corpus and merge it into the base; returns the folder of weights.

    A stopped run goes on from its checkpoint. Raises TrainingDataError, WeightsFormatError.
    """
    import torch

    from models.recogniser.merge import merge_adapter
    from models.recogniser.train import Recipe, train
    from models.recogniser.trim import trim_folder

    _clips(corpus)
    torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    adapter = train(base, corpus, out / "adapter.npz", Recipe(steps=steps), device)
    merged = merge_adapter(base, adapter, out / "model")
    trim_folder(merged)
    return merged


def write_funasr_lists(corpus: Path, out: Path) -> tuple[Path, Path]:
    """Write the lists of utterances FunASR trains and validates on (every 20th); returns them."""
    clips = _clips(corpus)
    validation = clips[::_VALIDATE_EVERY]
    training = [clip for clip in clips if clip not in validation] or clips
    paths = out / "train.jsonl", out / "valid.jsonl"
    for path, chosen in zip(paths, (training, validation), strict=True):
        lines = (json.dumps(_line(clip, corpus), ensure_ascii=False) + "\n" for clip in chosen)
        path.write_text("".join(lines), encoding="utf-8")
    return paths


def funasr_command(model: Path, lists: tuple[Path, Path], out: Path, epochs: int) -> list[str]:
    """Return the command of FunASR's own fine-tuning of a model folder."""
    settings = {
        "model": model.resolve(),
        "train_data_set_list": lists[0].resolve(),
        "valid_data_set_list": lists[1].resolve(),
        "dataset_conf.num_workers": 0,
        "train_conf.max_epoch": epochs,
        "train_conf.keep_nbest_models": 5,
        "optim_conf.lr": 0.0002,
        "output_dir": (out / "model").resolve(),
    }
    given = [f"++{name}={value}" for name, value in settings.items()]
    return [sys.executable, "-m", "funasr.bin.train_ds", *given]


def adapt_funasr(model: Path, corpus: Path, out: Path, *, epochs: int) -> Path:
    """Write the lists, run FunASR's fine-tuning, and return its folder of weights.

    Raises TrainingDataError where it fails; what it printed is on stderr.
    """
    command = funasr_command(model, write_funasr_lists(corpus, out), out, epochs)
    ended = subprocess.run(command, check=False, stdout=sys.stderr, cwd=out)
    if ended.returncode:
        raise TrainingDataError(
            f"FunASR's fine-tuning ended with {ended.returncode}; what it printed says why. "
            f"The lists in {out} can be used again"
        )
    return out / "model"


def _clips(corpus: Path) -> Sequence[Clip]:
    clips = read_manifest(corpus)
    if not clips:
        raise TrainingDataError(f"{corpus} holds no clips; give recordings or texts to speak")
    return clips


def _line(clip: Clip, corpus: Path) -> dict[str, object]:
    """Return a clip as FunASR's lists hold it: lengths in frames of 10 ms and in characters."""
    return {
        "key": Path(clip.audio).stem,
        "source": str((corpus / clip.audio).resolve()),
        "source_len": round(clip.seconds * _FRAMES_PER_S),
        "target": clip.spoken,
        "target_len": len(clip.spoken),
    }
