"""Bringing our book of a charge up to the gateway's: money that moved there without us is a fact.

Asked whenever the gateway says that something happened. Running it twice, or late, changes nothing.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice import changes
from backoffice.refused import ServiceUnavailable
from orders.facts import CENT, ZERO, load_facts
from orders.integrations.gateway import ChargeState, TellsOfCharges
from orders.models import Order, Payment, PaymentIntent, Refund

TRIES = 3


class OrderIsBusy(ServiceUnavailable):
    """The job's word for “again later”."""

    sentence = gettext_lazy("A step of the order is moving money itself.")
    hint = gettext_lazy("It is tried again.")


def reconcile_charge(*, order: Order, charge: str, bank: TellsOfCharges) -> str:
    """Record what happened to a charge at its gateway and is not in our book; say what it was.

    Refuses: OrderIsBusy while a step of the order moves money itself (it records that; afterwards
    the books are compared again). Raises GatewayTimeout, GatewayDown.
    Atomic: locks the order; facts only. Call it outside of a transaction.
    """
    for _try in range(TRIES):
        before = _last_facts(order)
        state = bank.look_at(charge=charge, currency=order.currency)
        with changes.change(action="orders.reconcile", channel="webhook"), transaction.atomic():
            locked = Order.objects.select_for_update(of=("self",), no_key=True).get(pk=order.pk)
            load_facts([locked])
            if locked.facts.claim is not None:
                raise OrderIsBusy
            # What was written while we looked would make what we saw look like a difference.
            if _last_facts(order) == before:
                return _record(locked, charge, state, bank.name)
    raise OrderIsBusy


def _last_facts(order: Order) -> tuple[int | None, ...]:
    tables = (Payment.objects, Refund.objects, PaymentIntent.objects)
    return tuple(
        table.filter(order=order).order_by("-pk").values_list("pk", flat=True).first()
        for table in tables
    )


def _record(order: Order, charge: str, state: ChargeState, bank: str) -> str:
    ours = next((c for c in order.facts.charges if c.charge == charge), None)
    authorised = ours.authorised if ours else ZERO
    captured = ours.captured if ours else ZERO
    refunded = ours.refunded if ours else ZERO
    said = []

    def pay(kind: str, amount: Decimal, words: str) -> None:
        Payment.objects.create(
            order=order,
            kind=kind,
            amount=amount,
            currency=order.currency,
            gateway=bank,
            charge=charge,
            message=words,
            change_set=changes.require(),
            at=changes.moment(),
        )
        said.append(f"{words} {amount:,.2f} {order.currency}.")

    reserved = max(state.authorised, state.captured)
    if reserved > authorised:
        pay(Payment.Kind.AUTHORISED, reserved - authorised, _("Authorised at the gateway:"))
        authorised = reserved
    if state.captured > captured:
        pay(Payment.Kind.CAPTURED, state.captured - captured, _("Captured at the gateway:"))
        captured = state.captured
    still_open = authorised - captured - (ours.voided if ours else ZERO)
    if still_open - state.authorised >= CENT:
        pay(Payment.Kind.VOIDED, still_open - state.authorised, _("Released at the gateway:"))
    # A refund that failed later stands in our book as money captured once more.
    given = refunded - (captured - state.captured)
    if state.refunded > given:
        said.append(_refund(order, charge, state.refunded - given))
    elif given > state.refunded:
        words = _("A refund failed later; the money is back:")
        pay(Payment.Kind.CAPTURED, given - state.refunded, words)
    return " ".join(said)


def _refund(order: Order, charge: str, amount: Decimal) -> str:
    """Record money that somebody gave back at the gateway itself."""
    load_facts([order])
    facts = order.facts
    spare = facts.returnable if order.status == "cancelled" else max(-facts.due, ZERO)
    words = _("Refunded at the gateway, not from here:")
    Refund.objects.create(
        order=order,
        amount=amount,
        currency=order.currency,
        charge=charge,
        lowers_due_by=amount - min(amount, spare),
        reason_code="other",
        note=words.rstrip(":"),
        change_set=changes.require(),
        at=changes.moment(),
    )
    return f"{words} {amount:,.2f} {order.currency}."
