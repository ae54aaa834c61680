"""An action that may need four eyes: paying out, above 200 EUR. Its effect is one event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from backoffice import approvals, changes
from backoffice.approvals import registry
from backoffice.models import Approval, ApprovalRule, AuditEvent, User
from backoffice.refused import Refused
from backoffice.steps import require_permission

PAY_OUT = "tests.pay_out"
# What support and manager may, and auditors may not.
MAY = "orders.cancel_order"


class TillEmpty(Refused):
    sentence = "The till is empty."


@dataclass
class Till:
    """A verb with a gate, as those of the trade have it."""

    is_empty: bool = False
    breaks: list[Exception] = field(default_factory=list)

    def pay_out(self, *, amount: str, by: User, reason: str) -> None:
        require_permission(by, MAY, "pay out")
        if self.is_empty:
            raise TillEmpty
        approvals.gate(
            action=PAY_OUT,
            measure=Decimal(amount),
            currency="EUR",
            arguments={"amount": amount},
            by=by,
            reason=reason,
            plan=[("Amount", amount)],
        )
        with transaction.atomic():
            changes.say(action=PAY_OUT, by=by, reason=reason)
            AuditEvent.record("paid_out", amount=amount)
        if self.breaks:
            raise self.breaks.pop()

    @property
    def paid(self) -> list[AuditEvent]:
        return list(AuditEvent.objects.filter(kind="paid_out"))


@pytest.fixture
def till() -> Iterator[Till]:
    till = Till()

    def pay_out(**given: Any) -> None:
        till.pay_out(**given)  # looked up at the call: a test may have broken it

    approvals.action(
        PAY_OUT,
        label="Pay out",
        unit="money",
        verb=pay_out,
        permission=MAY,
    )
    yield till
    del registry._actions[PAY_OUT]


@pytest.fixture
def rule(till: Till, admin: User) -> ApprovalRule:
    return approvals.make_rule(
        action=PAY_OUT, above=Decimal(200), currency="EUR", by=admin, reason="so agreed"
    )


@pytest.fixture
def ask(till: Till, rule: ApprovalRule, support: User) -> Callable[..., Approval]:
    """Return a function that asks for a payment that is too large for one person."""

    def ask(amount: str = "480.00", by: User | None = None, reason: str = "broken") -> Approval:
        asker = by or support
        with (
            changes.change(separate=True, by=asker, channel="admin"),
            pytest.raises(approvals.ApprovalAsked) as asked,
        ):
            till.pay_out(amount=amount, by=asker, reason=reason)
        return asked.value.approval

    return ask


@pytest.fixture
def approve(manager: User, django_capture_on_commit_callbacks: Any) -> Callable[..., Approval]:
    """Return a function that approves as a manager, and lets the job run."""

    def approve(approval: Approval, by: User | None = None, reason: str = "") -> Approval:
        who = by or manager
        with (
            django_capture_on_commit_callbacks(execute=True),
            changes.change(separate=True, by=who, channel="admin"),
        ):
            approvals.approve_approval(approval_id=approval.pk, by=who, reason=reason)
        return Approval.objects.get(pk=approval.pk)

    return approve
