"""Which container a file is, told by its first bytes.

FFmpeg is never left to guess: it would take a text for a playlist and open what that
names. Only the containers below are opened, and none of them through a URL.
"""

from __future__ import annotations

from pathlib import Path

from asr.errors import AudioDecodeError, AudioEmptyError

READABLE = "WAV, FLAC, MP3, M4A/AAC, OGG/Opus, WebM or AMR"
_HEAD_BYTES = 16
_ISO_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip")
_FOREIGN = {
    b"\x30\x26\xb2\x75": "Windows Media (WMA)",
    b"#!SI": "SILK (WeChat or QQ voice)",
    b"\x02#!S": "SILK (WeChat or QQ voice)",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b\x08": "a gzip archive",
    b"%PDF": "a PDF document",
    b"FORM": "AIFF",
    b".snd": "Sun audio (.au)",
}


def sniff_container(path: Path) -> str:
    """Return FFmpeg's name of the container at `path`.

    Raises AudioEmptyError for a file without a byte, AudioDecodeError for one that is
    not there, cannot be opened or is none of the containers read here.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            if head[:3] == b"ID3" and len(head) >= 10:
                file.seek(_id3_length(head))
                tagged = file.read(_HEAD_BYTES)
                return _name_of(tagged) or "mp3"
    except IsADirectoryError:
        raise AudioDecodeError(f"{path} is a folder; give a recording inside it") from None
    except FileNotFoundError:
        raise AudioDecodeError(f"{path} does not exist; check the path") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AudioDecodeError(f"{path} cannot be read ({reason}); check its rights") from error
    if not head:
        raise AudioEmptyError(f"{path} is empty (0 bytes); record or copy it again")
    name = _name_of(head)
    if name is None:
        raise AudioDecodeError(f"{path} {_what_else(head)}; give a {READABLE} recording")
    return name


def _name_of(head: bytes) -> str | None:
    """Return the container that starts with `head`, None where it is not one of ours."""
    name: str | None = None
    if head[:4] in (b"RIFF", b"RF64", b"RIFX") and head[8:12] == b"WAVE":
        name = "wav"
    elif head[:8] == b"riff\x2e\x91\xcf\x11":
        name = "w64"
    elif head[:4] == b"fLaC":
        name = "flac"
    elif head[:4] == b"OggS":
        name = "ogg"
    elif head[:5] == b"#!AMR":
        name = "amr"
    elif head[:4] == b"\x1a\x45\xdf\xa3":
        name = "matroska"
    elif head[4:8] in _ISO_BOXES:
        name = "mov"
    elif len(head) >= 2 and head[0] == 0xFF:
        # The layer bits are zero in AAC's ADTS frames only.
        if head[1] & 0xF6 == 0xF0:
            name = "aac"
        elif head[1] & 0xE0 == 0xE0 and head[1] & 0x06:
            name = "mp3"
    return name


def _id3_length(head: bytes) -> int:
    """Return the length of an ID3v2 tag with its header: a 28-bit number, 7 bits a byte."""
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return size + 10


def _what_else(head: bytes) -> str:
    """Return what a file that starts with `head` seems to be, as the end of a sentence."""
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            return f"is {what}, which is not read here"
    try:
        text = head.decode("utf-8", errors="strict" if len(head) < _HEAD_BYTES else "ignore")
    except UnicodeDecodeError:
        return "is not audio in a container known here"
    if text and all(char.isprintable() or char.isspace() for char in text):
        return "holds text, not audio"
    return "is not audio in a container known here"
