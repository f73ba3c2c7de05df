"""A two-leg telephone call in which voices are sounds and a recogniser knows the words.

What is said at what time stands in `TURNS`; `write_call` makes the sound of it, and
`TurnReader` hears in a segment the words of the turn it falls into.
"""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from asr.types import SAMPLE_RATE_HZ, Channel, Recognition, SpeechSegment
from tests.asr.doubles import voice

RATE_HZ = 8_000


class Turn(NamedTuple):
    channel: Channel
    start_s: float
    end_s: float
    text: str


TICKET_CALL = (
    Turn("agent", 0.5, 3.5, "您好，12345政务服务便民热线，请问有什么可以帮您？"),
    Turn("citizen", 4.0, 8.0, "你好，我要投诉，海口市秀英区永兴镇集市上有人占道经营，请核实处理。"),
    Turn("agent", 8.5, 11.0, "请问您贵姓，联系电话是多少？"),
    Turn("citizen", 11.5, 15.0, "我姓林，电话是13900001234。"),
    Turn("agent", 15.5, 19.0, "跟您核对一下，您的电话是13900001234，对吗？"),
    Turn("citizen", 19.5, 20.5, "对的。"),
    Turn("agent", 21.0, 24.0, "好的，您反映的问题已经记录，请问还有其他需要帮您的吗？"),
    Turn("citizen", 24.5, 25.5, "没有了，谢谢。"),
    Turn("agent", 26.0, 29.0, "感谢您的来电，请稍后对本次服务进行评价，再见。"),
)
CALLBACK_CALL = (
    Turn("agent", 0.5, 4.0, "您好，这里是12345热线回访，请问承办单位联系您了吗？"),
    Turn("citizen", 4.5, 6.0, "联系了。"),
    Turn("agent", 6.5, 8.5, "请问您反映的问题解决了吗？"),
    Turn("citizen", 9.0, 10.5, "没有解决。"),
    Turn("agent", 11.0, 13.0, "请问您对办理结果满意吗？"),
    Turn("citizen", 13.5, 15.0, "不满意。"),
    Turn("agent", 15.5, 18.0, "好的，感谢您的接听，再见。"),
)
CALLS = {"ticket": TICKET_CALL, "callback": CALLBACK_CALL}


def call_sound(turns: Sequence[Turn]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """float32 (2, samples) at 8 kHz: the agent on the left, the citizen on the right."""
    sound = np.zeros((2, int((turns[-1].end_s + 1) * RATE_HZ)), dtype=np.float32)
    for turn in turns:
        said = voice(turn.end_s - turn.start_s, rate_hz=RATE_HZ)
        start = int(turn.start_s * RATE_HZ)
        sound[0 if turn.channel == "agent" else 1, start : start + len(said)] = said
    return sound


def write_wav(path: Path, *legs: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
    """Write one or more legs as 16-bit PCM at 8 kHz."""
    pcm = (np.stack(legs, axis=1) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(legs))
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(pcm.tobytes())


def write_call(path: Path, kind: str = "ticket") -> Path:
    """Write the ticket or callback call as one stereo file."""
    write_wav(path, *call_sound(CALLS[kind]))
    return path


class TurnReader:
    """Hears the words of the turn in which a segment lies, whichever leg carries it."""

    name = "turn-reader"

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = turns

    def transcribe(
        self, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
    ) -> list[Recognition]:
        return [self._hear(segment) for segment in segments]

    def _hear(self, segment: SpeechSegment) -> Recognition:
        middle_s = (segment.start_sample + len(segment.samples) / 2) / SAMPLE_RATE_HZ
        said = [t.text for t in self._turns if t.start_s <= middle_s <= t.end_s]
        return Recognition("".join(said), 0.9, model="turn-reader@0")
