"""What gateways tell us by themselves: stored by its id first, understood later, by a job.

An event is a hint, never the truth: it makes us look at the charge it is about, so that its order
and its repetition do not matter.
"""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice import jobs, steps
from backoffice.models import AuditEvent, User
from backoffice.refused import Refused, ServiceUnavailable, UnknownRow
from orders.integrations import stripe_events
from orders.integrations.gateway import GatewayDown, GatewayTimeout, TellsOfCharges
from orders.integrations.stripe_gateway import StripeGateway
from orders.models import Order, Payment, PaymentIntent, WebhookEvent
from orders.services import claims, reconcile
from orders.services.settle import may_be_under_way

KIND = "orders.handle_webhook"
PERMISSION = "orders.handle_webhookevent"
State = WebhookEvent.State


@transaction.atomic
def receive_webhook(*, gateway: str, event: stripe_events.Event) -> WebhookEvent:
    """Store what a gateway told, and have it handled after the commit; the same event once.

    Refuses: nothing; whoever calls has checked the signature.
    Atomic: one event and one job, or nothing for one that was stored before.
    """
    row, is_new = WebhookEvent.objects.get_or_create(
        gateway=gateway,
        event_id=event.id,
        defaults={"kind": event.kind, "payload": event.payload},
    )
    if is_new:
        _start(row, by=None)
    return row


def handle_webhook(*, event_id: int) -> WebhookEvent:
    """Do what a stored event asks for: settle the open claim it is about, then compare the books.

    Refuses: UnknownRow; ServiceUnavailable when the gateway cannot be asked now, or the order's
    own step is still at it (the job tries again). Call it outside of a transaction.
    """
    row = WebhookEvent.objects.filter(pk=event_id).first()
    if row is None:
        raise UnknownRow(what=WebhookEvent._meta.verbose_name, key=event_id)
    if row.state in {State.DONE, State.UNKNOWN}:
        return row
    charge = stripe_events.charge_of(row.kind, row.payload)
    if not charge:
        return _close(row, State.UNKNOWN, _("Nothing that moves money of an order."))
    order = _order_of(charge, stripe_events.key_of(row.payload))
    if order is None:
        return _close(row, State.UNKNOWN, _("No order here has this charge."))
    bank: TellsOfCharges = StripeGateway()
    try:
        settled = _settle(order, charge)
        found = reconcile.reconcile_charge(order=order, charge=charge, bank=bank)
    except (GatewayDown, GatewayTimeout) as error:
        _close(row, State.FAILED, _("Stripe could not be asked."), order)
        raise ServiceUnavailable(service=bank.label) from error
    except ServiceUnavailable as refusal:
        _close(row, State.FAILED, str(refusal), order)
        raise
    return _close(row, State.DONE, f"{settled} {found}".strip() or _("Known already."), order)


@transaction.atomic
def handle_webhook_again(*, webhook_event_id: int, by: User, reason: str = "") -> WebhookEvent:
    """Have a stored event handled once more: nothing that it tells is recorded twice.

    Refuses: NotAllowed; UnknownRow.
    Atomic: one event row, one job, one entry in the audit log.
    """
    steps.require_permission(by, PERMISSION, _("handle webhook events again"))
    row = WebhookEvent.objects.select_for_update().filter(pk=webhook_event_id).first()
    if row is None:
        raise UnknownRow(what=WebhookEvent._meta.verbose_name, key=webhook_event_id)
    row.state, row.outcome, row.handled_at = State.WAITING, "", None
    row.save(update_fields=["state", "outcome", "handled_at"])
    AuditEvent.record("webhook_handled_again", subject=row, reason=reason)
    _start(row, by=by)
    return row


def _start(row: WebhookEvent, *, by: User | None) -> None:
    jobs.start(
        KIND,
        by=by,
        arguments={"event_id": row.pk},
        key=f"webhook:{row.pk}" if by is None else f"webhook:{row.pk}:{uuid.uuid4().hex}",
        label=str(row),
    )


def _order_of(charge: str, key: str) -> Order | None:
    """Return the order that a charge belongs to: by our books, or by the key it carries."""
    payment = Payment.objects.filter(charge=charge).select_related("order").first()
    if payment is not None:
        return payment.order
    try:
        intent = PaymentIntent.objects.filter(uuid=uuid.UUID(key)).select_related("order").first()
    except ValueError:
        return None
    return intent.order if intent is not None else None


def _settle(order: Order, charge: str) -> str:
    """Settle the order's open claim when it is about this charge: the same key, asked again."""
    claim = (
        PaymentIntent.objects.filter(order=order, state__in=PaymentIntent.OPEN)
        .filter(charge__in=("", charge))
        .select_related("order", "by")
        .first()
    )
    if claim is None:
        return ""
    if may_be_under_way(claim):
        raise reconcile.OrderIsBusy
    try:
        claims.pursue(claim, is_first=False)
    except ServiceUnavailable:
        raise
    except Refused as refusal:
        return str(refusal)
    return _("The open claim was settled.")


def _close(row: WebhookEvent, state: str, outcome: str, order: Order | None = None) -> WebhookEvent:
    row.state, row.outcome, row.order = state, outcome[:300], order
    row.handled_at = timezone.now()
    row.save(update_fields=["state", "outcome", "order", "handled_at"])
    return row
