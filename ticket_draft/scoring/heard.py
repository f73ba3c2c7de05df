"""Bringing heard words to the standard ones, character for character.

A recogniser writes 练习 for 联系 and 街决 for 解决; people say 莫得 or 冇 for 没有. The
text keeps its length, so that places in it remain places in the transcript.
"""

from __future__ import annotations

from collections.abc import Iterable

from ticket_draft.phonetic import similarity, syllables

_KEY_WORDS = (
    "不满意",
    "非常满意",
    "满意",
    "解决",
    "联系",
    "承办单位",
    "处理",
    "没有",
    "凑合",
    "电话",
    "态度",
    "敷衍",
    "推诿",
    "修好了",
    "弄好了",
    "办好了",
    "处理好了",
    "老样子",
    "还行吧",
    "马马虎虎",
    "重新办理",
    "反映",
)
"""Words that decide an answer. 一般 is not among them: 一半 sounds the same."""

_KEPT = frozenset({"没油", "慢一", "电花", "泰度", "反应"})
"""Words with a meaning of their own that sound like a key word."""

_DIALECT = (
    ("冇得", "没有"),
    ("冇有", "没有"),
    ("莫得", "没有"),
    ("么得", "没有"),
    ("木有", "没有"),
    ("木得", "没有"),
    ("唔曾", "没有"),
    ("未曾", "没有"),
    ("勿曾", "没有"),
    ("呒没", "没有"),
    ("呒啥", "没啥"),
    ("呒人", "没人"),
    ("无人", "没人"),
    ("冇", "没"),
    ("冒人", "没人"),
    ("唔", "不"),
    ("勿", "不"),
    ("弗", "不"),
    ("佢哋", "他们"),
    ("搞掂", "搞定"),
    ("整好", "弄好"),
    ("搞好", "弄好"),
    ("晓得", "知道"),
    ("哪个来", "谁来"),
    ("哪个管", "谁管"),
    ("啷个", "怎么"),
    ("咋个", "怎么"),
    ("哪块", "哪里"),
    ("俺", "我"),
    ("俄", "我"),
    ("佮", "和"),
    ("逗是", "就是"),
    ("阔以", "可以"),
    ("凑活", "凑合"),
    ("没得人", "没有人"),
    ("莫解决", "没解决"),
    ("莫处理", "没处理"),
    ("莫弄", "没弄"),
    ("莫修", "没修"),
    ("莫人", "没人"),
    ("莫联系", "没联系"),
)


def standard(text: str, key_words: Iterable[str] = _KEY_WORDS) -> str:
    """Return text of the same length in which near-homophones of key words are spelt right."""
    for heard, meant in _DIALECT:
        text = text.replace(heard, meant)
    sounds = syllables(text)
    characters = list(text)
    for word in key_words:
        wanted = syllables(word)
        for start in range(len(sounds) - len(wanted) + 1):
            end = start + len(wanted)
            if sounds[start:end] == wanted and text[start:end] not in _KEPT:
                characters[start:end] = word
    return "".join(characters)


def nearly(text: str, words: Iterable[str], min_similarity: float = 0.7) -> str:
    """Return text of the same length with what roughly sounds like one of the words replaced.

    For answers in which nothing else makes sense: 买一 to a question about 满意.
    """
    for word in words:
        for start in range(len(text) - len(word) + 1):
            end = start + len(word)
            if similarity(text[start:end], word) >= min_similarity:
                text = text[:start] + word + text[end:]
    return text
