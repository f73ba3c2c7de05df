"""A call's transcript as FunASR's messages: partials by the piece, finals that replace them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

from asr.stabilizer import prefix_end
from asr.types import Utterance
from serving.ingress.funasr_start import FunasrStart
from serving.live.events import TranscriptUpdate

Message = dict[str, Any]
Names = Literal["2pass", "asked"]
"""How messages of the modes `online` and `offline` are named: `2pass-online` and so on, which
all clients read, or as the client asked, which is what FunASR's own offline server does."""

_CLAUSE = re.compile(r"[^，。？！；：、,.?!;:]+[，。？！；：、,.?!;:]*|[，。？！；：、,.?!;:]+")
_PUNCTUATION = re.compile(r"[，。？！；：、,.?!;:]*$")


class FunasrReplies:
    """Makes the messages of one call, in order.

    The last result must carry `is_final` and the last sentence. A sentence is therefore
    kept back until another begins, but only while nobody is waiting for it: after the
    audio has ended, or while a file is played in faster than anybody speaks.
    """

    def __init__(
        self,
        start: FunasrStart,
        names: Names,
        final: Callable[[str], Utterance | None],
        *,
        has_partials: bool = True,
    ) -> None:
        """`final` returns an utterance with its timed words; two legs have no partials."""
        self._start = start
        self._names = names
        self._final = final
        self._has_partials = has_partials and start.mode != "offline"
        self._told: dict[str, str] = {}
        """What has been told of utterances that go on."""
        self._kept: Message | None = None
        self._kept_id = ""
        self._sentences: list[Utterance] = []

    def of(self, update: TranscriptUpdate, *, may_keep: bool) -> list[Message]:
        """Return what is to be told of an event; a final may be kept back with `may_keep`."""
        messages = []
        if self._kept is not None and update.utterance.id != self._kept_id:
            messages.append(self._kept)
            self._kept = None
        made = self._partial(update) if update.kind == "partial" else self._sentence(update)
        if made is None:
            return messages
        if update.kind == "final" and may_keep:
            self._kept, self._kept_id = made, update.utterance.id
        else:
            messages.append(made)
        return messages

    def last(self) -> Message:
        """Return the last message, the one with `is_final`."""
        if self._start.mode == "offline":
            message = self._result("offline", self._sentences)
        elif self._kept is not None:
            message = self._kept
        else:
            message = self._result(self._end_mode, [])
        return message | {"is_final": True}

    def rest(self) -> list[Message]:
        """Return what has been kept back, where there is no last message."""
        if self._start.mode == "offline":
            return [self._result("offline", self._sentences)] if self._sentences else []
        return [self._kept] if self._kept is not None else []

    def acknowledgement(self) -> Message:
        """Return the answer to an end that asked for one."""
        return self._message(self._end_mode, "") | {"is_final": True, "is_end": True}

    def error(self, code: str, title: str, text: str) -> Message:
        """Return why the connection closes; final, since clients wait for what is final."""
        told = {"code": code, "title": title, "message": text}
        return self._message(self._end_mode, "") | {"is_final": True, "error": told}

    def _partial(self, update: TranscriptUpdate) -> Message | None:
        """Return what is new of what will not change any more."""
        if not self._has_partials:
            return None
        utterance_id = update.utterance.id
        stable = update.utterance.text[: update.stable_chars]
        told = self._told.get(utterance_id, "")
        if len(stable) <= len(told):
            return None
        self._told[utterance_id] = stable
        return self._message("online", stable[len(told) :])

    def _sentence(self, update: TranscriptUpdate) -> Message | None:
        told = self._told.pop(update.utterance.id, "")
        text = update.utterance.text
        if self._start.mode == "online":
            rest = text[prefix_end(told, text) :]
            return self._message("online", rest) if rest else None
        # A final replaces all that was told since the last one, of whatever utterance.
        self._told = dict.fromkeys(self._told, "")
        utterance = self._final(update.utterance.id) if text else None
        if self._start.mode == "offline":
            self._sentences += [utterance] if utterance else []
            return None
        if utterance is None:
            return self._message("offline", "") if told else None
        return self._result("offline", [utterance])

    @property
    def _end_mode(self) -> Literal["online", "offline"]:
        return "online" if self._start.mode == "online" else "offline"

    def _result(self, mode: Literal["online", "offline"], said: Sequence[Utterance]) -> Message:
        """Return finals as one message, with times where the recogniser gave them."""
        message = self._message(mode, "".join(utterance.text for utterance in said))
        if not said:
            return message
        pairs = [[word.start_ms, word.end_ms] for each in said for word in each.words]
        if pairs and all(utterance.words for utterance in said):
            # As text: clients parse it, and a list breaks them.
            message["timestamp"] = json.dumps(pairs, separators=(",", ":"))
        return message | {"stamp_sents": [stamp for each in said for stamp in stamp_sents(each)]}

    def _message(self, mode: Literal["online", "offline"], text: str) -> Message:
        as_asked = self._names == "asked" and self._start.mode != "2pass"
        return {
            "mode": mode if as_asked else f"2pass-{mode}",
            "text": text,
            "wav_name": self._start.wav_name,
            "is_final": False,
        }


def stamp_sents(utterance: Utterance) -> list[Message]:
    """Return an utterance as FunASR's sentences: its clauses where its words have times."""
    text = utterance.text
    if not utterance.words:
        punctuation = _punctuation(text)
        return [
            {
                "text_seg": text[: len(text) - len(punctuation)],
                "punc": punctuation,
                "start": utterance.start_ms,
                "end": utterance.end_ms,
                "ts_list": [],
            }
        ]
    sentences = []
    for clause in _CLAUSE.finditer(text):
        words = [w for w in utterance.words if clause.start() <= w.char_start < clause.end()]
        if words:
            sentences.append(
                {
                    "text_seg": " ".join(text[w.char_start : w.char_end] for w in words),
                    "punc": _punctuation(clause.group()),
                    "start": words[0].start_ms,
                    "end": words[-1].end_ms,
                    "ts_list": [[w.start_ms, w.end_ms] for w in words],
                }
            )
    return sentences


def _punctuation(text: str) -> str:
    found = _PUNCTUATION.search(text)
    return found.group() if found else ""
