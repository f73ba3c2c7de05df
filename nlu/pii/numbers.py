"""Telephone numbers, identity cards and bank cards, written or spoken digit by digit.

Digits are read as `nlu.digits` reads them (幺三九, 三个八, groups with gaps), so that a number
said over several utterances is one number. Neighbouring groups are tried together and apart:
where one number follows the other without a word between, each is still found. What the
digits are decides first; the words before them raise or lower the score.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nlu.digits import digit_runs
from nlu.pii.checksums import is_identity_number, is_identity_shape, passes_luhn
from nlu.pii.types import PiiKind, Span

_MOBILE = re.compile(r"(?:0|86|0086)?(1[3-9]\d{9})")
_TWO_MOBILES = re.compile(r"(?:1[3-9]\d{9}){2}")
_LANDLINE = re.compile(r"0(?:10|2\d|[3-9]\d{2})[2-9]\d{6,7}")
_SERVICE = re.compile(r"^(?:[48]00\d{7}|1\d{2,4}|12\d{3,6}|9[56]\d{3,6}|0?12345)$")
_CHECK_X = re.compile(r"[\s,，、。]{0,2}(?:[xXｘＸ×]|叉|艾克斯|爱克斯)")
_DATE = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")

_SAID_PHONE = re.compile(r"电话|手机|号码|联系方式|联系|打给|拨打|座机|微信")
_SAID_ID = re.compile(r"身份证|证件号|公民身份|身份号码")
_SAID_BANK = re.compile(r"银行卡|卡号|账号|帐号|账户|帐户|开户|汇到|打到")
_SAID_OTHER = re.compile(
    r"工单|订单|单号|编号|工号|案号|户号|表号|发票|税号|信用代码|车架|快递|邮编"
)
_LOOK_BACK = 16
_SURE, _LIKELY, _DOUBTFUL = 0.98, 0.8, 0.55
_GROUPS_TOGETHER = 8
_FEWEST, _MOST = 6, 22


@dataclass(frozen=True, slots=True)
class _Digits:
    """Some groups of a run of digits, where each digit stands, and what was said before."""

    text: str
    digits: str
    places: tuple[tuple[int, int], ...]
    before: str

    def said(self, words: re.Pattern[str]) -> bool:
        """Tell whether the words before name a kind of number."""
        return words.search(self.before) is not None

    def span(
        self, kind: PiiKind, score: float, rule: str, reason: str, end: int | None = None
    ) -> Span:
        """Cover the digits, up to `end` where more belongs to them.

        Kept in part: the last four, and of a telephone number the first three as well.
        """
        shown = [*self.places[-4:], *(self.places[:3] if kind == "phone" else ())]
        if end is not None:
            shown = [*self.places[-3:], (self.places[-1][1], end)]
        if kind == "phone" and len(self.digits) < 11:
            shown = list(self.places[-4:])
        kept = frozenset(at for low, high in shown for at in range(low, high))
        return Span(kind, self.places[0][0], end or self.places[-1][1], score, rule, reason, kept)


def number_spans(text: str) -> Iterator[Span]:
    """Yield telephone numbers, identity cards and bank cards; they may overlap."""
    for digits in _candidates(text):
        yield from _identity(digits)
        yield from _bank(digits)
        yield from _phone(digits)


def _candidates(text: str) -> Iterator[_Digits]:
    for run in digit_runs(text, _FEWEST):
        groups = _groups(run.places)
        before = text[max(0, run.char_start - _LOOK_BACK) : run.char_start]
        for first, (start, _) in enumerate(groups):
            for _, end in groups[first : first + _GROUPS_TOGETHER]:
                if _FEWEST <= end - start <= _MOST:
                    yield _Digits(text, run.digits[start:end], run.places[start:end], before)


def _groups(places: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """Return `(first, end)` of the digits that stand side by side."""
    cuts = [n for n in range(1, len(places)) if places[n][0] > places[n - 1][1]]
    return list(zip([0, *cuts], [*cuts, len(places)], strict=True))


def _identity(said: _Digits) -> Iterator[Span]:
    after = _CHECK_X.match(said.text, said.places[-1][1])
    number = said.digits + ("X" if after and len(said.digits) == 17 else "")
    end = after.end() if after and len(said.digits) == 17 else None
    if is_identity_number(number):
        reason = "18位，地区和出生日期成立，校验码正确"
        yield said.span("id_card", 0.99, "id_card_gb11643", reason, end)
    elif is_identity_shape(number):
        reason = "18位，地区和出生日期成立，校验码不符，可能听错"
        yield said.span("id_card", 0.9, "id_card_shape", reason, end)
    elif 14 <= len(said.digits) <= 20 and said.said(_SAID_ID):
        end = after.end() if after else None
        reason = "前面说到身份证，位数接近，可能听错"
        yield said.span("id_card", _LIKELY, "id_card_near", reason, end)


def _bank(said: _Digits) -> Iterator[Span]:
    named = said.said(_SAID_BANK)
    if said.said(_SAID_OTHER) and not named:
        return
    if 16 <= len(said.digits) <= 19 and said.digits[0] in "3456" and passes_luhn(said.digits):
        score = _SURE if named else _LIKELY + 0.05
        yield said.span("bank_card", score, "bank_card_luhn", "16至19位，校验码正确")
    elif named and 12 <= len(said.digits) <= 22:
        reason = "前面说到卡号或账号，校验码不符，可能听错"
        yield said.span("bank_card", _LIKELY, "bank_card_said", reason)


def _phone(said: _Digits) -> Iterator[Span]:
    digits, named = said.digits, said.said(_SAID_PHONE)
    if _SERVICE.match(digits) or (said.said(_SAID_OTHER) and not named):
        return
    if _MOBILE.fullmatch(digits):
        yield said.span("phone", _SURE, "phone_mobile", "11位手机号码")
    elif _TWO_MOBILES.fullmatch(digits):
        yield said.span("phone", _SURE - 0.01, "phone_mobiles", "两个相连的手机号码")
    elif _LANDLINE.fullmatch(digits):
        yield said.span("phone", _SURE - 0.05, "phone_landline", "区号加座机号码")
    elif named and 7 <= len(digits) <= 8 and not _DATE.fullmatch(digits):
        yield said.span("phone", 0.7, "phone_local", "前面说到电话，位数为座机")
    elif named and 9 <= len(digits) <= 14:
        yield said.span("phone", 0.75, "phone_near", "前面说到电话，位数接近，可能听错")
    elif 10 <= len(digits) <= 12 and re.match(r"(?:86)?1[3-9]", digits):
        yield said.span("phone", _DOUBTFUL, "phone_near", "像手机号码，位数差一位")
