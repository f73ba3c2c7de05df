"""The demo calls: their scripts, how they are recorded, and the recordings that are shipped."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelMissingError
from models.voices.kokoro import Kokoro, load_styles, trim_silence

soundfile = pytest.importorskip("soundfile")

from models.voices.make_samples import load_scripts, write_call  # noqa: E402
from models.voices.sample_calls import record_call  # noqa: E402

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


class Beeper:
    """Stands where Kokoro stands: a tone of 100 ms per character, at 24 kHz."""

    def speak(self, text: str, style: object, speed: float, sounds: object) -> np.ndarray:
        samples = np.arange(2400 * len(text))
        return (np.sin(samples * 2 * np.pi * 1000 / 24000) * 0.3).astype(np.float32)


def script() -> dict[str, object]:
    return {
        "call_id": "t", "kind": "ticket", "citizen_snr_db": 20, "ticket": {"title": "t"},
        "agent": {"voice": "a", "speed": 1.0}, "citizen": {"voice": "b", "speed": 1.0},
        "turns": [
            {"channel": "agent", "text": "您好请讲"},
            {"channel": "citizen", "after_ms": 500, "text": "路灯坏了很久没有人来修"},
            {"channel": "agent", "after_ms": -300, "text": "嗯"},
            {"channel": "citizen", "after_ms": 200, "text": "请处理"},
        ],
    }  # fmt: skip


def record(seed: int = 0):  # type: ignore[no-untyped-def]
    styles = {"a": np.zeros((1, 256), np.float32), "b": np.zeros((1, 256), np.float32)}
    return record_call(script(), Beeper(), styles, seed)  # type: ignore[arg-type]


def test_turns_stand_where_the_reference_says() -> None:
    call = record()
    turns = [(t["channel"], t["start_ms"], t["end_ms"]) for t in call.gold["turns"]]
    assert turns == [("agent", 400, 800), ("citizen", 1300, 2400), ("agent", 2100, 2200),
                     ("citizen", 2600, 2900)]  # fmt: skip
    assert call.legs.shape == (call.gold["duration_ms"] * 8, 2)
    for channel, start_ms, end_ms in turns:
        leg = call.legs[:, ("agent", "citizen").index(channel)]
        inside = np.std(leg[start_ms * 8 + 80 : end_ms * 8 - 80])
        assert inside > 10 * np.std(call.legs[:2400, 0])
    other = call.legs[1400 * 8 : 2000 * 8, 0]
    assert np.std(other) < 0.01, "the agent's leg is quiet while only the citizen speaks"


def test_the_same_seed_records_the_same_call() -> None:
    np.testing.assert_array_equal(record(1).legs, record(1).legs)
    assert not np.array_equal(record(1).legs, record(2).legs)


def test_a_call_is_written_as_a_law(tmp_path: Path) -> None:
    recording = write_call(record(), tmp_path)
    info = soundfile.info(recording)
    assert (info.samplerate, info.channels, info.subtype) == (8000, 2, "ALAW")
    assert json.loads(recording.with_suffix(".json").read_text(encoding="utf-8"))["turns"]


@pytest.mark.parametrize("call_id", [s["call_id"] for s in load_scripts()])
def test_the_shipped_recordings_follow_the_scripts(call_id: str) -> None:
    reference = json.loads((SAMPLES / f"{call_id}.json").read_text(encoding="utf-8"))
    info = soundfile.info(SAMPLES / f"{call_id}.wav")
    (source,) = (s for s in load_scripts() if s["call_id"] == call_id)
    assert [t["text"] for t in reference["turns"]] == [t["text"] for t in source["turns"]]
    assert (info.samplerate, info.channels, info.subtype) == (8000, 2, "ALAW")
    assert abs(info.duration * 1000 - reference["duration_ms"]) < 2
    assert reference["ticket"] == source["ticket"]


def test_scripts_cover_complaint_consultation_and_callback() -> None:
    kinds = [(s["kind"], s["ticket"].get("request_type")) for s in load_scripts()]
    assert kinds == [("ticket", "投诉类"), ("ticket", "咨询类"), ("callback", None)]
    assert any(s["citizen"].get("southern") for s in load_scripts())
    assert sum((SAMPLES / f"{s['call_id']}.wav").stat().st_size for s in load_scripts()) < 2e6


def test_missing_weights_say_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=r"model\.onnx"):
        Kokoro(tmp_path)
    with pytest.raises(ModelMissingError, match="style tables"):
        load_styles(tmp_path)


def test_silence_is_trimmed_with_a_margin() -> None:
    samples = np.concatenate([np.zeros(1000), np.ones(500), np.zeros(1000)]).astype(np.float32)
    assert trim_silence(samples, 1000).size == pytest.approx(500 + 80, abs=1)
    assert trim_silence(np.zeros(10, np.float32), 1000).size == 10
