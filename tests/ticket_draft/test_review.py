"""The step that checks a dispatch proposal before the ticket is sent."""

from __future__ import annotations

from nlu.types import Field
from ticket_draft.routing import review_flags
from ticket_draft.rules import DispatchReview, Matter, Scope

REVIEW = DispatchReview("审核席")
MATTER = Matter("投诉", "一般", ("住房保障", "办证", "房产证"), "税务局")
PROPOSED = Field("税务局", 0.5, (), (("自然资源局", 0.2), ("住建局", 0.1), ("区政府", 0.05)))


def test_the_reviewer_sees_the_proposal_and_what_came_next() -> None:
    (flag,) = review_flags(REVIEW, MATTER, PROPOSED)
    assert "审核席" in flag
    assert "拟主办：税务局" in flag
    assert "自然资源局、住建局" in flag
    assert "区政府" not in flag


def test_an_open_proposal_is_said_to_be_open() -> None:
    (flag,) = review_flags(REVIEW, MATTER, Field.empty("把握不足"))
    assert "主办单位待定" in flag


def test_no_review_where_there_is_none_or_the_ticket_is_out_of_its_scope() -> None:
    assert review_flags(None, MATTER, PROPOSED) == ()
    questions = DispatchReview("审核席", Scope(request_types=("咨询",)))
    assert review_flags(questions, MATTER, PROPOSED) == ()
