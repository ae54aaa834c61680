"""Printing papers: who may, which orders have one, one file for many, and the record that it was.

It reads only; what it leaves behind is an audit event.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice.models import AuditEvent, User
from backoffice.refused import Refused, Text, TooMany, UnknownRow
from backoffice.steps import require_permission
from catalog.models import StockLocation
from orders.facts import load_facts
from orders.models import Order, OrderLine, Shipment, ShipmentLine
from orders.papers.invoice import add_invoice
from orders.papers.packing_slip import add_slip
from orders.papers.sheet import Column, Sheets

MOST_ORDERS = 300
LEFT_OUT_SHOWN = 200


class NothingToPrint(Refused):
    """facts: paper, why (of the first order)."""

    sentence = gettext_lazy("None of these orders has a {paper}: {why}")
    http_status = 409


@dataclass(frozen=True)
class Paper:
    """A kind of paper. add: puts an order's pages into the file, or says why it has none."""

    name: str
    label: Text
    plural: Text
    permission: str
    add: Callable[[Sheets, Order, dict[int, str]], str]


@dataclass(frozen=True)
class Printed:
    """A PDF, what it is called, and how many orders it tells of."""

    content: bytes
    file_name: str
    orders: int


def _add_slips(sheets: Sheets, order: Order, places: dict[int, str]) -> str:
    """What waits to be packed, and each packed parcel; a sent order: what it was sent in."""
    parcels = [parcel for parcel in order.shipments.all() if parcel.status != "cancelled"]
    packed = [parcel for parcel in parcels if parcel.status == "packed"]
    if order.status not in {"pending", "processing", "completed"}:
        return _("It is %(state)s.") % {"state": str(order.get_status_display()).lower()}
    inside: dict[int, int] = defaultdict(int)
    for parcel in packed:
        for content in parcel.lines.all():
            inside[content.line_id] += content.quantity
    loose = [(line, line.committed - inside[line.pk]) for line in order.lines.all()]
    waiting = [(line, units) for line, units in loose if units > 0]
    if waiting:
        add_slip(sheets, order, waiting, places=places)
    shown = packed if waiting or packed else parcels
    for parcel in shown:
        add_slip(sheets, order, _contents(parcel), parcel=parcel, places=places)
    return "" if waiting or shown else _("No stock is promised to it.")


def _add_invoice(sheets: Sheets, order: Order, _places: dict[int, str]) -> str:
    if order.number is None:
        return _("It was never placed, so it has no number.")
    add_invoice(sheets, order)
    return ""


PAPERS: dict[str, Paper] = {
    paper.name: paper
    for paper in (
        Paper(
            "packing_slip",
            gettext_lazy("Packing slip"),
            gettext_lazy("Packing slips"),
            "orders.view_address",
            _add_slips,
        ),
        Paper(
            "invoice",
            gettext_lazy("Invoice"),
            gettext_lazy("Invoices"),
            "orders.reveal_customer",
            _add_invoice,
        ),
    )
}


def print_orders(*, paper: str, order_ids: Sequence[int], by: User) -> Printed:
    """Return one file with a paper of each order, in the order of the ids.

    An order that has none of this kind is named with its reason on a last page.
    Refuses: NotAllowed; UnknownRow; TooMany above MOST_ORDERS; NothingToPrint.
    Atomic: nothing is written but one audit event.
    """
    kind = _paper(paper)
    require_permission(by, kind.permission, str(kind.plural).lower())
    ids = list(dict.fromkeys(order_ids))
    if len(ids) > MOST_ORDERS:
        raise TooMany(count=len(ids), limit=MOST_ORDERS, hint=_("Print them in several parts."))
    found = _load(ids)
    if not found:
        raise UnknownRow(what=Order._meta.verbose_name, key=next(iter(ids), ""))
    places = dict(StockLocation.objects.values_list("pk", "name"))
    with Sheets(str(kind.plural if len(found) > 1 else kind.label)) as sheets:
        left_out = [(order, why) for order in found if (why := kind.add(sheets, order, places))]
        if len(left_out) == len(found):
            raise NothingToPrint(paper=str(kind.label).lower(), why=left_out[0][1])
        if left_out:
            _add_left_out(sheets, kind, left_out)
        content = bytes(sheets.output())
    printed = len(found) - len(left_out)
    AuditEvent.record(
        "paper",
        subject=found[0] if len(found) == 1 else None,
        paper=kind.name,
        orders=printed,
        left_out=len(left_out),
        numbers=[str(order) for order in found],
    )
    name = str(found[0]) if len(found) == 1 else f"{localdate():%Y-%m-%d}-{printed}"
    return Printed(content, f"{kind.name.replace('_', '-')}-{name}.pdf", printed)


def print_parcel(*, shipment_id: int, by: User) -> Printed:
    """Return the packing slip of one parcel, also of one that has left.

    Refuses: NotAllowed; UnknownRow; NothingToPrint for one that was unpacked.
    Atomic: nothing is written but one audit event.
    """
    kind = PAPERS["packing_slip"]
    require_permission(by, kind.permission, str(kind.plural).lower())
    parcel = (
        Shipment.objects.select_related("order__shipping_address")
        .prefetch_related(Prefetch("lines", _by_line()))
        .filter(pk=shipment_id)
        .first()
    )
    if parcel is None:
        raise UnknownRow(what=Shipment._meta.verbose_name, key=shipment_id)
    if parcel.status == "cancelled":
        raise NothingToPrint(paper=str(kind.label).lower(), why=_("The parcel was unpacked."))
    places = dict(StockLocation.objects.values_list("pk", "name"))
    with Sheets(str(kind.label)) as sheets:
        add_slip(sheets, parcel.order, _contents(parcel), parcel=parcel, places=places)
        content = bytes(sheets.output())
    AuditEvent.record("paper", subject=parcel, paper=kind.name, orders=1, left_out=0)
    name = f"packing-slip-{parcel.order}-{parcel.pk}.pdf"
    return Printed(content, name, 1)


def _paper(name: str) -> Paper:
    if name not in PAPERS:
        raise UnknownRow(what=_("paper"), key=name)
    return PAPERS[name]


def _load(ids: Sequence[int]) -> list[Order]:
    """Return the orders with all that a paper prints; so many queries, however many orders."""
    found = list(
        Order.objects.filter(pk__in=ids)
        .select_related("shipping_address", "billing_address")
        .prefetch_related(
            Prefetch("lines", OrderLine.objects.order_by("pk")),
            Prefetch("shipments", Shipment.objects.order_by("pk")),
            Prefetch("shipments__lines", _by_line()),
        )
    )
    load_facts(found)
    place = {pk: at for at, pk in enumerate(ids)}
    return sorted(found, key=lambda order: place[order.pk])


def _by_line() -> QuerySet[ShipmentLine]:
    return ShipmentLine.objects.select_related("line").order_by("line")


def _contents(parcel: Shipment) -> list[tuple[OrderLine, int]]:
    return [(content.line, content.quantity) for content in parcel.lines.all()]


def _add_left_out(sheets: Sheets, kind: Paper, left_out: Sequence[tuple[Order, str]]) -> None:
    """Say on a last page which orders are not in the file, and why."""
    count = len(left_out)
    said = ngettext("%(n)s order is left out", "%(n)s orders are left out", count) % {"n": count}
    sheets.begin(f"{kind.plural}:", said)
    sheets.lines(
        [Column(_("Order"), 30), Column(_("Why"), 120)],
        [(str(order), why) for order, why in left_out[:LEFT_OUT_SHOWN]],
    )
