"""Shipping: the whole order leaves the house in one parcel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.db import transaction

from backoffice import changes
from backoffice.models import User
from backoffice.steps import Outcome, taking
from catalog.services.allocation import ship_stock
from orders.models import Order, Shipment, ShipmentLine
from orders.services.bulk import one_by_one
from orders.services.complete import complete_if_ready
from orders.services.lines import locked_lines, uncommit_lines
from orders.states import ORDER_FLOW

SHIP = ORDER_FLOW["ship"]


@ORDER_FLOW.verb("ship")
@transaction.atomic
def ship_order(
    *,
    order_id: int,
    by: User,
    reason: str,
    tracking: str = "",
    carrier: str = "",
    version: int | None = None,
) -> Order:
    """Send everything that is still promised; the order is completed too when it is paid.

    Refuses: what `taking` refuses; ClaimOpen; OrderHeld; NothingToShip.
    Atomic: locks the order, its lines, their stock levels in order; writes a parcel, takes its
    units off the shelf; one history row for the step, and a second one if it completes.
    """
    with taking(SHIP, order_id, by=by, reason=reason, version=version) as order:
        parcel = Shipment.objects.create(
            order=order,
            carrier=carrier.strip()[:60],
            tracking=tracking.strip()[:80],
            change_set=changes.require(),
            at=changes.moment(),
        )
        shipped = uncommit_lines(locked_lines(order), ship_stock, into="shipped", step=SHIP.name)
        ShipmentLine.objects.bulk_create(
            ShipmentLine(shipment=parcel, line=line, quantity=units)
            for line, units in shipped.items()
        )
    return complete_if_ready(order, by=by, reason=reason)


@ORDER_FLOW.verb("ship", many=True)
def ship_orders(
    *, order_ids: Sequence[int], by: User, reason: str, tracking: str = "", carrier: str = ""
) -> Outcome[Order]:
    """Ship orders one after another, each in its own transaction and parcel.

    Refuses: TooMany; per order what `ship_order` refuses.
    """
    ship = partial(ship_order, by=by, reason=reason, tracking=tracking, carrier=carrier)
    return one_by_one(order_ids, lambda order_id: ship(order_id=order_id))
