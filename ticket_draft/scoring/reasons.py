"""Why a citizen is dissatisfied, and whether they ask for the matter to be taken up again."""

from __future__ import annotations

import re
from collections.abc import Sequence

from asr.types import Utterance
from nlu.types import Evidence
from ticket_draft.scoring.heard import standard
from ticket_draft.scoring.script import CallbackScript

_REOPEN = re.compile(
    r"(?:重新|再次|再|继续|接着|重)(?:帮我|给我|替我)?(?:办理|处理|办|反映|投诉|派"
    r"(?:单)?|登记|查|核实|下单|报|提交|转)(?!了)"
    r"|(?:要|我要|想|得|还要|还会|还得|会)(?:继续|再|接着|重新|一直)?(?:投诉|反映|举报|"
    r"打12345|上访|告)(?!.{0,3}过)"
    r"|(?:要求|希望|请|麻烦|让)(?:你们|他们|再)*[^，。]{0,6}(?:重新|再|继续|尽快)"
    r"(?:给我)?(?:处理|解决|办|来|修|弄|核实|查)"
)


def reasons_of(
    utterances: Sequence[Utterance], script: CallbackScript
) -> tuple[tuple[str, Evidence], ...]:
    """Return each reason of the script that the citizen gives, with where it was first said."""
    found: list[tuple[str, Evidence]] = []
    for reason in script.reasons:
        evidence = _first(utterances, [re.compile(p) for p in reason.patterns])
        if evidence is not None:
            found.append((reason.reason, evidence))
    return tuple(found)


def asks_to_reopen(utterances: Sequence[Utterance]) -> Evidence | None:
    """Return where the citizen asks for the matter to be handled again."""
    return _first(utterances, [_REOPEN])


def _first(utterances: Sequence[Utterance], patterns: list[re.Pattern[str]]) -> Evidence | None:
    for utterance in utterances:
        heard = standard(utterance.text)
        for pattern in patterns:
            match = pattern.search(heard)
            if match is not None:
                return Evidence.of(utterance, *match.span())
    return None
