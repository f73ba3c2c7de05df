"""The real command line, except that the recogniser knows the words beforehand.

    JIESU_TEST_CALL=ticket python -m tests.integration.scripted_cli process call.wav --json

`JIESU_TEST_SLOW_S`: seconds each batch of utterances takes, and `JIESU_TEST_STARTED` a file
that appears when the first is begun, for tests that interrupt.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import serving.assembly
from asr.types import Recognition, SpeechSegment
from serving.cli.main import main
from serving.pipeline import Pipeline
from tests.asr.doubles import LevelVad
from tests.integration.spoken_call import CALLS, TurnReader


class SlowReader(TurnReader):
    def transcribe(
        self, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
    ) -> list[Recognition]:
        if started := os.environ.get("JIESU_TEST_STARTED"):
            Path(started).touch()
        time.sleep(float(os.environ.get("JIESU_TEST_SLOW_S", "0")))
        return super().transcribe(segments, hotwords)


def load_recogniser(engine: str, *, model: str | None = None, threads: int = 0) -> SlowReader:
    return SlowReader(CALLS[os.environ.get("JIESU_TEST_CALL", "ticket")])


# Outside the guard: the worker processes of a batch import this module, too.
vars(serving.assembly).update(
    load_recogniser=load_recogniser, Pipeline=partial(Pipeline, vad=LevelVad())
)

if __name__ == "__main__":
    main()
