"""A recording into a transcript: order, roles, batches, errors; the recogniser is scripted."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from asr.audio import open_recording
from asr.errors import EngineError
from asr.framing import FloatArray
from asr.roles import RoleCues, assign_mono, default_cues, find_agent_side
from asr.session import SessionSettings, transcribe_recording
from asr.types import Recognition, Samples, SpeechSegment, Transcript, Utterance
from tests.asr.doubles import LevelVad, ScriptedRecogniser, silence, voice
from tests.asr.recordings import encode

AGENT = ["您好，这里是市民服务热线，很高兴为您服务。", "请问您贵姓？联系电话是多少？"]
CITIZEN = ["你好，我要反映我们小区的路灯不亮。", "我姓名不方便说。"]


def dialogue(turns: int, turn_s: float = 1.0) -> FloatArray:
    """float32 (2, samples): the legs speak in turn, left first, 0.4 s apart."""
    left: list[Samples] = []
    right: list[Samples] = []
    for turn in range(turns):
        speaks, listens = (left, right) if turn % 2 == 0 else (right, left)
        speaks += [voice(turn_s), silence(0.4)]
        listens += [silence(turn_s), silence(0.4)]
    return np.stack([np.concatenate(left), np.concatenate(right)])


def turn_of(segment: SpeechSegment) -> int:
    return round((segment.start_ms + 200) / 1_400)


def script(left: Sequence[str], right: Sequence[str]) -> ScriptedRecogniser:
    """Says the legs' lines, turn by turn."""

    def say(segment: SpeechSegment) -> str:
        turn = turn_of(segment)
        return (left if turn % 2 == 0 else right)[turn // 2]

    return ScriptedRecogniser(say)


def transcribe(
    path: Path, recogniser: ScriptedRecogniser, settings: SessionSettings | None = None
) -> Transcript:
    with open_recording(path) as recording:
        return transcribe_recording(recording, recogniser, settings=settings, vad=LevelVad())


@pytest.fixture
def call(tmp_path: Path) -> Path:
    return encode(tmp_path / "call.wav", dialogue(4), "pcm_alaw", 8_000)


def test_turns_come_in_order_with_ids_and_true_times(call: Path) -> None:
    transcript = transcribe(call, script(AGENT, CITIZEN))
    assert [u.id for u in transcript.utterances] == ["u1", "u2", "u3", "u4"]
    assert [u.text for u in transcript.utterances] == [AGENT[0], CITIZEN[0], AGENT[1], CITIZEN[1]]
    assert [u.channel for u in transcript.utterances] == ["agent", "citizen"] * 2
    assert [u.start_ms for u in transcript.utterances] == pytest.approx(
        [0, 1_200, 2_600, 4_000], abs=60
    )
    assert transcript.duration_ms == 5_600
    assert transcript.warnings == ()


def test_the_agent_is_found_on_either_side(call: Path) -> None:
    transcript = transcribe(call, script(CITIZEN, AGENT))
    assert [u.channel for u in transcript.utterances] == ["citizen", "agent"] * 2
    assert transcript.roles is not None
    assert transcript.roles.agent_side == "right"
    assert transcript.roles.decided_by == "speech"
    assert "很高兴为您服务" in transcript.roles.reason


def test_a_set_side_is_obeyed_whatever_is_said(call: Path) -> None:
    for side, first in (("left", "agent"), ("right", "citizen")):
        settings = SessionSettings(agent_side="left" if side == "left" else "right")
        transcript = transcribe(call, script(AGENT, CITIZEN), settings)
        assert transcript.utterances[0].channel == first
        assert transcript.roles is not None
        assert (transcript.roles.agent_side, transcript.roles.decided_by) == (side, "setting")


def test_where_nothing_tells_left_is_taken_and_said_so(call: Path) -> None:
    transcript = transcribe(call, script(["嗯", "哦"], ["嗯", "哦"]))
    assert transcript.roles is not None
    assert (transcript.roles.agent_side, transcript.roles.decided_by) == ("left", "default")
    assert transcript.roles.confidence == 0.5


def test_a_mono_recording_gets_roles_that_are_called_uncertain(tmp_path: Path) -> None:
    mono = dialogue(4).sum(axis=0, keepdims=True)
    # Both voices on one leg are told apart by pauses, so these must be long enough.
    spaced = np.concatenate(
        [np.pad(mono[0, i : i + 22_400], (0, 8_000)) for i in range(0, 89_600, 22_400)]
    )
    path = encode(tmp_path / "mono.wav", spaced[np.newaxis], "pcm_alaw", 8_000)
    lines = iter([AGENT[0], CITIZEN[0], AGENT[1], CITIZEN[1]])
    recogniser = ScriptedRecogniser(lambda segment: next(lines))
    transcript = transcribe(path, recogniser)
    assert [u.channel for u in transcript.utterances] == ["agent", "citizen"] * 2
    assert transcript.roles is not None
    assert transcript.roles.layout == "mono"
    assert transcript.roles.agent_side is None
    assert transcript.roles.confidence <= 0.6
    assert "uncertain" in transcript.roles.reason


def test_segments_without_words_are_no_utterances(call: Path) -> None:
    transcript = transcribe(call, script(["您好", ""], ["", "再见"]))
    assert [(u.id, u.text) for u in transcript.utterances] == [("u1", "您好"), ("u2", "再见")]


def test_batches_hold_segments_of_similar_length(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    parts = [part for _ in range(12) for part in (voice(rng.uniform(0.3, 3.0)), silence(0.8))]
    path = encode(tmp_path / "a.wav", np.concatenate(parts)[np.newaxis], "pcm_alaw", 8_000)
    recogniser = ScriptedRecogniser(lambda segment: "词")
    transcribe(path, recogniser, SessionSettings(batch_segments=4))
    assert [len(batch) for batch in recogniser.batches] == [4, 4, 4]
    for shorter, longer in itertools.pairwise(recogniser.batches):
        assert max(len(s.samples) for s in shorter) <= min(len(s.samples) for s in longer)


def test_hotwords_reach_the_engine_and_progress_reaches_the_end(call: Path) -> None:
    recogniser = script(AGENT, CITIZEN)
    seen: list[int] = []
    with open_recording(call) as recording:
        transcribe_recording(
            recording,
            recogniser,
            hotwords=("秀英区", "城管局"),
            vad=LevelVad(),
            settings=SessionSettings(batch_segments=1),
            progress=seen.append,
        )
    assert set(recogniser.hotwords) == {("秀英区", "城管局")}
    assert seen == sorted(seen)
    assert len(seen) == 4
    assert seen[-1] >= 5_000


def test_an_engine_failure_is_raised_and_ends_the_thread(call: Path) -> None:
    recogniser = script(AGENT, CITIZEN)
    recogniser.fail_next = 1
    recogniser.error = ValueError("broken weights")
    before = threading.active_count()
    with pytest.raises(ValueError, match="broken weights"):
        transcribe(call, recogniser)
    assert threading.active_count() == before


def test_an_answer_too_few_is_not_silently_dropped(call: Path) -> None:
    class Forgetful(ScriptedRecogniser):
        def transcribe(
            self, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
        ) -> list[Recognition]:
            return super().transcribe(segments, hotwords)[1:]

    with pytest.raises(EngineError, match="3 of 4"):
        transcribe(call, Forgetful())


def test_little_audio_waits_for_a_slow_engine(tmp_path: Path) -> None:
    """Decoding must not run ahead: that is what keeps memory constant."""
    legs = np.concatenate([dialogue(2, 0.5)] * 40, axis=1)
    path = encode(tmp_path / "a.wav", legs, "pcm_alaw", 8_000)
    vad = LevelVad()
    heard_when_asked: list[int] = []

    def say(segment: SpeechSegment) -> str:
        return "词"

    class Watching(ScriptedRecogniser):
        def transcribe(
            self, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
        ) -> list[Recognition]:
            heard_when_asked.append(vad.frames_heard)
            return super().transcribe(segments, hotwords)

    recogniser = Watching(say)
    recogniser.busy_s = 0.02
    settings = SessionSettings(batch_segments=4, sort_window_segments=8)
    with open_recording(path) as recording:
        transcribe_recording(recording, recogniser, settings=settings, vad=vad)
    assert len(recogniser.batches) == 20
    assert heard_when_asked[0] < 0.4 * vad.frames_heard


def test_silence_alone_is_an_empty_transcript(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.wav", np.zeros((2, 80_000), dtype=np.float32), "pcm_alaw", 8_000)
    recogniser = ScriptedRecogniser()
    transcript = transcribe(path, recogniser)
    assert transcript.utterances == ()
    assert transcript.duration_ms == 5_000
    assert recogniser.batches == []


def said(channel: str, text: str, start_ms: int = 0) -> Utterance:
    side = "agent" if channel == "left" else "citizen"
    return Utterance(
        "u0", "agent" if side == "agent" else "citizen", start_ms, start_ms + 1_000, text, 1.0
    )


def test_cues_are_data_and_a_greeting_outweighs_politeness() -> None:
    utterances = [
        said("left", "你好，麻烦你帮我看一下"),
        said("right", "您好，请问有什么可以帮您？"),
    ]
    assert find_agent_side(utterances, default_cues()).agent_side == "right"
    own = RoleCues(agent=(("麻烦你", 5.0),), citizen=())
    assert find_agent_side(utterances, own).agent_side == "left"


def test_one_leg_that_says_nothing_still_tells_who_the_other_is() -> None:
    roles = find_agent_side([said("left", "我要投诉，我们小区没人管")], default_cues())
    assert roles.agent_side == "right"
    assert "speaks like a citizen" in roles.reason


def test_in_mono_an_answer_follows_a_question() -> None:
    texts = [
        "您好，这里是热线，请问有什么可以帮您？",
        "路灯坏了",
        "请问您贵姓？",
        "陈",
        "联系电话是多少？",
        "一二三",
    ]
    utterances = [said("left", text, 1_000 * n) for n, text in enumerate(texts)]
    assigned, _ = assign_mono(utterances, default_cues())
    assert [u.channel for u in assigned] == ["agent", "citizen"] * 3
    assert assign_mono([], default_cues())[0] == []
