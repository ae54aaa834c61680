"""Deciding what was asked for. The law is in here, so that every door keeps it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice import changes, jobs, steps
from backoffice.approval_flow import APPROVAL_FLOW
from backoffice.approvals.registry import action_named
from backoffice.models import Approval, AuditEvent, User
from backoffice.refused import Refused
from backoffice.steps import require_permission, taking

RUN_KIND = "backoffice.run_approval"


class OwnRequest(Refused):
    sentence = _("Nobody decides about their own request, whatever their role.")
    hint = _("Ask a colleague, or withdraw it.")
    http_status = 403


class NotYourRequest(Refused):
    sentence = _("Only {who} can withdraw this request.")
    hint = _("You can decline it.")
    http_status = 403


@APPROVAL_FLOW.verb("approve")
def approve_approval(
    *, approval_id: int, by: User, reason: str = "", version: int | None = None
) -> Approval:
    """Agree to what a colleague asked for, and have it done for them.

    Refuses: what `taking` refuses; ApprovalOverdue; OwnRequest, superusers included; NotAllowed
    for whoever may not do the thing itself.
    Atomic: locks the approval; one history row, one event, one job. The job runs the verb after
    the commit, as the one who asked; of two approvers at once the second is told who was first.
    """
    with taking(
        APPROVAL_FLOW["approve"], approval_id, by=by, reason=reason, version=version
    ) as approval:
        _require_another(approval, by)
        _decide(approval, by, reason)
        AuditEvent.record(
            "approval_approved", subject=approval, action=approval.action, size=approval.size
        )
        jobs.start(
            RUN_KIND,
            by=approval.asked_by,
            arguments={"approval_id": approval.pk},
            key=approval.run_key,
            label=str(approval),
        )
    # With the immediate backend the result is there by now.
    approval.refresh_from_db()
    return approval


@APPROVAL_FLOW.verb("decline")
def decline_approval(
    *, approval_id: int, by: User, reason: str, version: int | None = None
) -> Approval:
    """Refuse what a colleague asked for; nothing is done.

    reason: required; whoever asked reads it.
    Refuses: what `taking` refuses; OwnRequest (withdraw it instead).
    Atomic: locks the approval; one history row and one event.
    """
    with taking(
        APPROVAL_FLOW["decline"], approval_id, by=by, reason=reason, version=version
    ) as approval:
        _require_another(approval, by)
        _decide(approval, by, reason)
        AuditEvent.record(
            "approval_declined", subject=approval, action=approval.action, size=approval.size
        )
    return approval


@APPROVAL_FLOW.verb("withdraw")
def withdraw_approval(
    *, approval_id: int, by: User, reason: str = "", version: int | None = None
) -> Approval:
    """Take back one's own request.

    Refuses: what `taking` refuses; NotYourRequest.
    Atomic: locks the approval; one history row.
    """
    with taking(
        APPROVAL_FLOW["withdraw"], approval_id, by=by, reason=reason, version=version
    ) as approval:
        if approval.asked_by_id != by.pk:
            raise NotYourRequest(who=approval.asked_by)
        _decide(approval, by, reason)
    return approval


@APPROVAL_FLOW.verb("expire")
def expire_approvals(*, now: datetime | None = None) -> list[Approval]:
    """Close what nobody decided in time; the clock calls this, so nobody's permission is asked.

    Atomic: locks those approvals in key order; one history row each.
    """
    step, moment = APPROVAL_FLOW["expire"], now or timezone.now()
    with changes.change(action=step.action), transaction.atomic():
        overdue = list(Approval.objects.overdue(moment).order_by("pk").values_list("pk", flat=True))
        rows = [
            row
            for row in steps.lock(step, overdue)
            if step.refusal(row) is None and row.expires_at <= moment
        ]
        for row in rows:
            row.decided_at = moment
        steps.write(step, rows)
    return rows


def _require_another(approval: Approval, by: User) -> None:
    """Two people, each of whom may do the thing: rules decide this, never `has_perm` alone."""
    if approval.asked_by_id == by.pk:
        raise OwnRequest
    kind = action_named(approval.action)
    if kind.permission:
        require_permission(by, kind.permission, str(kind.label).lower())


def _decide(approval: Approval, by: User, reason: str) -> None:
    approval.decided_by = by
    approval.decided_at = changes.moment()
    approval.decision_reason = reason
