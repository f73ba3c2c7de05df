"""Errors of the ticket_draft room.

TicketDraftError
├── RuleError        a QA or callback rule cannot be evaluated
└── CalendarError    a deadline needs a year of which the holidays are not known
"""

from __future__ import annotations


class TicketDraftError(Exception):
    """Base of every error of this package; its message says what to do."""

    retryable: bool = False


class RuleError(TicketDraftError):
    """A rule of a QA card or callback script is wrong."""


class CalendarError(TicketDraftError):
    """The working days of a year are not known; add them to the override table."""
