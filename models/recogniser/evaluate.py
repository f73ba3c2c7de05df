"""Character error rate of a CTranslate2 recogniser on the dev recordings.

`python -m models.recogniser.evaluate FOLDER --data ../shared/data`: utterances are cut at their
true turns, so this measures the words alone, without endpointing.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from models.recogniser.dataset import PROMPT, multi_digit_tokens
from models.voices.spoken import to_spoken

RATE_HZ = 16_000
MARGIN_MS = 150


@dataclass(frozen=True, slots=True)
class Utterance:
    """One stretch of speech with its reference; `group` is what figures are given for."""

    group: str
    samples: NDArray[np.float32]
    text: str


def dev_utterances(data: Path) -> Iterator[Utterance]:
    """AISHELL and dialect clips, and every turn of the dev calls by leg."""
    for line in (data / "speech/manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        samples, _ = soundfile.read(data / "speech" / row["audio"], dtype="float32")
        yield Utterance(row["set"].removesuffix("_sample"), samples, row["text"])
    for file in sorted((data / "calls").glob("*.json")):
        call = json.loads(file.read_text(encoding="utf-8"))
        legs, rate_hz = soundfile.read(file.with_suffix(".wav"), dtype="float32")
        legs = soxr.resample(legs, rate_hz, RATE_HZ)
        for turn in call["turns"]:
            start, end = (
                max(0, turn["start_ms"] - MARGIN_MS) * RATE_HZ // 1000,
                (turn["end_ms"] + MARGIN_MS) * RATE_HZ // 1000,
            )
            samples = legs[start:end, call["channels"].index(turn["channel"])]
            yield Utterance(f"{call['kind']} {turn['channel']}", samples, turn["text"])


def transcribe(
    folder: Path, utterances: Sequence[Utterance], beam: int, pad_s: float, threads: int
) -> list[str]:
    """Texts of `utterances`, each encoded at its true length plus `pad_s` of silence."""
    import ctranslate2
    from tokenizers import Tokenizer

    from models.recogniser.log_mel import log_mel_numpy

    model = ctranslate2.models.Whisper(str(folder), compute_type="int8", intra_threads=threads)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    prompt = [tokenizer.token_to_id(token) for token in PROMPT]
    banned = [-1, *multi_digit_tokens(tokenizer)]
    texts = [""] * len(utterances)
    order = sorted(range(len(utterances)), key=lambda i: utterances[i].samples.size)
    for start in range(0, len(order), 8):
        batch = order[start : start + 8]
        longest = max(utterances[i].samples.size for i in batch) + int(pad_s * RATE_HZ)
        samples = np.zeros((len(batch), longest // 320 * 320), np.float32)
        for row, i in enumerate(batch):
            samples[row, : utterances[i].samples.size] = utterances[i].samples
        features = ctranslate2.StorageView.from_array(log_mel_numpy(samples))
        results = model.generate(
            features, [prompt] * len(batch), beam_size=beam, max_length=160, suppress_tokens=banned
        )
        for i, result in zip(batch, results, strict=True):
            texts[i] = tokenizer.decode(result.sequences_ids[0])
    return texts


def comparable(text: str) -> str:
    """Simplified, spoken form without punctuation, so that 1月 and 一月 are the same."""
    spoken = to_spoken(_simplifier().convert(text)).replace("幺", "一").replace("两", "二")
    return re.sub(r"[^\w]|_", "", spoken).lower()


def error_rates(utterances: Sequence[Utterance], texts: Sequence[str]) -> dict[str, float]:
    """Character error rate by group."""
    edits: dict[str, int] = {}
    lengths: dict[str, int] = {}
    for utterance, text in zip(utterances, texts, strict=True):
        reference = comparable(utterance.text)
        distance = Levenshtein.distance(reference, comparable(text))
        edits[utterance.group] = edits.get(utterance.group, 0) + distance
        lengths[utterance.group] = lengths.get(utterance.group, 0) + len(reference)
    return {group: edits[group] / lengths[group] for group in edits}


def phones_right(utterances: Sequence[Utterance], texts: Sequence[str]) -> tuple[int, int]:
    """How many turns with a telephone number have it exactly, and how many such turns."""
    wanted = [
        (number.group(), comparable(text))
        for utterance, text in zip(utterances, texts, strict=True)
        if (number := re.search(r"[零一二三四五六七八九]{11}", comparable(utterance.text)))
    ]
    return sum(number in text for number, text in wanted), len(wanted)


def _simplifier() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; see the module's first lines."""
    parser = argparse.ArgumentParser(prog="python -m models.recogniser.evaluate")
    parser.add_argument("folder", type=Path, help="CTranslate2 folder of the recogniser")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--beam", type=int, default=1)
    parser.add_argument("--pad-s", type=float, default=0.7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--every", type=int, default=1, help="take every n-th utterance only")
    parser.add_argument("--show", action="store_true", help="print what was heard wrongly")
    given = parser.parse_args(arguments)
    utterances = list(dev_utterances(given.data))[:: given.every]
    texts = transcribe(given.folder, utterances, given.beam, given.pad_s, given.threads)
    if given.show:
        for utterance, text in zip(utterances, texts, strict=True):
            if comparable(text) != comparable(utterance.text):
                print(f"{utterance.group}\t{utterance.text}\t{text}")
    right, numbers = phones_right(utterances, texts)
    rates = {group: round(100 * rate, 2) for group, rate in error_rates(utterances, texts).items()}
    print(json.dumps({**rates, "phones": f"{right}/{numbers}"}, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
