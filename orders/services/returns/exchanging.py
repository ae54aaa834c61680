"""An exchange: a new order for what came back, paid as far as its worth goes by that worth.

The credit is money of both orders: what the old one gives back, the new one has received. So every
rule about money holds for it without knowing of exchanges: it cannot be refunded a second time
where it came from, and goes back from the new order if that is cancelled or returned in its turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes
from backoffice.models import User
from orders.facts import ZERO
from orders.models import Order, Payment, Refund, RefundLine, Return
from orders.refusals import OtherCurrency
from orders.services.addresses import address_order
from orders.services.amounts import spread
from orders.services.drafts import write_order
from orders.services.line_drafts import LineDraft
from orders.services.place import place_order
from orders.services.returns.facts import locked_return
from orders.services.returns.settling import close_if_settled
from orders.states import EXCHANGED, RETURN_FLOW

EXCHANGE = RETURN_FLOW["exchange"]


@RETURN_FLOW.verb("exchange")
@transaction.atomic
def exchange_return(
    *,
    return_id: int,
    lines: Sequence[LineDraft],
    by: User,
    reason: str,
    shipping_fee: Decimal = ZERO,
    version: int | None = None,
) -> Order:
    """Write and place an order for the same customer, and pay it with what is due for a return.

    lines: what the customer gets instead, at the prices of now. shipping_fee: of the new order.
    What is due beyond its total stays due, to be refunded; what it costs beyond that is to be paid.
    A return of which nothing is due any more closes.
    Refuses: what `taking` refuses; ClaimOpen; RefundAsked; ExchangedAlready; NothingCameBack;
    NothingDue; and what writing and placing an order refuse, NotEnoughStock among it (then nothing
    at all is done).
    Atomic: locks the order, the return, then the stock levels of the new order in order; a refund
    of the old order and a payment of the new one, no gateway; one history row for the return.
    """
    with locked_return(EXCHANGE, return_id, by=by, reason=reason, version=version) as row:
        order = _ordered(row, lines, shipping_fee=shipping_fee, by=by, reason=reason)
        credit = min(row.facts.due, order.total)
        if credit > 0:
            _credit(row, order, credit)
        row.exchange = order
    close_if_settled(return_id, by=by)
    return order


def _ordered(
    row: Return, lines: Sequence[LineDraft], *, shipping_fee: Decimal, by: User, reason: str
) -> Order:
    """Write and place the new order, to whom and where the old one went."""
    old = row.order
    said = reason or str(_("Exchange for {number}")).format(number=row.number)
    order = write_order(
        customer_id=old.customer_id,
        lines=lines,
        shipping_fee=shipping_fee,
        channel=old.channel,
        by=by,
        reason=said,
    )
    if order.currency != old.currency:
        raise OtherCurrency(sku=order, currency=order.currency, wanted=old.currency)
    known = {
        f"{name}_id": record.pk
        for name in ("contact", "shipping_address", "billing_address")
        if (record := getattr(old, name)) is not None and record.erased_at is None
    }
    address_order(order_id=order.pk, by=by, reason=said, **known)
    return place_order(order_id=order.pk, by=by, reason=said)


def _credit(row: Return, order: Order, credit: Decimal) -> None:
    """Give back on the old order what the new one receives, under the open change set."""
    old, said = row.order, {"change_set": changes.require(), "at": changes.moment()}
    refund = Refund.objects.create(
        order=old,
        amount=credit,
        lowers_due_by=credit,
        currency=old.currency,
        of_return=row,
        reason_code=EXCHANGED,
        note=str(_("Credited to {order}, the exchange for {number}.")).format(
            order=order, number=row.number
        ),
        **said,
    )
    RefundLine.objects.bulk_create(
        RefundLine(refund=refund, line_id=line_id, quantity=units, amount=amount)
        for (line_id, units), amount in zip(
            row.facts.open_units.items(),
            spread(credit, list(row.facts.open_worth.values())),
            strict=True,
        )
    )
    Payment.objects.create(
        order=order,
        kind=Payment.Kind.RECEIVED,
        amount=credit,
        currency=order.currency,
        message=str(_("Credit of {number} ({order})")).format(number=row.number, order=old)[:300],
        **said,
    )
