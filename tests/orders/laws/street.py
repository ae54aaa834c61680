"""A street of random steps: whatever staff may do to a few orders of a few products, in any order.

Every step is one verb, called as a door calls it. A refusal is an answer; anything else is a bug.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from backoffice import changes
from backoffice.models import User
from backoffice.refused import Refused
from catalog.models import Product
from orders import services
from orders.models import Customer, Order, PaymentIntent, Return, Shipment
from orders.services import Inspected, LineDraft
from orders.states import ORDER_FLOW

CARDS = (
    "tok_visa",
    "tok_declined",
    "tok_timeout",
    "tok_charged_timeout",
    "tok_capture_declined",
    "tok_capture_timeout",
    "tok_return_timeout",
    "tok_refund_declined",
)
WHY = "because it is so"
MOST_ORDERS = 3


@dataclass
class Street:
    """Who acts, for whom, and with what; `told` counts what was done and what was refused."""

    by: User
    customer: Customer
    products: list[Product]
    orders: list[int] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)
    most_orders: int = MOST_ORDERS

    def take(self, name: str, which: int, units: int, *, flag: bool) -> None:
        """Take a step of STEPS with these choices; `which` picks order, product, card."""
        try:
            with changes.change(separate=True, by=self.by, channel="admin"):
                STEPS[name](self, which, units, flag)
        except Refused as refusal:
            self._count(f"{name}: {refusal.code}")
        else:
            self._count(name)

    def _count(self, what: str) -> None:
        self.told[what] = self.told.get(what, 0) + 1

    # --- What a step may work on ------------------------------------------------------------------

    def order(self, which: int, step: str = "") -> Order:
        """Return one of the orders: of those in a state from which the step leads, if any is."""
        if not self.orders:
            self.place(which, 1, flag=False)
        sources = ORDER_FLOW[step].sources if step else ()
        fitting = Order.objects.filter(pk__in=self.orders, status__in=sources).order_by("pk")
        pks = list(fitting.values_list("pk", flat=True)) or self.orders
        return Order.objects.get(pk=pks[which % len(pks)])

    def said(self, order: Order) -> dict[str, Any]:
        return {"order_id": order.pk, "by": self.by, "reason": WHY}

    def units_of(self, order: Order, units: int) -> dict[int, int]:
        return {line.pk: units for line in order.lines.order_by("pk")[:1] if units}

    def place(self, which: int, units: int, *, flag: bool) -> None:
        if len(self.orders) >= self.most_orders:
            return
        chosen = [self.products[which % len(self.products)]]
        if flag:
            chosen.append(self.products[(which + 1) % len(self.products)])
        order = services.write_order(
            customer_id=self.customer.pk,
            lines=[LineDraft(product.pk, units + 1) for product in chosen],
            shipping_fee=Decimal("4.90"),
            channel="phone",
            by=self.by,
            reason="",
        )
        self.orders.append(order.pk)
        services.place_order(order_id=order.pk, by=self.by, reason="")


Step = Callable[[Street, int, int, bool], Any]


def _place(street: Street, which: int, units: int, flag: bool) -> None:
    street.place(which, units, flag=flag)


def _pay(street: Street, which: int, units: int, flag: bool) -> None:
    order = street.order(which, "process")
    card = CARDS[units % len(CARDS)] if flag else "tok_visa"
    services.take_payment(**street.said(order), token=card)


def _pay_and_process(street: Street, which: int, units: int, flag: bool) -> None:
    order = street.order(which, "process")
    services.take_payment(**street.said(order), token="tok_visa")
    services.process_order(**street.said(order))


def _receive_money(street: Street, which: int, units: int, flag: bool) -> None:
    amount = None if flag else Decimal(units + 1)
    services.record_payment(**street.said(street.order(which, "process")), amount=amount)


def _plain(verb: Callable[..., Any], step: str) -> Step:
    return lambda street, which, units, flag: verb(**street.said(street.order(which, step)))


def _cancel(street: Street, which: int, units: int, flag: bool) -> None:
    services.cancel_order(
        **street.said(street.order(which, "cancel")),
        reason_code="other",
        restock=flag,
        notify=False,
    )


def _cancel_many(street: Street, which: int, units: int, flag: bool) -> None:
    street.order(which)
    services.cancel_orders(
        order_ids=street.orders[which % len(street.orders) :][:3],
        by=street.by,
        reason=WHY,
        reason_code="other",
        restock=flag,
        notify=False,
    )


def _ship(street: Street, which: int, units: int, flag: bool) -> None:
    order = street.order(which, "ship")
    lines = street.units_of(order, units + 1) if flag else None
    services.ship_order(**street.said(order), lines=lines, notify=False)


def _pack(street: Street, which: int, units: int, flag: bool) -> None:
    order = street.order(which, "ship")
    services.pack_order(**street.said(order), lines=street.units_of(order, units) or None)


def _of_shipment(verb: Callable[..., Any]) -> Step:
    def step(street: Street, which: int, units: int, flag: bool) -> None:
        parcels = Shipment.objects.filter(order__in=street.orders).order_by("pk")
        for parcel in parcels[which : which + 1]:
            verb(shipment_id=parcel.pk, by=street.by, reason=WHY)

    return step


def _refund(street: Street, which: int, units: int, flag: bool) -> None:
    order = street.order(which, "refund")
    services.refund_order(
        **street.said(order),
        reason_code="other",
        lines=street.units_of(order, units),
        restock=flag,
        notify=False,
    )


def _refund_amount(street: Street, which: int, units: int, flag: bool) -> None:
    services.refund_order(
        **street.said(street.order(which, "refund")),
        reason_code="other",
        amount=Decimal(units + 1),
        notify=False,
    )


def _capture_part(street: Street, which: int, units: int, flag: bool) -> None:
    amount = Decimal(units + 1) if flag else None
    services.capture_payment(**street.said(street.order(which, "process")), amount=amount)


def _request_return(street: Street, which: int, units: int, flag: bool) -> None:
    order = street.order(which, "complete" if flag else "refund")
    services.request_return(
        **street.said(order), lines=street.units_of(order, units + 1), reason_code="faulty"
    )


def _of_return(verb: Callable[..., Any]) -> Step:
    def step(street: Street, which: int, units: int, flag: bool) -> None:
        found = Return.objects.filter(order__in=street.orders).order_by("-pk")
        for row in found[which % 3 : which % 3 + 1]:
            verb(row, by=street.by, reason=WHY, units=units, flag=flag)

    return step


def _receive(row: Return, *, by: User, reason: str, units: int, flag: bool) -> None:
    services.receive_return(return_id=row.pk, by=by, reason=reason)


def _inspect(row: Return, *, by: User, reason: str, units: int, flag: bool) -> None:
    results: Mapping[int, Inspected] = {
        part.line_id: _result(part.quantity, units, flag) for part in row.lines.all()
    }
    services.inspect_return(return_id=row.pk, results=results, by=by, reason=reason)


def _result(whole: int, bad: int, is_damaged: bool) -> Inspected:
    bad = min(bad, whole)
    if is_damaged:
        return Inspected(sellable=whole - bad, damaged=bad)
    return Inspected(sellable=whole - bad, missing=bad)


def _pay_return_back(row: Return, *, by: User, reason: str, units: int, flag: bool) -> None:
    services.refund_return(return_id=row.pk, by=by, reason=reason)


def _close_return(row: Return, *, by: User, reason: str, units: int, flag: bool) -> None:
    verb = services.close_return if flag else services.withdraw_return
    verb(return_id=row.pk, by=by, reason=reason)


def _settle(street: Street, which: int, units: int, flag: bool) -> None:
    open_claims = PaymentIntent.objects.filter(order__in=street.orders, settled_at=None)
    for claim in open_claims.order_by("pk")[:1]:
        services.settle_in_doubt(intent_id=claim.pk, by=None)


def _edit(street: Street, which: int, units: int, flag: bool) -> None:
    order = street.order(which, "edit")
    chosen = street.products[: 2 if flag else 1]
    lines = [LineDraft(product.pk, units + 1) for product in chosen]
    services.edit_order(**street.said(order), lines=lines)


def _discount(street: Street, which: int, units: int, flag: bool) -> None:
    services.discount_order(**street.said(street.order(which, "edit")), amount=Decimal(units))


def _merge(street: Street, which: int, units: int, flag: bool) -> None:
    kept, absorbed = street.order(which, "edit"), street.order(which + 1, "edit")
    services.merge_orders(keep_id=kept.pk, absorb_id=absorbed.pk, by=street.by, reason=WHY)


STEPS: dict[str, Step] = {
    "place": _place,
    "pay": _pay,
    "pay and process": _pay_and_process,
    "receive money": _receive_money,
    "process": _plain(services.process_order, "process"),
    "process unpaid": _plain(services.process_unpaid_order, "process_unpaid"),
    "hold": _plain(services.hold_order, "hold"),
    "release": _plain(services.release_order, "release"),
    "ship": _ship,
    "pack": _pack,
    "send": _of_shipment(services.send_shipment),
    "unpack": _of_shipment(services.unpack_shipment),
    "complete": _plain(services.complete_order, "complete"),
    "cancel": _cancel,
    "cancel many": _cancel_many,
    "reopen": _plain(services.reopen_order, "reopen"),
    "refund": _refund,
    "refund amount": _refund_amount,
    "capture": _capture_part,
    "void": _plain(services.void_payment, "process"),
    "request return": _request_return,
    "receive return": _of_return(_receive),
    "inspect return": _of_return(_inspect),
    "refund return": _of_return(_pay_return_back),
    "close return": _of_return(_close_return),
    "settle": _settle,
    "edit": _edit,
    "discount": _discount,
    "merge": _merge,
}
