"""Recordings in: every format, every fault, and no seam."""

from __future__ import annotations

import os
import threading
import tracemalloc
import wave
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import correlate

from asr.audio import BLOCK_SAMPLES, Recording, open_recording
from asr.errors import AudioDecodeError, AudioEmptyError, ChannelLayoutError
from asr.framing import FloatArray, Framer
from asr.resample import StreamResampler
from tests.asr.doubles import silence, voice
from tests.asr.recordings import encode, pcm16, two_voices, wav_bytes

FORMATS = [
    ("u8.wav", "pcm_u8", 8_000),
    ("s16.wav", "pcm_s16le", 16_000),
    ("s24.wav", "pcm_s24le", 48_000),
    ("s32.wav", "pcm_s32le", 44_100),
    ("f32.wav", "pcm_f32le", 16_000),
    ("f64.wav", "pcm_f64le", 22_050),
    ("alaw.wav", "pcm_alaw", 8_000),
    ("mulaw.wav", "pcm_mulaw", 8_000),
    ("ima.wav", "adpcm_ima_wav", 8_000),
    ("call.flac", "flac", 16_000),
    ("call.mp3", "libmp3lame", 16_000),
    ("call.m4a", "aac", 44_100),
    ("call.aac", "aac", 16_000),
    ("call.opus", "libopus", 48_000),
    ("call.webm", "libopus", 48_000),
    ("call.amr", "libopencore_amrnb", 8_000),
    ("call.ogg", "vorbis", 44_100),
]
ONE_LEG_ONLY = {"call.amr"}
LIKENESS = {"ima.wav": 0.95, "call.amr": 0.95}
TWO_LEGS_ONLY = {"call.ogg"}  # FFmpeg's own Vorbis encoder knows stereo only


def read(recording: Recording) -> FloatArray:
    with recording:
        return np.concatenate(list(recording), axis=1)


def likeness(heard: FloatArray, spoken: FloatArray) -> float:
    """Correlation at the best lag up to 140 ms (AAC in a bare stream starts with its priming)."""
    length = min(len(heard), len(spoken)) - 2_240
    lag = int(np.argmax(correlate(heard, spoken[:length], mode="valid")[:2_241]))
    return float(np.corrcoef(spoken[:length], heard[lag : lag + length])[0, 1])


def loudness(legs: FloatArray) -> FloatArray:
    """The level of each leg over 20 ms, at every sample."""
    smooth = [np.convolve(np.square(leg), np.ones(320) / 320, mode="same") for leg in legs]
    levels: FloatArray = np.sqrt(np.stack(smooth)).astype(np.float32)
    return levels


@pytest.mark.parametrize(("name", "codec", "rate_hz"), FORMATS)
def test_two_legs_of_every_format(tmp_path: Path, name: str, codec: str, rate_hz: int) -> None:
    if name in ONE_LEG_ONLY:
        pytest.skip("the codec knows one channel only")
    legs = two_voices()
    recording = open_recording(encode(tmp_path / name, legs, codec, rate_hz))
    heard = read(recording)
    assert recording.layout == "two-leg"
    assert recording.warnings == ()
    assert recording.source_rate_hz == rate_hz
    assert recording.duration_ms == pytest.approx(3_000, abs=150)
    for leg in (0, 1):
        assert likeness(heard[leg], legs[leg]) > LIKENESS.get(name, 0.97)


@pytest.mark.parametrize(("name", "codec", "rate_hz"), FORMATS)
def test_one_leg_of_every_format(tmp_path: Path, name: str, codec: str, rate_hz: int) -> None:
    if name in TWO_LEGS_ONLY:
        pytest.skip("the encoder at hand knows stereo only")
    legs = two_voices()[:1]
    recording = open_recording(encode(tmp_path / name, legs, codec, rate_hz))
    heard = read(recording)
    assert recording.layout == "mono"
    assert heard.shape[0] == 1
    if name == "call.amr":  # a vocoder keeps the voice, not the wave
        heard, legs = loudness(heard), loudness(legs)
    assert likeness(heard[0], legs[0]) > LIKENESS.get(name, 0.97)


@pytest.mark.parametrize(("name", "codec"), [("a.wav", "pcm_alaw"), ("a.mp3", "libmp3lame")])
def test_the_same_sound_on_both_sides_is_mono(tmp_path: Path, name: str, codec: str) -> None:
    leg = two_voices()[:1]
    recording = open_recording(encode(tmp_path / name, np.vstack([leg, leg]), codec, 8_000))
    assert recording.layout == "mono"
    assert likeness(read(recording)[0], leg[0]) > 0.97


def test_legs_that_share_only_their_silence_are_two(tmp_path: Path) -> None:
    quiet = wav_bytes(pcm16(np.zeros((2, 16_000), dtype=np.float32)), channels=2)
    (tmp_path / "quiet.wav").write_bytes(quiet)
    assert read(open_recording(tmp_path / "quiet.wav")).shape[0] == 2


def test_cross_talk_does_not_make_two_legs_one(tmp_path: Path) -> None:
    left, right = two_voices()
    legs = np.stack([left + 0.1 * right, right + 0.1 * left])
    with open_recording(encode(tmp_path / "a.wav", legs, "pcm_alaw", 8_000)) as recording:
        assert recording.layout == "two-leg"


def test_two_files_are_two_legs_and_the_shorter_ends_in_silence(tmp_path: Path) -> None:
    left, right = two_voices()
    first = encode(tmp_path / "agent.wav", left[np.newaxis], "pcm_alaw", 8_000)
    other = encode(tmp_path / "citizen.flac", right[np.newaxis, :24_000], "flac", 16_000)
    recording = open_recording(first, other)
    heard = read(recording)
    assert recording.layout == "two-leg"
    assert heard.shape == (2, 48_000)
    assert likeness(heard[0], left) > 0.97
    assert not heard[1, 24_000:].any()
    assert any("differ by 1.5 s" in warning for warning in recording.warnings)


def test_a_stereo_file_cannot_be_one_leg_of_two(tmp_path: Path) -> None:
    stereo = encode(tmp_path / "a.wav", two_voices(), "pcm_alaw", 8_000)
    mono = encode(tmp_path / "b.wav", two_voices()[:1], "pcm_alaw", 8_000)
    with pytest.raises(ChannelLayoutError, match=r"a\.wav is stereo"):
        open_recording(mono, stereo)


def test_blocks_have_one_length_and_the_duration_is_theirs(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.wav", two_voices(), "pcm_alaw", 8_000)
    with open_recording(path) as recording:
        lengths = [block.shape for block in recording]
    assert lengths == [(2, BLOCK_SAMPLES)] * 3
    assert recording.duration_ms == 3_000


def test_the_extension_does_not_matter(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp3", two_voices(), "libmp3lame", 16_000)
    path.rename(tmp_path / "a.wav")
    with open_recording(tmp_path / "a.wav") as recording:
        assert recording.codec == "mp3float"


BAD_FILES = {
    "empty.wav": (b"", AudioEmptyError, "0 bytes"),
    "header_only.wav": (wav_bytes(b""), AudioEmptyError, "no samples"),
    "one_sample.wav": (wav_bytes(b"\x01\x02"), AudioEmptyError, "1 samples"),
    "text.wav": ("您好，这里是热线".encode(), AudioDecodeError, "holds text"),
    "playlist.wav": (b"#EXTM3U\n#EXT-X-VERSION:3\nfile:///etc/passwd\n", AudioDecodeError, "text"),
    "concat.wav": (b"ffconcat version 1.0\nfile /etc/passwd\n", AudioDecodeError, "text"),
    "noise.wav": (bytes(range(128, 256)) * 40, AudioDecodeError, "not audio"),
    "zeros.wav": (bytes(4096), AudioDecodeError, "not audio"),
    "half_header.wav": (wav_bytes(b"")[:20], AudioDecodeError, "header cannot be read"),
    "voice.silk": (b"\x02#!SILK_V3" + bytes(99), AudioDecodeError, "SILK"),
    "archive.wav": (b"PK\x03\x04" + bytes(99), AudioDecodeError, "ZIP"),
    "three.wav": (
        wav_bytes(bytes(48_000), channels=3), ChannelLayoutError, "3 channels"
    ),
    "codec.wav": (wav_bytes(bytes(4096), format_tag=0x160), AudioDecodeError, "wmav1"),
    "unknown.wav": (wav_bytes(bytes(4096), format_tag=0x7777), AudioDecodeError, "unknown codec"),
    "s64.wav": (wav_bytes(bytes(64_000), bits=64), AudioDecodeError, "samples of the kind s64"),
    "slow.wav": (wav_bytes(bytes(4096), rate_hz=400), AudioDecodeError, "400 samples a second"),
    "not.m4a": (b"\x00\x00\x00\x20ftypM4A " + bytes(200), AudioDecodeError, "damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_a_clear_error(tmp_path: Path, name: str) -> None:
    content, error, message = BAD_FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(error, match=message):
        read(open_recording(path))


def test_what_is_no_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(AudioDecodeError, match="does not exist"):
        open_recording(tmp_path / "nowhere.wav")
    with pytest.raises(AudioDecodeError, match="is a folder"):
        open_recording(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_rights_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes(bytes(4096)))
    path.chmod(0)
    with pytest.raises(AudioDecodeError, match="cannot be read"):
        open_recording(path)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.wav", "pcm_alaw"), ("a.flac", "flac"), ("a.mp3", "libmp3lame")]
)
def test_a_truncated_file_gives_what_is_there_and_a_warning(
    tmp_path: Path, name: str, codec: str
) -> None:
    path = encode(tmp_path / name, two_voices(), codec, 8_000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    recording = open_recording(path)
    heard = read(recording)
    assert 15_000 < heard.shape[1] < 40_000
    assert any("is cut off" in warning for warning in recording.warnings)


@pytest.mark.parametrize("declared", [0, 0xFFFFFFFF])
def test_a_header_that_was_never_completed_does_not_hide_the_samples(
    tmp_path: Path, declared: int
) -> None:
    """A recorder that was killed, or wrote to a pipe, leaves such a length behind."""
    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes(pcm16(two_voices()), channels=2, rate_hz=16_000, declared=declared))
    recording = open_recording(path)
    assert read(recording).shape[1] >= 47_000


def test_a_hole_in_the_middle_becomes_silence_and_a_warning(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.flac", two_voices(), "flac", 16_000)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2_000] = bytes(2_000)
    path.write_bytes(content)
    recording = open_recording(path)
    assert read(recording).shape[1] == 48_000
    assert any("damaged" in warning for warning in recording.warnings)


def float_wav(path: Path, samples: FloatArray) -> Path:
    path.write_bytes(wav_bytes(samples.tobytes(), format_tag=3, bits=32, rate_hz=16_000))
    return path


def test_samples_that_are_not_numbers_become_zero_with_a_warning(tmp_path: Path) -> None:
    samples = voice(1.0)
    samples[100], samples[200], samples[300], samples[400] = np.nan, np.inf, -np.inf, 1e20
    recording = open_recording(float_wav(tmp_path / "a.wav", samples))
    heard = read(recording)[0]
    assert np.isfinite(heard).all()
    assert not heard[[100, 200, 300, 400]].any()
    assert heard[500] == samples[500]
    assert any("4 samples were not numbers" in warning for warning in recording.warnings)


def test_a_recording_of_nothing_but_nan_is_an_error(tmp_path: Path) -> None:
    samples = np.full(16_000, np.nan, dtype=np.float32)
    with pytest.raises(AudioDecodeError, match="not numbers"):
        read(open_recording(float_wav(tmp_path / "a.wav", samples)))


def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    minute = pcm16(np.stack([voice(60.0, rate_hz=8_000), silence(60.0, rate_hz=8_000)]))
    path.write_bytes(wav_bytes(minute * 10, channels=2))
    tracemalloc.start()
    with open_recording(path) as recording:
        blocks = sum(1 for _ in recording)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert blocks == 600
    assert peak < 4 * 2**20


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_100, 48_000])
def test_resampling_has_no_seams(rate_hz: int) -> None:
    audio = np.stack([voice(1.0, rate_hz=rate_hz), voice(1.0, 0.1, rate_hz)])
    whole = StreamResampler(rate_hz, 2)
    expected = np.concatenate([whole.push(audio), whole.flush()], axis=1)
    pieces = StreamResampler(rate_hz, 2)
    out = [pieces.push(audio[:, i : i + 77]) for i in range(0, audio.shape[1], 77)]
    heard = np.concatenate([*out, pieces.flush()], axis=1)
    assert heard.shape == (2, 16_000)
    np.testing.assert_allclose(heard, expected, atol=1e-6)


def test_the_framer_loses_nothing() -> None:
    framer = Framer(100)
    numbers = np.arange(1_234, dtype=np.float32)
    blocks: list[FloatArray] = []
    for start in range(0, 1_234, 37):
        blocks += framer.push(numbers[start : start + 37])
    assert {len(block) for block in blocks} == {100}
    rest = framer.flush()
    assert rest is not None
    np.testing.assert_array_equal(np.concatenate([*blocks, rest]), numbers)
    assert framer.flush() is None


def test_a_recording_closed_by_another_thread_ends_instead_of_crashing(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 8_000, 0, "NONE", ""))
        noise = np.random.default_rng(0).integers(-9_000, 9_000, (8_000 * 60, 2), dtype=np.int16)
        file.writeframes(noise.tobytes())
    recording = open_recording(path)
    heard = threading.Event()

    def read() -> None:
        for _ in recording:
            heard.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert heard.wait(10)
    recording.close()
    reader.join(10)
    assert not reader.is_alive()
