"""Shipping: units leave the house, packed and sent at once; the last ones complete the order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from django.db import transaction

from backoffice.models import User
from backoffice.steps import Outcome, Taking, taking, taking_many
from catalog.services.allocation import NotCommitted
from orders.models import Order, Shipment
from orders.services import parcels
from orders.services.bulk import one_by_one
from orders.services.complete import complete_ready
from orders.services.parcels import Label, ShipUnits
from orders.states import ORDER_FLOW, PACK, SHIPMENT_FLOW

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
    lines: Mapping[int, int] | Sequence[ShipUnits] | None = None,
    location_id: int | None = None,
    notify: bool = True,
    version: int | None = None,
) -> Order:
    """Send units of an order; once all are gone the order is completed too, when it is paid.

    lines: units by line key; None: everything that is promised and in no packed parcel. carrier:
    "" is guessed from the tracking number. location_id: where they leave from (a promise that
    lies elsewhere is moved there); None: from where they are promised, a parcel per place.
    notify: an e-mail to the contact.
    Refuses: what `taking` refuses; ClaimOpen; OrderHeld; NothingToShip; NothingLoose;
    NothingPromised; NothingChosen; NotPositive; NotOnOrder; MoreThanOpen; BadValue; LocationClosed;
    NotEnoughStock.
    Atomic: locks the order, its lines, their stock levels in order; writes parcels, takes their
    units off the shelf; one history row for the step, and a second one if it completes.
    """
    label = Label.of(carrier=carrier, tracking=tracking)
    with taking(SHIP, order_id, by=by, reason=reason, version=version) as order:
        loose = parcels.loose_units([order])
        chosen = parcels.choose(order, loose, lines)
        left = _send_off(chosen, loose, location_id=location_id, label=label, by=by)
    if notify:
        parcels.tell_left(left, by=by)
    (order,) = complete_ready([order], by=by, reason=reason)
    return order


@ORDER_FLOW.verb("ship", many=True)
def ship_orders(
    *,
    order_ids: Sequence[int],
    by: User,
    reason: str,
    tracking: str = "",
    carrier: str = "",
    notify: bool = True,
) -> Outcome[Order]:
    """Ship everything that is promised of many orders, each in a parcel of its own.

    Refuses: BadValue; per order what `ship_order` refuses.
    Atomic: locks orders, lines and stock levels in order, each table once; one history row per
    order for the step, and a second one for those that complete.
    """
    label = Label.of(carrier=carrier, tracking=tracking)
    ids = list(dict.fromkeys(order_ids))
    try:
        with transaction.atomic():
            outcome = _ship_many(ids, by=by, reason=reason, label=label, notify=notify)
    except NotCommitted:
        # The shelf does not hold what one order was promised: find out which, the others go.
        ship = partial(
            ship_order, by=by, reason=reason, tracking=tracking, carrier=carrier, notify=notify
        )
        return one_by_one(ids, lambda order_id: ship(order_id=order_id))
    return outcome


def _ship_many(
    order_ids: Sequence[int], *, by: User, reason: str, label: Label, notify: bool
) -> Outcome[Order]:
    taken: Taking[Order]
    with taking_many(SHIP, order_ids, by=by, reason=reason) as taken:
        if taken.rows:
            loose = parcels.loose_units(taken.rows)
            chosen = {line: units for line, units in loose.items() if units}
            left = _send_off(chosen, loose, location_id=None, label=label, by=by)
            if notify:
                parcels.tell_left(left, by=by)
    outcome = taken.outcome
    outcome.done = complete_ready(outcome.done, by=by, reason=reason)
    return outcome


def _send_off(
    chosen: parcels.Units,
    loose: parcels.Units,
    *,
    location_id: int | None,
    label: Label,
    by: User,
) -> list[Shipment]:
    left = parcels.fill_parcels(
        SHIPMENT_FLOW["ship"], chosen, loose, location_id=location_id, label=label, by=by
    )
    parcels.take_off_shelf(
        [(line, units, location_id or line.location_id) for line, units in chosen.items()],
        step=SHIP.name,
    )
    return left


@transaction.atomic
def pack_order(
    *,
    order_id: int,
    by: User,
    reason: str,
    lines: Mapping[int, int] | Sequence[ShipUnits] | None = None,
    location_id: int | None = None,
    tracking: str = "",
    carrier: str = "",
    version: int | None = None,
) -> list[Shipment]:
    """Set units of an order aside in a parcel that has not left; they stay promised.

    Takes the same answers as `ship_order`.
    Refuses: what `ship_order` refuses.
    Atomic: locks the order, its lines, their stock levels in order; writes a parcel per place, one
    history row for the order and one for each parcel.
    """
    label = Label.of(carrier=carrier, tracking=tracking)
    with taking(PACK, order_id, by=by, reason=reason, version=version) as order:
        loose = parcels.loose_units([order])
        return parcels.fill_parcels(
            SHIPMENT_FLOW["pack"],
            parcels.choose(order, loose, lines),
            loose,
            location_id=location_id,
            label=label,
            by=by,
        )
