"""Parcels that were packed: sent, unpacked again, and their labels corrected."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history
from backoffice.models import User
from backoffice.refused import Refused, UnknownRow
from backoffice.steps import Outcome, Taking, editing, taking, taking_many
from catalog.services.allocation import NotEnoughStock, Relocation, relocate_stock
from orders.facts import load_facts
from orders.models import Order, Shipment, ShipmentLine
from orders.services import parcels
from orders.services.complete import complete_ready
from orders.services.lines import locked_lines
from orders.services.parcels import Label
from orders.states import SEND_PARCEL, SHIPMENT_FLOW, UNPACK_PARCEL

SEND, UNPACK = SHIPMENT_FLOW["send"], SHIPMENT_FLOW["unpack"]


@SHIPMENT_FLOW.loader
def load_orders(found: Sequence[Shipment]) -> None:
    """Put each parcel's order, with its facts, beside it: what the guards read."""
    orders = Order.objects.in_bulk({parcel.order_id for parcel in found})
    load_facts(list(orders.values()))
    for parcel in found:
        parcel.order = orders[parcel.order_id]


@SHIPMENT_FLOW.verb("send")
@transaction.atomic
def send_shipment(
    *,
    shipment_id: int,
    by: User,
    reason: str,
    tracking: str = "",
    carrier: str = "",
    notify: bool = True,
    version: int | None = None,
) -> Shipment:
    """Let a packed parcel leave; its order completes when this was all, and it is paid.

    tracking, carrier: "" keeps what stands on the parcel. notify: an e-mail to the contact.
    Refuses: what `taking` refuses, for order and parcel; ClaimOpen; OrderHeld; BadValue.
    Atomic: locks the order, the parcel, the lines, their stock levels in order; one history row
    each, and a second one for an order that completes.
    """
    outcome = _send(
        [shipment_id],
        by=by,
        reason=reason,
        tracking=tracking,
        carrier=carrier,
        notify=notify,
        version=version,
    )
    for _row, refusal in outcome.refused:
        raise refusal
    return outcome.done[0]


@SHIPMENT_FLOW.verb("send", many=True)
@transaction.atomic
def send_shipments(
    *,
    shipment_ids: Sequence[int],
    by: User,
    reason: str,
    tracking: str = "",
    carrier: str = "",
    notify: bool = True,
) -> Outcome[Shipment]:
    """Let many packed parcels leave, as when the carrier has called.

    Refuses: BadValue; per parcel what `send_shipment` refuses.
    Atomic: locks orders, parcels, lines and stock levels in order, each table once.
    """
    ids = list(dict.fromkeys(shipment_ids))
    return _send(ids, by=by, reason=reason, tracking=tracking, carrier=carrier, notify=notify)


def _send(
    shipment_ids: Sequence[int],
    *,
    by: User,
    reason: str,
    tracking: str,
    carrier: str,
    notify: bool,
    version: int | None = None,
) -> Outcome[Shipment]:
    orders = _orders_of(shipment_ids)
    with taking_many(SEND_PARCEL, sorted(set(orders.values())), by=by, reason=reason) as of_orders:
        closed = _closed(of_orders)
        ready = [pk for pk in shipment_ids if orders.get(pk) not in closed]
        taken: Taking[Shipment]
        now = changes.moment()
        with taking_many(SEND, ready, by=by, reason=reason, version=version) as taken:
            for parcel in taken:
                _relabel(parcel, tracking=tracking, carrier=carrier)
                parcel.left_at = now
            _empty_shelf(taken.rows)
        # An order of which no parcel left has taken no step.
        gone = {parcel.order_id for parcel in taken.rows}
        for order in of_orders:
            if order.pk not in gone:
                of_orders.rows.remove(order)
    outcome = taken.outcome
    outcome.refused += [(pk, closed[orders[pk]]) for pk in shipment_ids if orders.get(pk) in closed]
    if notify:
        parcels.tell_left(outcome.done, by=by)
    complete_ready(of_orders.rows, by=by, reason=reason)
    return outcome


def _orders_of(shipment_ids: Sequence[int]) -> dict[int, int]:
    """Return the order of each parcel that exists; a parcel never changes it."""
    found = Shipment.objects.filter(pk__in=shipment_ids).values_list("pk", "order")
    return dict(found)


def _closed(taken: Taking[Order]) -> dict[int, Refused]:
    """Return why orders refuse, by their key."""
    return {row.pk if isinstance(row, Order) else row: refusal for row, refusal in taken.refused}


def _relabel(parcel: Shipment, *, tracking: str, carrier: str) -> None:
    label = Label.of(carrier=carrier, tracking=tracking)
    if label.tracking:
        parcel.tracking = label.tracking
    if label.carrier:
        parcel.carrier = label.carrier


def _empty_shelf(sent: Sequence[Shipment]) -> None:
    """Take what the parcels hold off the shelf, and off what is promised to their lines."""
    if not sent:
        return
    places = {parcel.pk: parcel.location_id for parcel in sent}
    lines = {line.pk: line for line in locked_lines(*{p.order_id: p.order for p in sent}.values())}
    parcels.take_off_shelf(
        [
            (lines[inside.line_id], inside.quantity, places[inside.shipment_id])
            for inside in ShipmentLine.objects.filter(shipment__in=places).order_by("pk")
        ],
        step=SEND.name,
    )


@SHIPMENT_FLOW.verb("unpack")
@transaction.atomic
def unpack_shipment(
    *, shipment_id: int, by: User, reason: str, version: int | None = None
) -> Shipment:
    """Take a parcel apart that has not left; its units wait to be shipped again.

    reason: why, required. A held order's parcel can be unpacked: it may have to be cancelled.
    Refuses: what `taking` refuses, for the order and for the parcel; ClaimOpen; NotEnoughStock
    when the units were packed elsewhere and their old place has none left to promise.
    Atomic: locks the order, the parcel, its lines, their stock levels in order; one history row
    for the order and one for the parcel.
    """
    order_id = _orders_of([shipment_id]).get(shipment_id)
    if order_id is None:
        raise UnknownRow(what=Shipment._meta.verbose_name, key=shipment_id)
    with (
        taking(UNPACK_PARCEL, order_id, by=by, reason=reason) as order,
        taking(UNPACK, shipment_id, by=by, reason=reason, version=version) as parcel,
    ):
        _take_back_promises(order, parcel)
    return parcel


def _take_back_promises(order: Order, parcel: Shipment) -> None:
    """Promise the parcel's units from where the rest of their line is promised.

    Loose units of a line are promised at one place. Where none are, that place follows the parcel.
    """
    lines = locked_lines(order)
    packed = parcels.packed_units(lines)
    inside = dict(parcel.lines.values_list("line", "quantity"))
    moves = []
    for line in lines:
        if line.pk not in inside or line.location_id == parcel.location_id:
            continue
        if line.committed == packed[line.pk]:
            line.location_id = parcel.location_id
        else:
            held = parcels.held_of(line, inside[line.pk], parcel.location_id)
            assert line.location_id is not None
            moves.append(Relocation(held, line.location_id))
    history.update_rows(lines, step=UNPACK.name)
    try:
        relocate_stock(moves=moves)
    except NotEnoughStock as refusal:
        raise NotEnoughStock(
            **refusal.facts, hint=_("Send the parcel, or receive stock where the rest lies.")
        ) from None


def correct_shipment(
    *,
    shipment_id: int,
    tracking: str,
    carrier: str = "",
    by: User,
    reason: str,
    version: int | None = None,
) -> Shipment:
    """Correct a parcel's tracking number and carrier, before or after it left.

    carrier: "" is guessed from the number.
    Refuses: what `editing` refuses; BadValue.
    Atomic: locks the parcel; one history row.
    """
    label = Label.of(carrier=carrier, tracking=tracking)
    with editing(
        Shipment,
        shipment_id,
        by=by,
        permission=SEND.permission_name,
        reason=reason,
        version=version,
    ) as parcel:
        parcel.tracking, parcel.carrier = label.tracking, label.carrier
    return parcel
