"""The state machine of an approval: asked for, then decided once by somebody else."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from backoffice.flows import Ask, Flow, State, Step
from backoffice.refused import Refused


class ApprovalOverdue(Refused):
    sentence = _("This could be approved until {until}.")
    hint = _("Ask again: what it is about may have changed meanwhile.")
    http_status = 409


def not_overdue(approval: Any) -> Refused | None:
    """its time is over"""
    if approval.expires_at > timezone.now():
        return None
    return ApprovalOverdue(until=date_format(timezone.localtime(approval.expires_at), "j M, H:i"))


APPROVAL_FLOW = Flow(
    "backoffice.Approval",
    field="state",
    states=[
        State("waiting", _("Waiting"), "warning"),
        State("approved", _("Approved"), "success"),
        State("declined", _("Declined"), "danger"),
        State("withdrawn", _("Withdrawn"), "neutral"),
        State("expired", _("Expired"), "neutral"),
    ],
    steps=[
        Step(
            "ask",
            "",
            "waiting",
            _("Ask"),
            _("a verb met a rule and stored what it would have done"),
        ),
        Step(
            "approve",
            "waiting",
            "approved",
            _("Approve"),
            _("it is done at once, in the name of whoever asked"),
            asks=(Ask("reason", _("Remark"), help=_("Whoever asked reads it.")),),
            tone="success",
            guards=(not_overdue,),
        ),
        Step(
            "decline",
            "waiting",
            "declined",
            _("Decline"),
            _("nothing is done"),
            asks=(Ask("reason", _("Reason"), required=True, help=_("Whoever asked reads it.")),),
            tone="danger",
            permission="approve_approval",
        ),
        Step(
            "withdraw",
            "waiting",
            "withdrawn",
            _("Withdraw"),
            _("whoever asked no longer wants it"),
            asks=(Ask("reason", _("Remark")),),
            tone="warning",
            permission="ask_approval",
        ),
        Step(
            "run",
            "approved",
            "",
            _("Carry out"),
            _("the verb runs once, as whoever asked; the job takes this step"),
            tone="info",
            permission="approve_approval",
        ),
        Step(
            "expire",
            "waiting",
            "expired",
            _("Expire"),
            _("nobody decided in time; the clock takes this step"),
            permission="approve_approval",
        ),
    ],
)
