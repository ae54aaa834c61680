"""What goes into a parcel: which units of which lines, from where, and what that does to stock.

The ground under `ship.py` and `shipments.py`; it takes no step of an order itself. Whoever calls
it has locked the orders first: that lock is the one that two people at one order meet at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from django.db import models
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history, steps
from backoffice.flows import Step
from backoffice.models import User
from backoffice.refused import BadValue, Refused
from catalog.refusals import NotPositive
from catalog.services.allocation import Held, Relocation, relocate_stock, ship_stock
from orders import carriers
from orders.models import Order, OrderLine, Shipment, ShipmentLine
from orders.services.lines import CAUSE, locked_lines
from orders.services.messages import queue_message, queue_messages

Units = Mapping[OrderLine, int]


class NotOnOrder(Refused):
    """facts: order, line (its key)."""

    sentence = _("{order} has no line {line}.")
    hint = _("Its lines may have changed; open the order again.")


class MoreThanOpen(Refused):
    """facts: sku, wanted, loose (units), packed, shipped."""

    sentence = _("{sku}: {wanted} wanted, {loose} left ({packed} packed, {shipped} shipped).")
    hint = _("Send fewer of it.")
    http_status = 409


class NothingChosen(Refused):
    sentence = _("No units are chosen.")
    hint = _("Enter how many of at least one line.")


@dataclass(frozen=True)
class ShipUnits:
    """Whole units of an order line."""

    line_id: int
    quantity: int


@dataclass(frozen=True)
class Label:
    """What is written on a parcel."""

    carrier: str = ""
    tracking: str = ""

    @classmethod
    def of(cls, *, carrier: str, tracking: str) -> Label:
        """Clean what somebody typed; a carrier that nobody named is guessed from the number.

        Refuses: BadValue when one is too long or holds characters that no label carries.
        """
        carrier, tracking = carrier.strip(), " ".join(tracking.split())
        for name, text in (("carrier", carrier), ("tracking", tracking)):
            column = cast("models.CharField[str, str]", Shipment._meta.get_field(name))
            most = column.max_length or 0
            label = str(column.verbose_name).capitalize()
            if len(text) > most:
                raise BadValue(field=label, problem=_("at most {n} characters.").format(n=most))
            if not text.isprintable():
                raise BadValue(field=label, problem=_("unprintable characters."))
        return cls(carrier or carriers.guess(tracking), tracking)


def packed_units(lines: Iterable[OrderLine]) -> dict[int, int]:
    """Return how many units of each line, by its key, are in packed parcels."""
    return dict(
        ShipmentLine.objects.filter(line__in=lines, shipment__status="packed")
        .order_by()
        .values("line")
        .annotate(units=Sum("quantity"))
        .values_list("line", "units")
    )


def loose_units(orders: Sequence[Order]) -> dict[OrderLine, int]:
    """Lock the lines of locked orders; return the units of each that are promised and not packed.

    Lines with none are among them.
    """
    lines = locked_lines(*orders)
    packed = packed_units(lines)
    return {line: line.committed - packed.get(line.pk, 0) for line in lines}


def choose(
    order: Order, loose: Units, wanted: Mapping[int, int] | Sequence[ShipUnits] | None
) -> dict[OrderLine, int]:
    """Return the units that a parcel of the order shall hold; None: everything that is loose.

    wanted: units by line key, or `ShipUnits`.
    Refuses: NothingChosen; NotOnOrder; NotPositive; MoreThanOpen.
    """
    of_order = {line.pk: line for line in loose if line.order_id == order.pk}
    if wanted is None:
        return {line: loose[line] for line in of_order.values() if loose[line]}
    sums: dict[int, int] = defaultdict(int)
    pairs = (
        wanted.items() if isinstance(wanted, Mapping) else ((w.line_id, w.quantity) for w in wanted)
    )
    for line_id, units in pairs:
        if type(units) is not int or units < 1:
            raise NotPositive(units=units)
        sums[line_id] += units
    if not sums:
        raise NothingChosen
    chosen: dict[OrderLine, int] = {}
    for line_id, units in sorted(sums.items()):
        line = of_order.get(line_id)
        if line is None:
            raise NotOnOrder(order=order, line=line_id)
        if units > loose[line]:
            raise MoreThanOpen(
                sku=line.sku,
                wanted=units,
                loose=loose[line],
                packed=line.committed - loose[line],
                shipped=line.shipped,
            )
        chosen[line] = units
    return chosen


def fill_parcels(
    step: Step, chosen: Units, loose: Units, *, location_id: int | None, label: Label, by: User
) -> list[Shipment]:
    """Put chosen units of locked lines into parcels: one for each order and location.

    step: the entry step of SHIPMENT_FLOW. location_id: where they leave from; None: from where
    they are promised. Promises that lie elsewhere are moved there first.
    Refuses: LocationClosed; UnknownRow; NotEnoughStock at that location.
    Locks: stock levels, in (product, location) order. The stock is still promised afterwards.
    """
    if location_id is not None:
        relocate_stock(
            moves=[Relocation(held_of(line, n), location_id) for line, n in chosen.items()]
        )
        for line, units in chosen.items():
            if units == loose[line]:
                line.location_id = location_id
        history.update_rows(list(chosen), step=step.name)
    contents: dict[tuple[int, int], dict[OrderLine, int]] = defaultdict(dict)
    for line, units in chosen.items():
        place = location_id if location_id is not None else line.location_id
        assert place is not None, "a committed line knows where its stock lies"
        contents[line.order_id, place][line] = units
    now, change_set = changes.moment(), changes.require()
    parcels = steps.enter(
        step,
        [
            Shipment(
                order_id=order_id,
                location_id=place,
                carrier=label.carrier,
                tracking=label.tracking,
                left_at=now if step.target == "left" else None,
                change_set=change_set,
                at=now,
            )
            for order_id, place in contents
        ],
        by=by,
        reason="",
    )
    ShipmentLine.objects.bulk_create(
        [
            ShipmentLine(shipment=parcel, line=line, quantity=units)
            for parcel, inside in zip(parcels, contents.values(), strict=True)
            for line, units in inside.items()
        ],
        batch_size=500,
    )
    return parcels


def take_off_shelf(contents: Sequence[tuple[OrderLine, int, int | None]], *, step: str) -> None:
    """Let units of locked lines leave the house.

    contents: line, units, and where they lie (None: where the line is promised).
    Locks: all stock levels at once, in (product, location) order.
    """
    ship_stock(held=[held_of(line, units, place) for line, units, place in contents])
    for line, units, _place in contents:
        line.committed -= units
        line.shipped += units
    history.update_rows(
        list({line.pk: line for line, _units, _place in contents}.values()), step=step
    )


def held_of(line: OrderLine, units: int, place: int | None = None) -> Held:
    """Return units of a line as the stock ledger names them."""
    location_id = place or line.location_id
    assert location_id is not None, "a committed line knows where its stock lies"
    return Held(line.product_id, location_id, units, CAUSE, line.uuid)


def tell_left(parcels: Sequence[Shipment], *, by: User) -> None:
    """Write to the customers whose parcels have just left: a letter goes out after the commit.

    One click on one order writes its letters now; many are written by the job that sends them.
    """
    orders = {parcel.order_id for parcel in parcels}
    if len(orders) > 1:
        queue_messages(order_ids=sorted(orders), template="shipped", by=by)
        return
    for parcel in parcels:
        queue_message(order=parcel.order, template="shipped", by=by, context={"shipment": parcel})
