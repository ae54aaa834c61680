"""The gate that a verb passes before it does anything: go on, or ask a second person."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history
from backoffice.approvals.registry import action_named, measure_in_words
from backoffice.models import Approval, ApprovalRule, User
from backoffice.refused import Refused, Text

CENT = Decimal("0.01")


class ApprovalAsked(Refused):
    """Nothing was done: it was stored, and waits. Doors show it as news, not as an error."""

    sentence = _("Asked for approval: a manager decides until {until}.")
    http_status = 202

    @property
    def approval(self) -> Approval:
        return self.facts["approval"]


class MoreThanApproved(Refused):
    sentence = _("Approved were {approved}; by now it would be {measure}.")
    hint = _("Ask again.")
    http_status = 409


@dataclass(frozen=True)
class Vouched:
    """What a second person has agreed to: the action, and up to which size."""

    uuid: UUID
    action: str
    measure: Decimal
    currency: str


_vouched: ContextVar[Vouched | None] = ContextVar("approval_vouched", default=None)


def gate(
    *,
    action: str,
    measure: Decimal | int,
    arguments: Mapping[str, Any],
    by: User,
    reason: str,
    currency: str = "",
    subject: models.Model | None = None,
    plan: Sequence[tuple[Text, Any]] = (),
) -> None:
    """Return when the action needs nobody else, or a second person has agreed to it.

    A verb calls this outside of every transaction, after its permission and what it can refuse at
    once, before its first effect. measure: an amount, or how many rows. arguments: the verb's
    keywords as JSON holds them, without `by` and `reason`. plan: label and value, for whoever
    decides; no personal data.
    Refuses: ApprovalAsked when a rule asks for a second person: stored, or found when the same
    was asked before and still waits. MoreThanApproved when the approved run has grown.
    Atomic: writes one approval with its history row, in a transaction of its own.
    """
    kind = action_named(action)
    size = Decimal(measure).quantize(CENT)
    if _is_vouched(action, size, currency):
        return
    rule = rule_for(action=action, measure=size, currency=currency)
    if rule is None:
        return
    approval = Approval(
        rule=rule,
        action=kind.name,
        arguments=json.loads(json.dumps(dict(arguments), cls=DjangoJSONEncoder)),
        measure=size,
        currency=currency,
        subject_kind=subject._meta.label if subject is not None else "",
        subject_key=str(subject.pk) if subject is not None else "",
        subject_title=str(subject)[:200] if subject is not None else "",
        plan=[[str(label), str(value)] for label, value in plan],
        asked_by=by,
        reason=reason,
        expires_at=timezone.now() + timedelta(hours=rule.expires_hours),
    )
    approval.fingerprint = fingerprint_of(approval)
    approval = _ask(approval, by=by, reason=reason)
    until = date_format(timezone.localtime(approval.expires_at), "j M, H:i")
    raise ApprovalAsked(approval=approval, until=until)


def rule_for(*, action: str, measure: Decimal, currency: str = "") -> ApprovalRule | None:
    """Return the rule that asks for a second person, or None.

    A currency's own rule goes before the one for every currency.
    """
    rules = ApprovalRule.objects.filter(
        action=action, is_active=True, currency__in={currency, ""}
    ).order_by("-currency")
    rule = rules.first()
    return rule if rule is not None and measure > rule.above else None


def fingerprint_of(approval: Approval) -> str:
    """Return what is the same in two asks for the same thing."""
    same = [approval.action, approval.subject_kind, approval.subject_key, approval.arguments]
    return hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()


@contextmanager
def vouched(approval: Approval) -> Iterator[None]:
    """Let the approved action pass the gate inside: for its run, and for the jobs it started.

    Refuses nothing by itself: an approval that is not approved opens no gate.
    """
    token = _vouched.set(
        Vouched(approval.uuid, approval.action, approval.measure, approval.currency)
        if approval.state == "approved"
        else None
    )
    try:
        yield
    finally:
        _vouched.reset(token)


@contextmanager
def vouched_by(uuid: UUID | str | None) -> Iterator[None]:
    """As `vouched`, for work that kept only the approval's uuid (`running`); None changes none."""
    approval = Approval.objects.filter(uuid=uuid).first() if uuid else None
    if approval is None:
        yield
        return
    with vouched(approval):
        yield


def running() -> UUID | None:
    """Return the approval whose run this is: what a verb gives to a job that works on for it."""
    found = _vouched.get()
    return found.uuid if found is not None else None


def _is_vouched(action: str, measure: Decimal, currency: str) -> bool:
    agreed = _vouched.get()
    if agreed is None or agreed.action != action or agreed.currency != currency:
        return False
    if measure > agreed.measure:
        raise MoreThanApproved(
            approved=measure_in_words(agreed.measure, currency, action=action),
            measure=measure_in_words(measure, currency, action=action),
        )
    return True


def _ask(approval: Approval, *, by: User, reason: str) -> Approval:
    """Store what is asked for, once: two presses at the same time leave one."""
    from backoffice.approvals.verbs import expire_approvals

    same = Approval.objects.filter(
        asked_by=by, fingerprint=approval.fingerprint, state="waiting"
    ).select_related("rule")
    with changes.change(action="backoffice.ask_approval", by=by, note=reason):
        if (earlier := same.first()) is not None:
            if earlier.is_waiting:
                return earlier
            expire_approvals()
        try:
            with transaction.atomic(durable=True):
                return history.insert_rows([approval], step="ask")[0]
        except IntegrityError:
            if (earlier := same.first()) is None:
                raise
            return earlier
