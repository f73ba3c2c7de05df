"""A number that the caller says in several utterances: 「幺三九」…「零零零零」…「幺二三四」."""

from __future__ import annotations

import re
from dataclasses import dataclass

from asr.types import Utterance
from nlu.digits import DigitRun, digit_runs
from nlu.phone_consensus import MOBILE
from nlu.types import Evidence

_AROUND = re.compile(r"[\s，。、,.？?！!嗯呃对是的啊哦好那然后我电话号码手机就]*")
_MOBILE_DIGITS = 11
_LONGEST_ASIDE = 12


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """The digits of all pieces, and where each piece was said."""

    digits: str
    evidence: tuple[Evidence, ...]


class Pieces:
    """Puts pieces together while the agent says no more than 「嗯」 or repeats one."""

    def __init__(self) -> None:
        self._digits = ""
        self._evidence: tuple[Evidence, ...] = ()

    def add(self, utterance: Utterance) -> WholeNumber | None:
        """Take the next utterance; return a mobile number once its pieces make one."""
        runs = list(digit_runs(utterance.text, 2))
        if utterance.channel == "agent":
            if not runs and len(utterance.text) > _LONGEST_ASIDE:
                self._forget()
            return None
        if len(runs) != 1 or not _is_little_else(utterance.text, runs[0]):
            self._forget()
            return None
        (run,) = runs
        if run.digits.startswith("1") and len(self._digits + run.digits) > _MOBILE_DIGITS:
            self._forget()
        self._digits += run.digits
        self._evidence += (Evidence.of(utterance, run.char_start, run.char_end),)
        if len(self._evidence) > 1 and MOBILE.fullmatch(self._digits):
            return WholeNumber(self._digits, self._evidence)
        if len(self._digits) >= _MOBILE_DIGITS:
            self._forget()
        return None

    def _forget(self) -> None:
        self._digits, self._evidence = "", ()


def _is_little_else(text: str, run: DigitRun) -> bool:
    return bool(
        _AROUND.fullmatch(text[: run.char_start]) and _AROUND.fullmatch(text[run.char_end :])
    )
