"""When a business's request goes to supervision (企业诉求转督办)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from asr.types import Transcript
from nlu.types import Facts
from ticket_draft.rules import SupervisionRule
from ticket_draft.transfer import said
from ticket_draft.types import CallbackScore


def supervision_flags(
    rule: SupervisionRule | None, facts: Facts | None, received_at: datetime
) -> tuple[str, ...]:
    """Return what a business's new request asks of supervision: now, or if it stays open."""
    if rule is None or facts is None or facts.party.value != "enterprise":
        return ()
    flags = []
    if rule.raised_times and (facts.earlier_calls.value or 0) + 1 >= rule.raised_times:
        flags.append(f"企业诉求再次反映，转{rule.supervised_by}督办")
    if rule.open_days is not None:
        last_day = (received_at + timedelta(days=rule.open_days)).date()
        flags.append(
            f"企业诉求，{rule.open_days}日内（{last_day.isoformat()}前）未办结转"
            f"{rule.supervised_by}督办"
        )
    return tuple(flags)


def supervised(
    rule: SupervisionRule | None,
    transcript: Transcript,
    facts: Facts | None,
    score: CallbackScore,
) -> CallbackScore:
    """Return a callback's score with what a business's answers ask of supervision.

    That a business is called may be said by either side.
    """
    if rule is None or not rule.dissatisfied or score.satisfaction.value != "dissatisfied":
        return score
    is_business = facts is not None and facts.party.value == "enterprise"
    if not is_business and not said(rule.called_as, transcript.of("agent")):
        return score
    return replace(score, flags=(*score.flags, f"企业诉求一次不满意，转{rule.supervised_by}督办"))
