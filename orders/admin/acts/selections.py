"""What steps know when they are taken on many orders: what they move, and who must agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice import approvals, bulk
from orders.models import Order
from orders.states import ORDER_FLOW

CANCEL_MANY, REFUND_MANY = "orders.cancel_many", "orders.refund_many"

approvals.action(
    CANCEL_MANY,
    label=_("Cancel many orders"),
    unit="count",
    verb=bulk.confirm_approved,
    permission=ORDER_FLOW["cancel"].permission_name,
)
approvals.action(
    REFUND_MANY,
    label=_("Refund many orders"),
    unit="count",
    verb=bulk.confirm_approved,
    permission=ORDER_FLOW["refund"].permission_name,
)


def returned(orders: Sequence[Order]) -> dict[str, Decimal]:
    """Return what would go back to customers, by currency."""
    return _by_currency(orders, lambda order: order.facts.returnable)


def captured(orders: Sequence[Order]) -> dict[str, Decimal]:
    """Return what would be taken of what is authorised, by currency."""
    return _by_currency(orders, lambda order: min(order.facts.authorised, order.facts.due))


def _by_currency(
    orders: Sequence[Order], amount_of: Callable[[Order], Decimal]
) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for order in orders:
        amount = amount_of(order)
        if amount > 0:
            sums[order.currency] = sums.get(order.currency, Decimal(0)) + amount
    return sums


# Options of `Act.from_step`, by step.
SELECTIONS: Mapping[str, Mapping[str, Any]] = {
    "process": {"totals": captured, "totals_label": _("Captures")},
    "cancel": {"totals": returned, "totals_label": _("Goes back"), "four_eyes": CANCEL_MANY},
    "refund": {"totals": returned, "totals_label": _("Goes back"), "four_eyes": REFUND_MANY},
}
