"""Packing slip: what goes into a parcel and where it goes; no prices, no e-mail address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from orders.models import Order, OrderLine, Shipment
from orders.papers.sheet import Column, Sheets

Contents = Sequence[tuple[OrderLine, int]]


def add_slip(
    sheets: Sheets,
    order: Order,
    contents: Contents,
    *,
    parcel: Shipment | None = None,
    places: Mapping[int, str] | None = None,
) -> None:
    """Add the slip of a parcel, or of the units that still wait to be packed.

    places: names of stock locations by key.
    """
    number = str(order)
    sheets.begin(_("Packing slip"), number)
    top = sheets.y
    sheets.addresses([(_("Ship to"), address_lines(order.shipping_address))])
    sheets.barcode(number, top=top + 1)
    sheets.set_y(max(sheets.y, top + 18))
    sheets.facts([(label, value) for label, value in _facts(order, parcel, places) if value])
    sheets.lines(
        [
            Column("", 5, "C"),
            Column(_("SKU"), 36),
            Column(_("Product"), 67),
            Column(_("Taken from"), 28),
            Column(_("Units"), 14, "R"),
        ],
        [
            (
                "☐",
                line.sku,
                line.name,
                (places or {}).get((parcel or line).location_id or 0, ""),
                str(units),
            )
            for line, units in contents
        ],
    )
    total = sum(units for _line, units in contents)
    sheets.totals([(_("Units"), str(total))], strong=_("Units"))


def address_lines(address: object) -> Sequence[str]:
    """Return an address as it stands on a label; an erased one says so."""
    if address is None:
        return [_("No address given.")]
    return getattr(address, "printed_lines", None) or [str(address)]


def day(moment: datetime | None) -> str:
    return date_format(localtime(moment), "j F Y") if moment else ""


def _facts(
    order: Order, parcel: Shipment | None, places: Mapping[int, str] | None
) -> list[tuple[str, str]]:
    rows = [(_("Order"), f"{order} · {day(order.placed_at)}")]
    if parcel is None:
        return rows
    return [
        *rows,
        (_("Packed"), day(parcel.at)),
        (_("Shipped"), day(parcel.left_at)),
        (_("From"), (places or {}).get(parcel.location_id or 0, "")),
        (_("Carrier"), " ".join(filter(None, (parcel.carrier, parcel.tracking)))),
    ]
