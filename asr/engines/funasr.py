"""The `funasr` engine: paraformer, SenseVoice, Fun-ASR-Nano and Qwen3-ASR by FunASR.

This is the one file that imports funasr. FunASR writes to stdout, changes the root
logger and carries on with random weights when a checkpoint does not fit; `load_model`
keeps the first two away from the process and makes an error of the third.
"""

from __future__ import annotations

import io
import json
import logging
import os
import re
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from asr.engines.funasr_reading import PARAFORMERS, read_text, read_words, request
from asr.engines.funasr_scores import Scored, TokenScores
from asr.errors import EngineError, EngineUnavailableError
from asr.text import is_looping, tidy, without_loops, written_numbers
from asr.types import SAMPLE_RATE_HZ, Recognition, SpeechSegment
from models import registry
from models.errors import ModelsError, UnknownModelError

DEFAULT_MODEL = "paraformer-zh"
PUNCTUATION_MODEL = "ct-punc"

_LOG = logging.getLogger(__name__)
_SHORTEST_SAMPLES = SAMPLE_RATE_HZ // 10
_MISSING_WEIGHTS_ALLOWED = 0.1


class FunasrRecogniser:
    """A recogniser on a FunASR model; see `asr.recogniser.Recogniser`.

    `model` is a name of the model registry, a folder with a FunASR checkpoint, or, with
    `hub` ("ms" or "hf"), an id there. Padded batches stay below `batch_s` seconds.
    Calls from several threads take turns: FunASR keeps state in its model objects.
    """

    def __init__(
        self,
        model: str = DEFAULT_MODEL,
        *,
        device: str = "cpu",
        threads: int = 0,
        language: str = "zh",
        batch_s: float = 60.0,
        hub: str | None = None,
        punctuation: str | None = PUNCTUATION_MODEL,
    ) -> None:
        """Load the model; `punctuation` is used where it is pulled and the model writes none.

        Raises EngineUnavailableError when funasr, torch or the weights are missing or
        the device is.
        """
        self.name = model
        self._language = language
        self._batch_samples = int(batch_s * SAMPLE_RATE_HZ)
        self._turn = threading.Lock()
        self._model = load_model(model, device=device, threads=threads, hub=hub)
        self._architecture = type(self._model.model).__name__
        self._scores = TokenScores(self._model.model)
        self._punctuation = None
        if self._architecture in PARAFORMERS and punctuation and _is_ready(punctuation):
            self._punctuation = load_model(punctuation, device=device, threads=threads)

    def transcribe(
        self, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
    ) -> list[Recognition]:
        """Return what was said in each segment, in their order; raises EngineError."""
        asked = request(self._architecture, hotwords, self._language)
        heard: dict[int, Recognition] = {}
        with self._turn:
            for batch in self._batches(segments):
                recognitions = self._recognise([segments[i] for i in batch], asked)
                heard.update(zip(batch, recognitions, strict=True))
        return [heard[index] for index in range(len(segments))]

    def _batches(self, segments: Sequence[SpeechSegment]) -> Iterator[list[int]]:
        """Yield indices of segments of like length, so that little of a batch is padding."""
        batch: list[int] = []
        for index in sorted(range(len(segments)), key=lambda i: len(segments[i].samples)):
            longest = max(len(segments[index].samples), _SHORTEST_SAMPLES)
            if batch and longest * (len(batch) + 1) > self._batch_samples:
                yield batch
                batch = []
            batch.append(index)
        if batch:
            yield batch

    def _recognise(
        self, segments: Sequence[SpeechSegment], asked: dict[str, Any]
    ) -> list[Recognition]:
        import torch

        audio = [torch.from_numpy(padded(segment.samples)) for segment in segments]
        results = self._generate(self._model, audio, asked)
        if len(results) != len(segments):
            # FunASR drops a batch in which it hears no token at all.
            results = [{"text": ""}] * len(segments)
        scores = self._scores.take(len(segments))
        recognitions = []
        for segment, result, scored in zip(segments, results, scores, strict=True):
            text = self._readable(read_text(result), segment)
            words = read_words(result | self._times(scored), text, segment)
            confidence = scored.confidence if text else 0.0
            recognitions.append(Recognition(text, confidence, words, model=self.name))
        return recognitions

    def _times(self, scored: Scored) -> dict[str, Any]:
        """Return what was watched of SenseVoice in the shape of a result."""
        if not scored.tokens:
            return {}
        tokenizer = self._model.kwargs["tokenizer"]
        return {
            "words": [tokenizer.sp.id_to_piece(token) for token, _, _ in scored.tokens],
            "timestamp": [(start_ms, end_ms) for _, start_ms, end_ms in scored.tokens],
        }

    def _readable(self, text: str, segment: SpeechSegment) -> str:
        """Return the text as every engine gives it: no loops, punctuation, written numbers."""
        if is_looping(text, len(segment.samples) / SAMPLE_RATE_HZ):
            text = without_loops(text)
        if self._punctuation is not None and text:
            (result,) = self._generate(self._punctuation, [text], {})
            text = read_text(result)
        return written_numbers(tidy(text))

    def _generate(self, model: Any, data: list[Any], asked: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            results: list[dict[str, Any]] = model.generate(
                input=data, batch_size=len(data), **asked
            )
        except Exception as error:  # FunASR's errors share no base
            raise EngineError(
                f"the model {self.name} failed ({type(error).__name__}: {error})"
            ) from error
        return results


def load_model(model: str, *, device: str, threads: int = 0, hub: str | None = None) -> Any:
    """Return a `funasr.AutoModel` of a registry name, a local folder, or an id on `hub`.

    `threads` of 0 means one for each core this process may use. Raises
    EngineUnavailableError with what to install, pull or change.
    """
    place = {"model": model, "hub": hub} if hub else _checkpoint(_folder(model))
    with _quiet() as printed:
        try:
            import torch
            from funasr import AutoModel
        except ImportError as error:
            raise EngineUnavailableError(
                f"the funasr engine needs PyTorch and FunASR ({error}); "
                "run: pip install 'jiesu[gpu]'"
            ) from error
        if device.startswith("cuda") and not torch.cuda.is_available():
            raise EngineUnavailableError(
                "no CUDA device can be used here; choose the device cpu or check the driver"
            )
        try:
            loaded = AutoModel(
                **place,
                device=device,
                ncpu=threads or len(os.sched_getaffinity(0)),
                # Without dither the same audio gives the same words.
                frontend_conf={"dither": 0.0},
                ignore_init_mismatch=False,
                disable_update=True,
                disable_pbar=True,
                log_level="ERROR",
            )
        except Exception as error:  # FunASR's errors share no base
            reasons = re.findall(r"^Download: .*", printed.getvalue(), re.MULTILINE)
            reasons.append(f"{type(error).__name__}: {error}")
            raise EngineUnavailableError(
                f"FunASR cannot load {model}: {'; '.join(reasons)}"
            ) from error
    _check_weights(model, loaded, printed.getvalue())
    return loaded


def _check_weights(model: str, loaded: Any, printed: str) -> None:
    """FunASR prints, and goes on with random values, when weights are not in the checkpoint."""
    missing = re.findall(r"miss key in ckpt: ([^,\s]+)", printed)
    if "init_param does not exist" in printed:
        raise EngineUnavailableError(f"the checkpoint of {model} holds no weights (model.pt)")
    if len(missing) > _MISSING_WEIGHTS_ALLOWED * len(loaded.model.state_dict()):
        raise EngineUnavailableError(
            f"the weights of {model} are of another architecture: {len(missing)} of its "
            f"parameters are not in the checkpoint, such as {missing[0]}"
        )
    if missing:
        _LOG.warning("%d parameters of %s are not in its checkpoint", len(missing), model)


def _checkpoint(folder: Path) -> dict[str, Any]:
    """Return the arguments of AutoModel for a folder; Qwen3-ASR's has no config.yaml to say it."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        config = {}
    if config.get("model_type") == "qwen3_asr":
        return {"model": "Qwen3ASR", "model_path": str(folder), "model_conf": {}}
    return {"model": str(folder)}


def _folder(model: str) -> Path:
    if Path(model).is_dir():
        return Path(model)
    try:
        return registry.resolve(model)
    except UnknownModelError as error:
        raise EngineUnavailableError(f"{error}; or give a folder with a checkpoint") from error
    except ModelsError as error:
        raise EngineUnavailableError(str(error)) from error


def _is_ready(model: str) -> bool:
    try:
        _folder(model)
    except EngineUnavailableError:
        return False
    return True


def padded(samples: np.ndarray) -> np.ndarray:
    """FunASR's features need some frames; pad the shortest segments with silence."""
    return np.pad(samples, (0, max(_SHORTEST_SAMPLES - len(samples), 0)))


class _FunasrFilter(logging.Filter):
    """Drops what FunASR's modules say to the root logger below the level of an error."""

    def filter(self, record: logging.LogRecord) -> bool:
        own = f"{os.sep}funasr{os.sep}" in record.pathname
        return not own or record.levelno >= logging.ERROR


_FILTER = _FunasrFilter()


@contextmanager
def _quiet() -> Iterator[io.StringIO]:
    """Catch what FunASR prints, and undo what it does to warnings and the root logger.

    The filter stays: FunASR logs hotwords and progress to the root logger as it works.
    """
    root = logging.getLogger()
    root.addFilter(_FILTER)
    handlers, level = list(root.handlers), root.level
    printed = io.StringIO()
    try:
        with warnings.catch_warnings(), redirect_stdout(printed):
            warnings.simplefilter("ignore")
            yield printed
    finally:
        for handler in set(root.handlers) - set(handlers):
            root.removeHandler(handler)
        root.setLevel(level)
