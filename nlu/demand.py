"""What the caller wants, in their own words: the call without greetings and contact talk."""

from __future__ import annotations

import re
from collections.abc import Iterator

from asr.types import Transcript, Utterance
from nlu.types import Evidence

_CLAUSE = re.compile(
    r"[^，。！？；、,.!?;\s]+(?:[.:]\d+[^，。！？；、,!?;\s]*)*[，。！？；、,.!?;\s]*"
)
_OPENING = re.compile(
    r"^(?:(?:喂+|你好|您好|哎|诶|嗯+|呃+|啊|那个|就是说?|是这样(?:子)?的?|我(?:这边)?(?:想|要|来|打电话(?:是)?想?)?"
    r"(?:投诉|反映|咨询|举报|问|请教|建议|求助|说|反馈|提)(?:一个|一下|一件|个|你们?)?(?:问题|情况|事情?|建议|意见)?"
    r"|比较着急|比较急|很着急|请问(?:一下)?|麻烦(?:你|您)(?:一下)?|12345|幺二三四五|一二三四五|政府热线|热线)"
    r"[，。！？；、,.!?\s]*)+"
)
_FILLER = re.compile(
    r"^(?:(?:没有?了?|没了|谢谢(?:你|您|啊)?|再见|拜拜|好(?:的|吧|嘞|啊)?|对(?:的|对|啊|呀)?|是(?:的|啊|呀)?|嗯+|哦+|啊+|呃+|行(?:吧)?|可以|"
    r"没错|不客气|辛苦了?|麻烦(?:你|您)了?|知道了?|明白了?|就这(?:样|些)(?:吧)?|没有其他(?:的)?了?|不用了?|喂+|你好|您好|听(?:得)?到"
    r"|稍等|等一下|正确|不需要|没别的了?|先这样)(?:啊|吧|呢|了|哈)?)+$"
)
_CONTACT = re.compile(
    r"(?:我|免贵|本人)?(?:免贵)?姓(?:.|欧阳|上官|司马|诸葛)$|(?:电话|手机|号码|联系方式)[^，。]{0,6}(?:是|为|就是|:|：)?[^，。]{0,2}"
    r"(?:[0-9零一二三四五六七八九幺两洞拐勾\s\-]{4,})|^[0-9零一二三四五六七八九幺两洞拐勾\s\-]{5,}$|^(?:我的?)?(?:手机|电话)(?:号码?)?(?:是|就是)"
    r"|来电号码|就是(?:这个|本机)|本机|这个号码|免贵"
)
_AT_HOTLINE = re.compile(
    r"^你们不是(?:政府)?热线|^你(?:们)?(?:这)?(?:什么)?态度|^怎么能这样|^你叫什么|^你工号"
)
_END_MARKS = "，。！？；、,.!?; \t\n"


def find_demand(transcript: Transcript) -> tuple[Evidence, ...]:
    """Return the spans that state the matter, in order, neighbouring clauses joined."""
    return tuple(
        evidence for utterance in transcript.of("citizen") for evidence in demand_of(utterance)
    )


def demand_of(utterance: Utterance) -> Iterator[Evidence]:
    """Yield the spans of one of the citizen's utterances that state the matter."""
    for start, end in _spans(utterance):
        yield Evidence.of(utterance, start, end)


def _spans(utterance: Utterance) -> Iterator[tuple[int, int]]:
    text = utterance.text
    opening = _OPENING.match(text)
    start_at = opening.end() if opening else 0
    current: tuple[int, int] | None = None
    for match in _CLAUSE.finditer(text, start_at):
        if _says_nothing(match[0].strip(_END_MARKS)):
            if current:
                yield _trimmed(text, current)
            current = None
        else:
            current = (current[0] if current else match.start(), match.end())
    if current:
        yield _trimmed(text, current)


def _says_nothing(clause: str) -> bool:
    return bool(
        not clause or _FILLER.match(clause) or _CONTACT.search(clause) or _AT_HOTLINE.match(clause)
    )


def _trimmed(text: str, span: tuple[int, int]) -> tuple[int, int]:
    start, end = span
    while end > start and text[end - 1] in "，、,; \t\n":
        end -= 1
    return start, end
