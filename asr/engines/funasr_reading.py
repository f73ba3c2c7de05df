"""What FunASR's models are asked, and what their answers mean.

FunASR's architectures take hotwords under four names and give times in three shapes.
This module knows them all and needs neither torch nor funasr.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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
    """Return the timed words of a result as spans of `text`, in call time.

    `text` may have gained punctuation since; a timed piece that is not found in it is
    left out. Times are kept within the segment and never run backwards.
    """
    words: list[Word] = []
    cursor, earliest_ms = 0, segment.start_ms
    for piece, piece_start_ms, piece_end_ms in _timed_pieces(result):
        found = text.lower().find(piece.lower(), cursor) if _is_spoken(piece) else -1
        if found < 0:
            continue
        start_ms = min(max(segment.start_ms + piece_start_ms, earliest_ms), segment.end_ms)
        end_ms = min(max(segment.start_ms + piece_end_ms, start_ms), segment.end_ms)
        words.append(Word(found, found + len(piece), start_ms, end_ms))
        cursor, earliest_ms = found + len(piece), start_ms
    return tuple(words)


def _is_spoken(piece: str) -> bool:
    return any(character.isalnum() for character in piece)


def _timed_pieces(result: Mapping[str, Any]) -> Iterator[tuple[str, int, int]]:
    """Yield (text, start_ms, end_ms), times from the start of the segment."""
    for item in result.get("timestamps") or ():  # Fun-ASR-Nano: seconds
        start_ms, end_ms = int(item["start_time"] * 1000), int(item["end_time"] * 1000)
        yield item["token"].strip(), start_ms, end_ms
    times = result.get("timestamp") or ()
    # SenseVoice's pieces are named; Paraformer's stand in its text, separated by spaces.
    pieces = result.get("words") or str(result.get("text", "")).split()
    if len(pieces) == len(times):
        for piece, (start, end) in zip(pieces, times, strict=True):
            yield piece.strip("▁ "), int(start), int(end)
