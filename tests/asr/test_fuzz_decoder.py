"""Whatever a file holds, opening it ends in audio or in an AudioError, soon and quietly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asr.audio import open_recording
from asr.errors import AudioError
from tests.asr.recordings import encode, pcm16, two_voices, wav_bytes

MAGICS = [
    b"",
    b"RIFF\xff\xff\xff\xffWAVEfmt ",
    b"RF64\xff\xff\xff\xffWAVEds64",
    b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb",
    b"fLaC\x00\x00\x00\x22",
    b"OggS\x00\x02",
    b"ID3\x04\x00\x00\x00\x00\x00\x0a",
    b"\xff\xfb\x90\x64",
    b"\xff\xf1\x50\x80",
    b"#!AMR\n",
    b"#!AMR-WB\n",
    b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00",
    b"\x1a\x45\xdf\xa3\x9f",
]
CODECS = {
    "s16.wav": ("pcm_s16le", 8_000, 2),
    "alaw.wav": ("pcm_alaw", 8_000, 2),
    "ima.wav": ("adpcm_ima_wav", 8_000, 1),
    "f32.wav": ("pcm_f32le", 16_000, 2),
    "a.flac": ("flac", 16_000, 2),
    "a.mp3": ("libmp3lame", 16_000, 2),
    "a.m4a": ("aac", 16_000, 1),
    "a.aac": ("aac", 16_000, 2),
    "a.opus": ("libopus", 48_000, 1),
    "a.webm": ("libopus", 48_000, 2),
    "a.amr": ("libopencore_amrnb", 8_000, 1),
}
QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def survives(path: Path, content: bytes) -> None:
    # A new file each time: truncating one makes some file systems wait for the disk.
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    try:
        with open_recording(path) as recording:
            for block in recording:
                assert block.dtype == np.float32
                assert np.isfinite(block).all()
    except AudioError as error:
        assert str(path) in str(error)  # noqa: PT017  (either outcome is right)


@QUICK
@given(magic=st.sampled_from(MAGICS), noise=st.binary(max_size=3_000))
def test_random_bytes(tmp_path: Path, magic: bytes, noise: bytes) -> None:
    survives(tmp_path / "noise.wav", magic + noise)


@pytest.fixture(scope="module")
def whole_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    legs = two_voices()[:, 8_000:24_000]
    return {
        name: encode(folder / name, legs[:count], codec, rate_hz).read_bytes()
        for name, (codec, rate_hz, count) in CODECS.items()
    }


@pytest.mark.parametrize("name", CODECS)
@settings(QUICK, max_examples=25)
@given(data=st.data())
def test_damaged_files(
    tmp_path: Path, whole_files: dict[str, bytes], name: str, data: st.DataObject
) -> None:
    content = bytearray(whole_files[name])
    # Headers are where damage has the most interesting consequences.
    anywhere = st.integers(0, len(content) - 1) | st.integers(0, min(200, len(content) - 1))
    for _ in range(data.draw(st.integers(1, 6), label="damages")):
        at = min(data.draw(anywhere, label="at"), len(content))
        piece = data.draw(st.binary(max_size=8), label="bytes")
        how = data.draw(st.sampled_from(["overwrite", "insert", "delete", "cut"]), label="how")
        if how == "overwrite":
            content[at : at + len(piece)] = piece
        elif how == "insert":
            content[at:at] = piece
        elif how == "delete":
            del content[at : at + 16]
        else:
            del content[max(at, 64) :]
    survives(tmp_path / name, bytes(content))


@settings(QUICK, max_examples=40)
@given(
    tag=st.sampled_from([1, 2, 3, 6, 7, 0x11, 0x31, 0x55, 0xFF, 0xFFFE]) | st.integers(0, 0xFFFF),
    channels=st.integers(0, 9) | st.integers(0, 0xFFFF),
    rate_hz=st.sampled_from([0, 1, 8_000, 48_000, 2**31 - 1]) | st.integers(0, 2**32 - 1),
    bits=st.integers(0, 64),
)
def test_wav_headers_that_lie(
    tmp_path: Path, tag: int, channels: int, rate_hz: int, bits: int
) -> None:
    content = bytearray(wav_bytes(pcm16(two_voices())[:8_000], format_tag=tag, channels=1))
    content[22:24] = channels.to_bytes(2, "little")
    content[24:28] = rate_hz.to_bytes(4, "little")
    content[34:36] = bits.to_bytes(2, "little")
    survives(tmp_path / "a.wav", bytes(content))


def test_ffmpeg_keeps_its_complaints_to_itself(
    tmp_path: Path, whole_files: dict[str, bytes], capfd: pytest.CaptureFixture[str]
) -> None:
    for name, content in whole_files.items():
        damaged = bytearray(content)
        damaged[len(damaged) // 2 :: 7] = bytes(len(damaged[len(damaged) // 2 :: 7]))
        survives(tmp_path / name, bytes(damaged))
    assert capfd.readouterr() == ("", "")
