"""What FunASR's models are asked, and what their answers mean.

FunASR's architectures take hotwords under four names and give times in three shapes.
This module knows them all and needs neither torch nor funasr.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from asr.types import SpeechSegment, Word

PARAFORMERS = frozenset(
    {"Paraformer", "BiCifParaformer", "ContextualParaformer", "SeacoParaformer"}
)
"""Architectures that write no punctuation of their own."""

_TAG = re.compile(r"<\|[^|]*\|>")
_NO_SPEECH = "<|nospeech|>"
# Between two Latin words or numbers a space stays; anywhere else Chinese has none.
_IDLE_SPACE = re.compile(r"(?<![A-Za-z0-9])\s+|\s+(?![A-Za-z0-9])")
_NANO_LANGUAGES = {"zh": "中文", "en": "英文", "ja": "日文"}


def request(architecture: str, hotwords: Sequence[str], language: str) -> dict[str, Any]:
    """Return the arguments of `AutoModel.generate` for one architecture.

    `language` is a code such as `zh` or `yue`, or `auto`. SenseVoice takes no hotwords.
    """
    words = [word for word in (word.strip() for word in hotwords) if word]
    match architecture:
        case "Paraformer":
            return {"pred_timestamp": True}
        case "SeacoParaformer" | "ContextualParaformer":
            return {"hotword": " ".join(words)} if words else {}
        case "SenseVoiceSmall":
            return {"language": language, "use_itn": True}
        case "FunASRNano":
            return {"hotwords": words, "language": _NANO_LANGUAGES.get(language)}
        case "Qwen3ASR":
            return {"language": language, "context": "、".join(words)}
        case _:
            return {}


def read_text(result: Mapping[str, Any]) -> str:
    """Return the words of a result without tags and idle spaces; empty where none were heard."""
    raw = str(result.get("text", ""))
    if _NO_SPEECH in raw:
        return ""
    return _IDLE_SPACE.sub("", _TAG.sub("", raw)).strip()


def read_words(result: Mapping[str, Any], text: str, segment: SpeechSegment) -> tuple[Word, ...]:
    """Return the timed characters of a result as spans of `text`, in call time.

    `text` is the result's text after punctuation and numbers were put right: what was
    said and what is written are aligned, and 幺三九 lends its times to 139. Times are kept
    within the segment and never run backwards.
    """
    spoken = [timed for piece in _timed_pieces(result) for timed in _characters(*piece)]
    words: list[Word] = []
    earliest_ms = segment.start_ms
    for place, (first, last) in _aligned("".join(s[0] for s in spoken), text):
        start_ms = min(max(segment.start_ms + spoken[first][1], earliest_ms), segment.end_ms)
        end_ms = min(max(segment.start_ms + spoken[last][2], start_ms), segment.end_ms)
        words.append(Word(place, place + 1, start_ms, end_ms))
        earliest_ms = start_ms
    return tuple(words)


def _aligned(spoken: str, text: str) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield each spoken place of `text` with the first and last character that it stands for."""
    places = [place for place, character in enumerate(text) if character.isalnum()]
    written = "".join(text[place] for place in places)
    matcher = SequenceMatcher(None, spoken.lower(), written.lower(), autojunk=False)
    for change, from_, to, written_from, written_to in matcher.get_opcodes():
        if change not in ("equal", "replace"):
            continue
        count = written_to - written_from
        for index in range(count):
            first = from_ + (to - from_) * index // count
            beyond = from_ + (to - from_) * (index + 1) // count
            yield places[written_from + index], (first, max(first, beyond - 1))


def _characters(piece: str, start_ms: int, end_ms: int) -> Iterator[tuple[str, int, int]]:
    """Spread a piece's time over its characters; tags and punctuation take none."""
    spoken = [c for c in _TAG.sub("", piece) if c.isalnum()]
    for index, character in enumerate(spoken):
        step_ms = (end_ms - start_ms) / len(spoken)
        yield character, start_ms + int(step_ms * index), start_ms + int(step_ms * (index + 1))


def _timed_pieces(result: Mapping[str, Any]) -> Iterator[tuple[str, int, int]]:
    """Yield (text, start_ms, end_ms), times from the start of the segment."""
    for item in result.get("timestamps") or ():  # Fun-ASR-Nano: seconds
        start_ms, end_ms = int(item["start_time"] * 1000), int(item["end_time"] * 1000)
        yield item["token"], start_ms, end_ms
    times = result.get("timestamp") or ()
    # SenseVoice's pieces are named; Paraformer's stand in its text, separated by spaces.
    pieces = result.get("words") or str(result.get("text", "")).split()
    if len(pieces) == len(times):
        for piece, (start, end) in zip(pieces, times, strict=True):
            yield piece, int(start), int(end)
