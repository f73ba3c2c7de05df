"""The caller's surname: 「我姓周」, 「双木林」, 「周先生」, misheard or not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

from asr.types import Transcript, Utterance
from nlu.types import Evidence, Field

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢"
    "姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤"
    "温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍"
    "涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑"
    "景党宫费卜冷晏席卫米柏宗代桂全池吾佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明查佘鞠"
    "云冼邝羊占"
)
_RANK = {name: rank for rank, name in reversed(list(enumerate(SURNAMES)))}
COMPOUND_SURNAMES = (
    "欧阳",
    "上官",
    "司马",
    "诸葛",
    "司徒",
    "夏侯",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "令狐",
)
SPELLED_SURNAMES = {
    "双木": "林", "木子": "李", "弓长": "张", "立早": "章", "耳东": "陈", "古月": "胡",
    "口天": "吴", "双口": "吕", "言午": "许", "双人": "徐", "走肖": "赵", "女兆": "姚",
    "文刀": "刘", "卯金刀": "刘", "十八子": "李", "四维": "罗",
}  # fmt: skip

_SAID = re.compile(
    r"(?:我(?:是)?|本人|免贵|小|叫我)?\s*(?:姓|免贵姓)\s*(?:是|呃|嗯|个)?[，,\s]*"
    r"(?P<spelled>双木|木子|弓长|立早|耳东|古月|口天|双口|言午|双人|走肖|女兆|文刀|十八子|卯金刀|四维)?的?"
    r"(?P<name>[\u4e00-\u9fff])"
)
_TITLED = re.compile(r"(?P<name>[\u4e00-\u9fff])(?:先生|女士|小姐|同志)")
_NAMED = re.compile(
    r"我(?:的名字)?(?:叫|是)(?P<name>[\u4e00-\u9fff])[\u4e00-\u9fff]{1,2}(?=[，。,.]|$)"
)
_ASKED = re.compile(r"贵姓|怎么称呼|您姓|姓什么|您的姓名")
_NOT_NAMES = set("这那哪位老个的位是")
_MAY_FOLLOW = set("，。,. 、的电手联号先女")
"""What may stand behind a name that is only guessed from its sound."""


@dataclass(frozen=True, slots=True)
class _Vote:
    name: str
    heard: str
    weight: float
    evidence: Evidence


def find_surname(transcript: Transcript) -> Field[str]:
    """Return the surname with the readings that sound like it as alternatives."""
    votes: list[_Vote] = []
    asked = False
    for utterance in transcript.utterances:
        if utterance.channel == "agent":
            votes += _titles(utterance)
            asked = bool(_ASKED.search(utterance.text)) or asked
        else:
            votes += _statements(utterance, asked)
    if not votes:
        return Field.empty("来电人没有说姓什么" if asked else "通话中没有问到来电人姓氏")
    tally: dict[str, float] = {}
    for vote in votes:
        tally[vote.name] = tally.get(vote.name, 0.0) + vote.weight
    ranked = sorted(tally.items(), key=lambda item: (-item[1], _RANK.get(item[0], 999)))
    best, score = ranked[0]
    total = sum(tally.values())
    support = [vote for vote in votes if vote.name == best]
    repaired = all(vote.heard != best for vote in support)
    confidence = score / total * (0.6 if repaired else 0.95)
    others = [(name, round(value / total * 0.9, 4)) for name, value in ranked[1:3]]
    others += [(name, 0.05) for name in _same_sound(best) if name not in tally][: 3 - len(others)]
    return Field(
        value=best,
        confidence=round(confidence, 4),
        evidence=tuple(dict.fromkeys(vote.evidence for vote in support)),
        alternatives=tuple(others),
    )


def _statements(utterance: Utterance, asked: bool) -> Iterable[_Vote]:
    readings = [(utterance.text, 1.0)]
    readings += [(a.text, 0.5 * a.confidence) for a in utterance.alternatives]
    place: Evidence | None = None
    for text, weight in readings:
        found = _SAID.search(text) or (_NAMED.search(text) if asked else None)
        if found is None:
            continue
        start = found.start("name")
        name, length = _read(text, start, found.groupdict().get("spelled"))
        if name is None:
            continue
        if text is utterance.text:
            place = Evidence.of(utterance, start, start + length)
        evidence = place or Evidence.of(utterance, 0, len(utterance.text))
        yield _Vote(name, text[start : start + length], weight, evidence)


def _titles(utterance: Utterance) -> Iterable[_Vote]:
    for found in _TITLED.finditer(utterance.text):
        name = found["name"]
        if name in _RANK and name not in _NOT_NAMES:
            evidence = Evidence.of(utterance, found.start("name"), found.end("name"))
            yield _Vote(name, name, 1.2, evidence)


def _read(text: str, start: int, spelled: str | None) -> tuple[str | None, int]:
    if spelled and SPELLED_SURNAMES.get(spelled):
        return SPELLED_SURNAMES[spelled], 1
    if text[start : start + 2] in COMPOUND_SURNAMES:
        return text[start : start + 2], 2
    heard = text[start]
    if heard in _RANK:
        return heard, 1
    follows = text[start + 1 : start + 2]
    if heard in _NOT_NAMES or (follows and follows not in _MAY_FOLLOW):
        return None, 1
    alike = _same_sound(heard)
    return (alike[0] if alike else None), 1


@lru_cache(maxsize=1024)
def _same_sound(name: str) -> tuple[str, ...]:
    """Return surnames of the same syllable, same tone first, commoner first."""
    toned = lazy_pinyin(name, style=Style.TONE3)
    plain = lazy_pinyin(name, style=Style.NORMAL)
    alike = [other for other in _RANK if other != name and _plain(other) == tuple(plain)]
    return tuple(sorted(alike, key=lambda other: (_toned(other) != tuple(toned), _RANK[other])))


@lru_cache(maxsize=1024)
def _plain(name: str) -> tuple[str, ...]:
    return tuple(lazy_pinyin(name, style=Style.NORMAL))


@lru_cache(maxsize=1024)
def _toned(name: str) -> tuple[str, ...]:
    return tuple(lazy_pinyin(name, style=Style.TONE3))
