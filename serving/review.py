"""People's decisions put over what the machine said, without changing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from serving.clock import CHINA_TIME
from serving.contract import LocationModel, Moment, QAModel, TicketModel
from serving.errors import ReviewError
from serving.profile import Profile
from serving.store.tables import QAOverride
from ticket_draft.deadlines import deadline_for
from ticket_draft.routing import sign_off_of
from ticket_draft.rules import Matter

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Paragraphs = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000)]


_ASKED_BY = {
    "caller.surname": "surname",
    "caller.phone": "phone",
    "content": "demand",
    "location": "location",
    "occurred_at": "occurred_at",
    "request_type": "request_type",
}
"""What a rule of completeness asks for, by the field that answers it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What depends on several fields of a draft."""

    due_at: datetime | None
    respond_by: datetime | None
    sign_off: str | None
    missing: tuple[str, ...]


class DraftEdits(BaseModel):
    """New values for fields of a draft; fields that are not named stay, null empties one."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    title: Line | None = None
    request_type: Line | None = None
    category: Annotated[list[Line], Field(min_length=1, max_length=8)] | None = None
    summary: Paragraphs | None = None
    content: Paragraphs | None = None
    location: LocationModel | None = None
    occurred_at: Moment | None = None
    agency: Line | None = None
    merge_with: Line | None = None
    """Id of the earlier call whose ticket this request is merged with."""
    urgency: Line | None = None
    surname: Line | None = Field(default=None, alias="caller.surname")
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9+*-]{3,20}$")] | None = Field(
        default=None, alias="caller.phone"
    )

    def values(self) -> dict[str, Any]:
        """Return what is to be changed, by field, as plain data; ReviewError for nothing."""
        if self.occurred_at is not None and self.occurred_at.tzinfo is None:
            edited = self.model_copy(
                update={"occurred_at": self.occurred_at.replace(tzinfo=CHINA_TIME)}
            )
            return edited.values()
        values = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        if not values:
            raise ReviewError('no field is named; send at least one, such as {"title": …}')
        return values


def ticket_content(result: Mapping[str, Any] | None, edits: Mapping[str, Any]) -> dict[str, Any]:
    """Return a ticket as plain values: the machine's, and people's where they set one.

    Raises ReviewError for a call that has no draft.
    """
    draft = result.get("ticket") if result else None
    if draft is None:
        raise ReviewError("the call has no ticket draft: it is a callback or has no result yet")
    values = {name: _plain(field) for name, field in draft.items() if name != "caller"}
    values["caller"] = {name: _plain(field) for name, field in draft["caller"].items()}
    for name, value in edits.items():
        place, _, inner = name.partition(".")
        if inner:
            values[place][inner] = value
        else:
            values[name] = value
    values["edited"] = sorted(edits)
    return values


def with_edits(ticket: TicketModel, edits: Mapping[str, Any]) -> TicketModel:
    """Return a draft with the title, number and place that people set in the machine's stead."""
    changed: dict[str, Any] = {}
    if "title" in edits:
        changed["title"] = ticket.title.model_copy(update={"value": edits["title"]})
    if "location" in edits:
        place = edits["location"]
        value = None if place is None else LocationModel.model_validate(place)
        changed["location"] = ticket.location.model_copy(update={"value": value})
    if "caller.phone" in edits:
        phone = ticket.caller.phone.model_copy(update={"value": edits["caller.phone"]})
        changed["caller"] = ticket.caller.model_copy(update={"phone": phone})
    return ticket.model_copy(update=changed)


def check_has_draft(ticket: TicketModel | None) -> None:
    """Raise ReviewError for a call without a draft."""
    if ticket is None:
        raise ReviewError("the call has no ticket draft: it is a callback or has no result yet")


def standing(
    profile: Profile, ticket: TicketModel, edits: Mapping[str, Any], received_at: datetime
) -> Standing:
    """Return what follows from a draft's fields once people's values are put over them.

    Raises CalendarError when the deadline falls into a year of unknown holidays.
    """
    if not edits:
        return Standing(ticket.due_at, ticket.respond_by, ticket.sign_off, tuple(ticket.missing))
    matter = Matter(
        request_type=edits.get("request_type", ticket.request_type.value),
        urgency=edits.get("urgency", ticket.urgency.value),
        category=tuple(edits.get("category", ticket.category.value) or ()),
        agency=edits.get("agency", ticket.agency.value),
    )
    deadline = deadline_for(profile.deadlines, matter, received_at.astimezone(CHINA_TIME))
    filled = {_ASKED_BY.get(field) for field, value in edits.items() if value is not None}
    settled = {rule.label for rule in profile.tickets.required if rule.needs in filled}
    return Standing(
        deadline.due_at if deadline else None,
        deadline.respond_by if deadline else None,
        sign_off_of(profile.tickets, matter),
        tuple(label for label in ticket.missing if label not in settled),
    )


def reviewed_score(qa: QAModel, overrides: Mapping[str, QAOverride]) -> float:
    """Return the score of a call with people's verdicts in place of the machine's."""
    points = qa.score
    for finding in qa.findings:
        override = overrides.get(finding.rule_id)
        if override is not None:
            points += finding.deduction - override.deduction
    return round(min(max(points, 0.0), qa.max_score), 2)


def _plain(field: Any) -> Any:
    """Return values alone: of a field its value, of what holds fields the same without evidence."""
    if isinstance(field, dict):
        if "evidence" in field and "value" in field:
            return field["value"]
        return {name: _plain(inner) for name, inner in field.items() if name != "evidence"}
    if isinstance(field, list):
        return [_plain(inner) for inner in field]
    return field
