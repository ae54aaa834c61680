"""Erasing a customer on request: personal data go, what was bought and paid stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backoffice import changes
from backoffice.erasure import erase_account, is_erased, origins_of, sign_in_rows
from backoffice.models import AuditEvent, User
from backoffice.refused import ReasonMissing, Refused, Text, UnknownRow
from backoffice.steps import require_permission
from orders.models import (
    Address,
    Contact,
    Customer,
    CustomerNote,
    Message,
    Order,
    OrderNote,
    Payment,
    PaymentIntent,
    Refund,
    WebhookEvent,
)

ERASE = "orders.erase_customer"
UNDER_WAY = ("pending", "processing")


class CustomerHasOpenOrders(Refused):
    """facts: orders (numbers)."""

    sentence = _("Orders of this customer are under way: {orders}.")
    hint = _("Complete or cancel them first; they need the address.")
    http_status = 409


class MoneyInDoubt(Refused):
    sentence = _("A payment of this customer is not settled.")
    hint = _("Wait until the bank has answered.")
    http_status = 409


class ErasedAlready(Refused):
    sentence = _("This customer's data were erased already.")
    http_status = 409


@dataclass(frozen=True)
class ErasurePlan:
    """What an erasure takes and what it leaves, in words and numbers."""

    goes: list[tuple[Text, int]]
    stays: list[tuple[Text, int]]
    refusal: Refused | None


def plan_erasure(customer: User) -> ErasurePlan:
    """Return what erasing a customer would take and leave. Reads only."""
    key = customer.pk
    orders = Order.objects.filter(customer=key)
    goes: list[tuple[Text, int]] = [
        (_("Name, e-mail address and profile of the account"), 0 if is_erased(customer) else 1),
        (_("Sign-in addresses, keys and sessions"), sum(r.count() for r in sign_in_rows(customer))),
        (_("Contacts"), _records(Contact, customer).count()),
        (_("Addresses"), _records(Address, customer).count()),
        (_("Words of letters"), _letters(customer).count()),
        (_("Names and addresses of their clicks"), origins_of(customer).count()),
        (_("What gateways told us"), _webhooks(customer).count()),
    ]
    stays: list[tuple[Text, int]] = [
        (_("Orders and invoices, without name and address"), orders.count()),
        (_("Payments"), Payment.objects.filter(order__customer=key).count()),
        (_("Refunds"), Refund.objects.filter(order__customer=key).count()),
        (
            _("Notes of staff: they are part of the record"),
            OrderNote.objects.filter(order__customer=key).count()
            + CustomerNote.objects.filter(customer=key).count(),
        ),
    ]
    return ErasurePlan(goes, stays, _refusal(customer))


def erase_customer(*, customer_id: UUID, by: User, reason: str) -> Customer:
    """Erase a customer's personal data for good; what they bought and paid stays, without a name.

    reason: their request; required, and without personal data: it stays.
    Refuses: NotAllowed; ReasonMissing; UnknownRow; ErasedAlready; CustomerHasOpenOrders;
    MoneyInDoubt.
    Atomic: locks the person; blanks contacts, addresses, letters and origins, each with an event
    by which the verifier tells it from tampering; one history row; one event with the counts.
    """
    require_permission(by, ERASE, _("erase customers"))
    if not reason.strip():
        raise ReasonMissing(step=_("Erase"))
    with transaction.atomic():
        locked = User.objects.select_for_update(of=("self",)).filter(is_staff=False)
        customer = locked.filter(pk=customer_id).first()
        if customer is None:
            raise UnknownRow(what=_("customer"), key=customer_id)
        plan = plan_erasure(customer)
        if plan.refusal is not None:
            raise plan.refusal
        changes.say(action=ERASE, by=by, reason=reason)
        erased = {}
        for name, rows in _personal(customer).items():
            erased[name] = 0
            for row in rows.iterator(chunk_size=1_000):
                row.erase()
                erased[name] += 1
        _webhooks(customer).update(payload={})
        erased["origins"] = origins_of(customer).count()
        erase_account(customer)
        AuditEvent.record("customer_erased", subject=customer, **erased)
    return Customer.objects.get(pk=customer_id)


def _personal(customer: User) -> dict[str, QuerySet[Any]]:
    return {
        "contacts": _records(Contact, customer),
        "addresses": _records(Address, customer),
        "letters": _letters(customer),
    }


def _records(model: type[Contact | Address], customer: User) -> QuerySet[Any]:
    rows = model._default_manager.filter(customer=customer.pk, erased_at=None)
    return rows.order_by("pk")


def _letters(customer: User) -> QuerySet[Any]:
    return Message.objects.filter(order__customer=customer.pk, erased_at=None).order_by("pk")


def _webhooks(customer: User) -> QuerySet[Any]:
    return WebhookEvent.objects.filter(order__customer=customer.pk).exclude(payload={})


def _refusal(customer: User) -> Refused | None:
    if is_erased(customer):
        return ErasedAlready()
    orders = Order.objects.filter(customer=customer.pk)
    under_way = orders.filter(status__in=UNDER_WAY).order_by("pk")
    numbers = [number for number in under_way.values_list("number", flat=True)[:5] if number]
    if numbers:
        return CustomerHasOpenOrders(orders=", ".join(numbers))
    claims = PaymentIntent.objects.filter(order__in=orders, state__in=PaymentIntent.OPEN)
    return MoneyInDoubt() if claims.exists() else None
