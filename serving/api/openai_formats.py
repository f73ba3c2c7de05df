"""A transcript in the forms that OpenAI's clients ask for; times in seconds."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from asr.types import Transcript, Utterance
from serving.api.openai_request import Granularity

Body = dict[str, Any]

_LANGUAGE = "chinese"
_CLOSING = "，。？！；：、,.?!;:…"


def piece_of(utterance: Utterance) -> str:
    """Return an utterance's words as they follow those of others in a running text."""
    text = utterance.text
    return text if text.endswith(tuple(_CLOSING)) else f"{text}，"


def text_of(utterances: Sequence[Utterance]) -> str:
    """Return the words of all, one after the other."""
    return "".join(map(piece_of, utterances)).removesuffix("，")


def usage(transcript: Transcript) -> Body:
    """Return what OpenAI would bill: whole seconds of sound."""
    return {"type": "duration", "seconds": math.ceil(transcript.duration_ms / 1000)}


def json_body(transcript: Transcript) -> Body:
    """Return the form `json`."""
    return {"text": text_of(transcript.utterances), "usage": usage(transcript)}


def verbose_body(transcript: Transcript, granularities: frozenset[Granularity]) -> Body:
    """Return the form `verbose_json`, with segments, words or both."""
    body: Body = {
        "task": "transcribe",
        "language": _LANGUAGE,
        "duration": transcript.duration_ms / 1000,
        "text": text_of(transcript.utterances),
        "usage": usage(transcript),
    }
    if "segment" in granularities:
        body["segments"] = [_segment(n, u) for n, u in enumerate(transcript.utterances)]
    if "word" in granularities:
        body["words"] = [word for u in transcript.utterances for word in words_of(u)]
    return body


def diarized_body(transcript: Transcript) -> Body:
    """Return the form `diarized_json`; the speakers are `agent` and `citizen`."""
    return {
        "task": "transcribe",
        "duration": transcript.duration_ms / 1000,
        "text": text_of(transcript.utterances),
        "segments": [diarized_segment(u) for u in transcript.utterances],
        "usage": usage(transcript),
    }


def diarized_segment(utterance: Utterance) -> Body:
    """Return an utterance with its speaker."""
    return {
        "type": "transcript.text.segment",
        "id": utterance.id,
        "start": utterance.start_ms / 1000,
        "end": utterance.end_ms / 1000,
        "text": utterance.text,
        "speaker": utterance.channel,
    }


def words_of(utterance: Utterance) -> Iterator[Body]:
    """Yield the timed words.

    Where the recogniser gives no times, these are the characters, their times spread
    evenly over the utterance.
    """
    text = utterance.text
    places = [(word.char_start, word.char_end) for word in utterance.words] or [
        (i, i + 1) for i, char in enumerate(text) if not char.isspace() and char not in _CLOSING
    ]
    for start, end in places:
        start_ms, end_ms = utterance.span_ms(start, end)
        yield {"word": text[start:end], "start": start_ms / 1000, "end": end_ms / 1000}


def srt(transcript: Transcript) -> str:
    """Return the transcript as SubRip subtitles."""
    cues = (
        f"{number}\n{_clock(u.start_ms, ',')} --> {_clock(u.end_ms, ',')}\n{u.text}\n"
        for number, u in enumerate(transcript.utterances, start=1)
    )
    return "\n".join(cues)


def vtt(transcript: Transcript) -> str:
    """Return the transcript as WebVTT subtitles."""
    cues = (
        f"{_clock(u.start_ms, '.')} --> {_clock(u.end_ms, '.')}\n{_escaped(u.text)}\n"
        for u in transcript.utterances
    )
    return "\n".join(["WEBVTT\n", *cues])


def _segment(number: int, utterance: Utterance) -> Body:
    encoded = utterance.text.encode()
    return {
        "id": number,
        "seek": utterance.start_ms // 10,
        "start": utterance.start_ms / 1000,
        "end": utterance.end_ms / 1000,
        "text": utterance.text,
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": math.log(max(utterance.confidence, 1e-9)),
        "compression_ratio": len(encoded) / len(zlib.compress(encoded)),
        "no_speech_prob": 0.0,
    }


def _clock(ms: int, mark: str) -> str:
    hours, rest = divmod(ms, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    seconds, thousandths = divmod(rest, 1000)
    return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{thousandths:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
