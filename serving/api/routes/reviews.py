"""What people decide: QA verdicts, values of a draft, and the ticket itself."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from serving.api.dependencies import ActorDep, CallId, ServicesDep, same_origin
from serving.api.problems import problem_responses
from serving.api.repeats import check_mergeable
from serving.api.roles import ViewerDep
from serving.api.schemas import (
    AuditRow,
    CorrectedAgency,
    Edit,
    Override,
    OverrideRequest,
    ReturnRequest,
    SubmittedTicket,
)
from serving.api.services import Services
from serving.api.views import result_of, submitted_of
from serving.contract import CallModel
from serving.errors import CallStateError, ReviewError
from serving.review import DraftEdits, check_has_draft, ticket_content

router = APIRouter(tags=["decisions"], dependencies=[Depends(same_origin)])


@router.put(
    "/api/calls/{call_id}/qa/{rule_id}",
    summary="Overrule a QA finding",
    responses=problem_responses(403, 404, 409, 422),
)
def overrule(
    call_id: CallId,
    rule_id: str,
    body: OverrideRequest,
    services: ServicesDep,
    viewer: ViewerDep,
    actor: ActorDep,
) -> Override:
    """Put a person's verdict, with its reason, beside the machine's; both are kept."""
    finished = _finished(services, call_id)
    viewer.check_decides(finished.profile)
    known = [finding.rule_id for finding in finished.qa.findings]
    if rule_id not in known:
        raise ReviewError(f"no finding {rule_id!r} in this call; one of: {', '.join(known)}")
    if body.passed and body.deduction:
        raise ReviewError("a rule that was kept takes no points; send deduction 0")
    made = services.reviews.override(
        call_id,
        rule_id,
        passed=body.passed,
        deduction=body.deduction,
        reason=body.reason,
        actor=actor,
    )
    return Override.model_validate(made)


@router.patch(
    "/api/calls/{call_id}/draft",
    summary="Change fields of the draft",
    responses=problem_responses(403, 404, 409, 422),
)
def edit(
    call_id: CallId, body: DraftEdits, services: ServicesDep, viewer: ViewerDep, actor: ActorDep
) -> list[Edit]:
    """Set fields of a draft; what the machine proposed stays beside them."""
    call = services.calls.get(call_id)
    viewer.check_decides(call.profile)
    # While the call goes on there is a draft to correct, though no result yet.
    if call.state != "live":
        check_has_draft(_finished(services, call_id).ticket)
    values = body.values()
    if body.merge_with is not None:
        check_mergeable(services, call_id, call.profile, body.merge_with)
    made = services.reviews.edit(call_id, values, actor)
    _learn(services, call_id, values.get("agency"), actor)
    return [Edit.model_validate(row) for row in made]


@router.post(
    "/api/calls/{call_id}/ticket",
    status_code=201,
    summary="Submit the ticket",
    responses=problem_responses(403, 404, 409, 422),
)
def submit(
    call_id: CallId, services: ServicesDep, viewer: ViewerDep, actor: ActorDep
) -> SubmittedTicket:
    """Make the draft, with people's values in it, a ticket; it cannot be changed afterwards."""
    viewer.check_decides(_finished(services, call_id).profile)
    ticket = services.reviews.submit(call_id, ticket_content, actor)
    # An agency that was set while the call went on is learned now that its words are there.
    _learn(services, call_id, ticket.content.get("agency"), actor)
    return submitted_of(ticket)


@router.post(
    "/api/calls/{call_id}/returned",
    status_code=201,
    summary="Note that a unit returned the ticket",
    responses=problem_responses(403, 404, 409, 422),
)
def returned(
    call_id: CallId,
    body: ReturnRequest,
    services: ServicesDep,
    viewer: ViewerDep,
    actor: ActorDep,
) -> CorrectedAgency:
    """Note that a unit sent a submitted ticket back, and where it goes instead.

    The next call with such a matter is less likely to be given to that unit.
    """
    call = _finished(services, call_id)
    viewer.check_decides(call.profile)
    if services.reviews.of(call_id).ticket is None:
        raise CallStateError(f"call {call_id} has no submitted ticket that could be returned")
    pipeline = services.hotlines.get(call.profile)
    made = services.corrections.returned(pipeline, call, body.agency, body.to, actor)
    return CorrectedAgency.model_validate(made)


@router.get("/api/calls/{call_id}/audit", summary="Who did what")
def audit(call_id: CallId, services: ServicesDep) -> list[AuditRow]:
    """Return the decisions on a call, oldest first; they outlive the call itself."""
    return [AuditRow.model_validate(row) for row in services.reviews.audit(call_id)]


def _learn(services: Services, call_id: str, agency: str | None, actor: str) -> None:
    """Let the hotline know the right agency of a call whose result is there."""
    call = result_of(services.calls.get(call_id))
    if call is not None and agency is not None:
        pipeline = services.hotlines.get(call.profile)
        services.corrections.corrected(pipeline, call, agency, actor)


def _finished(services: Services, call_id: str) -> CallModel:
    call = services.calls.get(call_id)
    result = result_of(call)
    if result is None:
        raise CallStateError(f"call {call_id} is {call.state}; decide when its result is there")
    return result
