"""Recordings in a form that browsers play."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from asr.audio import open_recording
from asr.audio_container import sniff_container
from asr.audio_decode import AudioDecoder
from asr.types import SAMPLE_RATE_HZ
from serving.output import output_error
from serving.recordings import Recordings

_MEDIA_TYPES = {
    "wav": "audio/wav",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "mov": "audio/mp4",
    "ogg": "audio/ogg",
    "matroska": "audio/webm",
}
_PLAYED_CODECS = frozenset(
    {
        "pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_f32le", "pcm_alaw", "pcm_mulaw",
        "flac", "mp3", "mp3float", "aac", "opus", "libopus", "vorbis",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Playable:
    """A file for the browser's player, and what it is."""

    path: Path
    media_type: str


def playable(recordings: Recordings, name: str) -> Playable:
    """Return a recording, or the copy made of one in a form that browsers do not know.

    The type follows from the bytes, never from the name it was uploaded under.
    """
    copy = recordings.path(copy_name(name))
    if copy.exists():
        return Playable(copy, "audio/wav")
    path = recordings.path(name)
    return Playable(path, _MEDIA_TYPES.get(sniff_container(path), "application/octet-stream"))


def make_playable(recordings: Recordings, name: str) -> None:
    """Make a copy that browsers play, where they would not play the recording itself.

    Raises AudioError for a file that cannot be read, OutputError when there is no room.
    """
    path = recordings.path(name)
    with AudioDecoder(path) as decoder:
        codec = decoder.codec
    if sniff_container(path) in _MEDIA_TYPES and codec in _PLAYED_CODECS:
        return
    copy = copy_name(name)
    try:
        with (
            open_recording(path) as recording,
            wave.open(str(recordings.partial(copy)), "wb") as file,
        ):
            file.setnchannels(recording.legs)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE_HZ)
            for block in recording:
                pcm = np.clip(np.round(block.T * 32_768.0), -32_768, 32_767).astype("<i2")
                file.writeframes(pcm.tobytes())
    except OSError as error:
        raise output_error(recordings.path(copy), error) from error
    recordings.complete(copy)


def copy_name(name: str) -> str:
    """Return what the playable copy of a recording is called."""
    return f"{name}.play.wav"
