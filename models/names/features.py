"""What the tagger of names looks at: characters around a place, hashed into a table."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

TAGS = ("O", "B", "M", "E", "T")
"""Outside, a name's first, middle and last character; inside another entity."""
FEATURES = 1 << 19
"""Rows of the weight table."""

_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭"
    "陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤温康施文牛樊葛邢安齐易乔伍"
    "庞颜倪庄聂章鲁岳翟殷詹申耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁"
)
_PAD = "\u2402"
_WINDOW = ((-2,), (-1,), (0,), (1,), (2,), (-2, -1), (-1, 0), (0, 1), (1, 2), (-1, 1),
           (-1, 0, 1), (0, 1, 2), (-2, -1, 0))  # fmt: skip

Indices = npt.NDArray[np.int32]


def feature_rows(text: str) -> Indices:
    """Return int32 (characters, features each): rows of the weight table for each place."""
    padded = [_PAD, _PAD, *(_shape(character) for character in text), _PAD, _PAD]
    rows = [
        [
            *(
                _row(number, [padded[at + 2 + offset] for offset in offsets])
                for number, offsets in enumerate(_WINDOW)
            ),
            _row(len(_WINDOW), ["1" if c in _SURNAMES else "0" for c in padded[at : at + 4]]),
            _row(len(_WINDOW) + 1, [_kind(c) for c in padded[at : at + 5]]),
        ]
        for at in range(len(text))
    ]
    return np.array(rows, dtype=np.int32).reshape(len(text), len(_WINDOW) + 2)


def _kind(character: str) -> str:
    if character in _SURNAMES:
        return "s"
    return "c" if "\u4e00" <= character <= "\u9fff" else "p"


def _row(number: int, characters: Sequence[str]) -> int:
    return zlib.crc32(f"{number}{''.join(characters)}".encode()) % FEATURES


def _shape(character: str) -> str:
    """One sign for all digits and one for all letters: no number is learned."""
    if character.isdigit():
        return "0"
    return "a" if character.isascii() and character.isalpha() else character
