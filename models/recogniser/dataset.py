"""Batches for adaptation: clips sent through a different telephone every time they are heard."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from tokenizers import Tokenizer

from models.errors import WeightsFormatError
from models.voices import telephone
from models.voices.corpus import CLIP_RATE_HZ, Clip

Samples = NDArray[np.float32]

PROMPT = ("<|startoftranscript|>", "<|zh|>", "<|transcribe|>", "<|notimestamps|>")
END = "<|endoftext|>"
IGNORED = -100
TELEPHONE_SHARE = 0.65
JOINED_SHARE = 0.12
LONGEST_JOINED_S = 13.0


@dataclass(frozen=True, slots=True)
class Batch:
    """samples: float32 (batch, samples) at 16 kHz; tokens, targets: int64 (batch, length)."""

    samples: Samples
    tokens: NDArray[np.int64]
    targets: NDArray[np.int64]


class ClipBatches:
    """Endless batches of clips of similar length from a corpus folder."""

    def __init__(
        self, folder: Path, clips: Sequence[Clip], tokenizer: Tokenizer, batch_size: int
    ) -> None:
        self._folder, self._clips, self._batch_size = folder, list(clips), batch_size
        self._tokenizer = tokenizer
        self._prompt = [token_id(tokenizer, token) for token in PROMPT]
        self._end = token_id(tokenizer, END)

    def epoch(self, rng: np.random.Generator) -> Iterator[Batch]:
        """Every clip once, in batches sorted by length within chunks of 16 batches."""
        order = rng.permutation(len(self._clips))
        chunk = 16 * self._batch_size
        batches = []
        for start in range(0, len(order), chunk):
            part = sorted(order[start : start + chunk], key=lambda i: self._clips[i].seconds)
            batches += [
                part[at : at + self._batch_size] for at in range(0, len(part), self._batch_size)
            ]
        for at in rng.permutation(len(batches)):
            yield self._batch([self._clips[i] for i in batches[at]], rng)

    def _batch(self, clips: Sequence[Clip], rng: np.random.Generator) -> Batch:
        joined = rng.random() < JOINED_SHARE
        heard = [self._heard(clip, joined, rng) for clip in clips]
        longest_s = max(samples.size for samples, _ in heard) / CLIP_RATE_HZ
        pad_s = rng.uniform(0.2, 1.2) if rng.random() < 0.85 else rng.uniform(1.2, 6)
        count = int((longest_s + pad_s) * 50) * CLIP_RATE_HZ // 50
        samples = np.zeros((len(heard), count), np.float32)
        lines = [
            [*self._prompt, *written_tokens(self._tokenizer, text), self._end] for _, text in heard
        ]
        tokens = np.full((len(heard), max(map(len, lines)) - 1), self._end, np.int64)
        targets = np.full(tokens.shape, IGNORED, np.int64)
        for row, ((sound, _), line) in enumerate(zip(heard, lines, strict=True)):
            samples[row, : sound.size] = sound
            tokens[row, : len(line) - 1] = line[:-1]
            targets[row, len(self._prompt) - 1 : len(line) - 1] = line[len(self._prompt) :]
        return Batch(samples, tokens, targets)

    def _heard(self, clip: Clip, joined: bool, rng: np.random.Generator) -> tuple[Samples, str]:
        """The clip, or it and another said after it, as somebody heard it; and the text."""
        samples, text = self._read(clip), clip.text
        if joined:
            other = self._clips[int(rng.integers(len(self._clips)))]
            if clip.seconds + other.seconds < LONGEST_JOINED_S:
                pause = np.zeros(int(rng.uniform(0.2, 0.8) * CLIP_RATE_HZ), np.float32)
                samples = np.concatenate([samples, pause, self._read(other)])
                text = (text if text[-1] in "。？！，" else text + "，") + other.text
        background = self._read(self._clips[int(rng.integers(len(self._clips)))])
        return augment(samples, background, rng), text

    def _read(self, clip: Clip) -> Samples:
        samples, _ = soundfile.read(self._folder / clip.audio, dtype="float32")
        return np.asarray(samples, np.float32)


def token_id(tokenizer: Tokenizer, token: str) -> int:
    """The number of a special token; WeightsFormatError if the tokeniser is not Whisper's."""
    number = tokenizer.token_to_id(token)
    if number is None:
        raise WeightsFormatError(f"the tokeniser does not know {token}: it is not Whisper's")
    return int(number)


def written_tokens(tokenizer: Tokenizer, text: str) -> list[int]:
    """Tokens of `text` with every digit a token of its own, as the engine decodes numbers."""
    parts = [part for part in re.split(r"(\d)", text) if part]
    return [t for part in parts for t in tokenizer.encode(part, add_special_tokens=False).ids]


def multi_digit_tokens(tokenizer: Tokenizer) -> list[int]:
    """Tokens of more than one digit; suppressed at decoding, so that numbers are spelt out."""
    vocabulary = tokenizer.get_vocab().items()
    return sorted(i for token, i in vocabulary if re.fullmatch(r"Ġ?\d{2,}", token))


def augment(samples: Samples, background: Samples, rng: np.random.Generator) -> Samples:
    """Another pace and pitch, a room, pauses, noise, and for most clips the telephone."""
    if rng.random() < 0.5:
        samples = soxr.resample(samples, CLIP_RATE_HZ, CLIP_RATE_HZ * rng.uniform(0.92, 1.08))
    if rng.random() < 0.4:
        samples = telephone.small_room(samples, CLIP_RATE_HZ, rng.uniform(0.1, 0.45), rng)
    before, after = (int(s * CLIP_RATE_HZ) for s in rng.uniform(0, 0.45, 2))
    samples = telephone.to_level(np.pad(samples, (before, after)), rng.uniform(-32, -15))
    by_telephone = rng.random() < TELEPHONE_SHARE
    if by_telephone:
        samples = telephone.telephone_band(samples, CLIP_RATE_HZ)
    if rng.random() < 0.7:
        snr_db = rng.uniform(10, 32) if by_telephone else rng.uniform(16, 40)
        samples = telephone.add_noise(samples, _noise(samples.size, background, rng), snr_db)
    if by_telephone:
        narrow = soxr.resample(samples, CLIP_RATE_HZ, 8000)
        samples = soxr.resample(telephone.a_law_round_trip(narrow), 8000, CLIP_RATE_HZ)
    return np.asarray(samples, np.float32)


def _noise(count: int, background: Samples, rng: np.random.Generator) -> Samples:
    noise = telephone.coloured_noise(count, rng.uniform(0, 2), rng)
    if rng.random() < 0.2:
        voices = np.resize(background, count) / (background.std() + 1e-9)
        noise = noise + np.asarray(voices, np.float32) * rng.uniform(0.3, 1.0)
    return np.asarray(noise, np.float32)
