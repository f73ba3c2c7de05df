"""Kokoro-82M (int8 ONNX) speaking Mandarin.

The model turns phonemes and a style into 24 kHz speech. A style is 256 numbers: the first half
colours the voice, the second half sets melody and timing, one row per phoneme count. The weights,
the phoneme vocabulary and the style tables are read from one folder (`model.onnx`, `vocab.json`,
`voices/*.bin`); `docs/models.md` says where it comes from.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelMissingError

SAMPLE_RATE_HZ = 24_000
STYLE_WIDTH = 256
MAX_PHONEMES = 509

Style = NDArray[np.float32]
"""float32 (phoneme count, 256): one style row for each length of a phrase."""


class Kokoro:
    """One loaded synthesiser; not safe across threads."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Load from `folder`; ModelMissingError if it holds no Kokoro files."""
        import onnxruntime

        if not (folder / "model.onnx").is_file() or not (folder / "vocab.json").is_file():
            raise ModelMissingError(
                f"{folder} holds no Kokoro model: it needs model.onnx, vocab.json and voices/*.bin"
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._vocabulary: Mapping[str, int] = json.loads(
            (folder / "vocab.json").read_text(encoding="utf-8")
        )["vocab"]
        self._to_phonemes = _mandarin_phonemes()

    def speak(
        self,
        text: str,
        style: Style,
        speed: float = 1.0,
        sounds: Mapping[int, str] | None = None,
    ) -> NDArray[np.float32]:
        """Speak one phrase written as it is said (no digits); float32 (samples,) at 24 kHz.

        `sounds` (a `str.translate` table over phonemes) colours the speech with a dialect.
        """
        phonemes, _ = self._to_phonemes(text)
        if sounds:
            phonemes = phonemes.translate(sounds)
        tokens = [self._vocabulary[p] for p in phonemes if p in self._vocabulary][:MAX_PHONEMES]
        if not tokens:
            return np.zeros(0, np.float32)
        row = style[min(len(tokens), len(style)) - 1]
        (samples,) = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": row[np.newaxis].astype(np.float32),
                "speed": np.array([speed], np.float32),
            },
        )
        return trim_silence(np.asarray(samples, np.float32).ravel(), SAMPLE_RATE_HZ)


def load_styles(folder: Path) -> dict[str, Style]:
    """Style tables of `folder`/voices by voice name, e.g. `bf_isabella`."""
    files = sorted((folder / "voices").glob("*.bin"))
    if not files:
        raise ModelMissingError(f"{folder / 'voices'} holds no style tables (*.bin)")
    return {f.stem: np.fromfile(f, np.float32).reshape(-1, STYLE_WIDTH) for f in files}


def trim_silence(
    samples: NDArray[np.float32], rate_hz: int, threshold: float = 0.006, margin_ms: int = 40
) -> NDArray[np.float32]:
    """Cut what lies below `threshold` at both ends, leaving `margin_ms`."""
    loud = np.flatnonzero(np.abs(samples) > threshold)
    if loud.size == 0:
        return samples
    margin = margin_ms * rate_hz // 1000
    return samples[max(0, int(loud[0]) - margin) : int(loud[-1]) + margin]


def _mandarin_phonemes() -> Any:
    import jieba
    from misaki import zh

    jieba.setLogLevel(logging.ERROR)
    return zh.ZHG2P(version=None)
