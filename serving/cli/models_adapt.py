"""`jiesu models adapt`: a recogniser fitted to a hotline's own speech or words."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

_SEED = 12345


def adapt_command(
    out: Annotated[Path, typer.Argument(help="Folder for the adapted weights.")],
    recordings: Annotated[
        Path | None,
        typer.Option(help="Folder of recordings with corrected transcripts beside them (.json)."),
    ] = None,
    texts: Annotated[
        Path | None, typer.Option(help="Sentences to be spoken by synthetic voices, one a line.")
    ] = None,
    voices: Annotated[Path | None, typer.Option(help="Folder of the Kokoro model.")] = None,
    agent_side: Annotated[
        Literal["left", "right"], typer.Option(help="The agent's leg of two-leg recordings.")
    ] = "left",
    engine: Annotated[
        Literal["whisper", "funasr"], typer.Option(help="Whose model is adapted.")
    ] = "whisper",
    model: Annotated[
        str | None, typer.Option(help="The model to begin from; without it, the engine's own.")
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="Steps of training (whisper).")] = 600,
    epochs: Annotated[int, typer.Option(min=1, help="Rounds over the clips (funasr).")] = 20,
) -> None:
    """Fit a recogniser to a hotline; a stopped run goes on where it was.

    The result is a folder for `JIESU_MODEL` (with `JIESU_ENGINE` for funasr).
    """
    from models import registry
    from models.recogniser.adapt import adapt_funasr, adapt_whisper
    from models.recogniser.corrected import cut_recordings

    if (recordings is None) == (texts is None):
        raise typer.BadParameter("give either --recordings or --texts")
    corpus = out / "corpus"
    if recordings is not None:
        cut_recordings(recordings, corpus, agent_side)
    elif texts is not None:
        _speak(texts, voices, corpus)
    named = model or ("whisper-base" if engine == "whisper" else "paraformer-zh")
    base = Path(named) if os.sep in named else registry.resolve(named)
    if engine == "whisper":
        threads = len(os.sched_getaffinity(0))
        adapted = adapt_whisper(base, corpus, out, steps=steps, threads=threads)
    else:
        adapted = adapt_funasr(base, corpus, out, epochs=epochs)
    typer.echo(str(adapted))


def _speak(texts: Path, voices: Path | None, corpus: Path) -> None:
    from models.voices.corpus import speak_sentences

    if voices is None:
        raise typer.BadParameter("--texts needs --voices, the folder of the Kokoro model")
    lines = texts.read_text(encoding="utf-8").splitlines()
    sentences = [line.strip() for line in lines if line.strip()]
    speak_sentences(sentences, voices, corpus, len(sentences), _SEED)
