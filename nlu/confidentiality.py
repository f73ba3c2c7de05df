"""Whether the caller asked to be kept confidential."""

from __future__ import annotations

import re

from asr.types import Transcript

_WISH = re.compile(
    r"保密|匿名|不(?:要|想|希望|愿意?)[^，。]{0,6}(?:透露|泄露|公开|暴露|告诉)[^，。]{0,8}"
    r"|别[^，。]{0,4}(?:透露|泄露|公开|说是我)|怕[^，。]{0,6}报复"
)
_REFUSED = re.compile(r"(?:不用|不需要|无需|没必要|不要)保密|可以公开|不匿名")
_ASKED = re.compile(r"(?:需要|要不要|是否|要)[^，。]{0,4}保密")
_YES = re.compile(r"^[\s，,]*(?:要|需要|嗯|是的?|对|好|最好)")


def wants_confidentiality(transcript: Transcript) -> bool:
    """Return whether the caller wishes it: their own words, or a yes to the agent's question."""
    wished = asked = False
    for utterance in transcript.utterances:
        if utterance.channel == "agent":
            asked = _ASKED.search(utterance.text) is not None
            continue
        if _REFUSED.search(utterance.text):
            wished = False
        elif _WISH.search(utterance.text) or (asked and _YES.match(utterance.text)):
            wished = True
        asked = False
    return wished
