"""Whether the caller asked to be kept confidential."""

from __future__ import annotations

import re

from asr.types import Transcript
from nlu.types import Evidence, Field

_WISH = re.compile(
    r"保密|匿名|不(?:要|想|希望|愿意?)[^，。]{0,6}(?:透露|泄露|公开|暴露|告诉)[^，。]{0,8}"
    r"|别[^，。]{0,4}(?:透露|泄露|公开|说是我)|怕[^，。]{0,6}报复"
)
_REFUSED = re.compile(r"(?:不用|不需要|无需|没必要|不要)保密|可以公开|不匿名")
_ASKED = re.compile(r"(?:需要|要不要|是否|要)[^，。]{0,4}保密")
_NO = re.compile(r"^[\s，,]*(?:不用|不需要|不要|不必|没必要|无所谓)")
_YES = re.compile(r"^[\s，,]*(?:要|需要|嗯|是的?|对|好|最好)")


def find_confidentiality(transcript: Transcript) -> Field[bool]:
    """Return whether the caller wishes it: their own words, or an answer to the agent's question.

    The last word counts; empty where nobody spoke of it.
    """
    found: Field[bool] = Field.empty("没有说到是否保密")
    asked = False
    for utterance in transcript.utterances:
        text = utterance.text
        if utterance.channel == "agent":
            asked = _ASKED.search(text) is not None
            continue
        refused, wished = _REFUSED.search(text), _WISH.search(text)
        if not refused and not wished and asked:
            refused, wished = _NO.match(text), _YES.match(text)
        match = refused or wished
        if match:
            evidence = Evidence.of(utterance, *match.span())
            found = Field(match is wished, 0.9, (evidence,))
        asked = False
    return found
