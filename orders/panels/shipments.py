"""Parcels: what is in them, where they are, what can be done with them; papers to print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backoffice.flows import State
from backoffice.models import ChangeSet
from orders.carriers import tracking_link
from orders.models import Shipment, ShipmentLine
from orders.panels.base import Asked, Button, Panel
from orders.papers import PAPERS
from orders.states import SHIPMENT_FLOW

PLACED = ("pending", "processing", "completed")


@dataclass(frozen=True)
class ParcelRow:
    """A parcel as the workspace shows it."""

    parcel: Shipment
    state: State
    link: str
    lines: list[ShipmentLine]
    who: str
    slip_url: str = ""
    page_url: str = ""
    buttons: list[Button] = field(default_factory=list)

    @property
    def label(self) -> str:
        return str(self.parcel)

    @property
    def units(self) -> int:
        return sum(line.quantity for line in self.lines)


def parcels_of(asked: Asked) -> list[ParcelRow]:
    """Return the order's parcels, oldest first: three queries, however many."""
    order, user = asked.ws.order, asked.user
    rows = list(
        order.shipments.model.objects.filter(order=order)
        .select_related("location", "change_set__origin")
        .prefetch_related("lines__line")
        .order_by("pk")
    )
    prints = user.has_perm(PAPERS["packing_slip"].permission)
    looks = user.has_perm("orders.view_shipment")
    for row in rows:
        row.order = order  # its facts are loaded: the guards read them
    return [
        ParcelRow(
            parcel=row,
            state=SHIPMENT_FLOW.state_of(row),
            link=tracking_link(row.carrier, row.tracking),
            lines=sorted(row.lines.all(), key=lambda inside: inside.line_id),
            who=_who(row),
            slip_url=reverse("admin:orders_shipment_slip", args=[row.pk])
            if prints and row.status != "cancelled"
            else "",
            page_url=reverse("admin:orders_shipment_change", args=[row.pk]) if looks else "",
            buttons=_buttons(row, asked) if looks else [],
        )
        for row in rows
    ]


def _who(row: Shipment) -> str:
    change_set = row.change_set
    is_customer = change_set.actor_kind == ChangeSet.ActorKind.CUSTOMER
    return str(_("Customer")) if is_customer else change_set.who


def _buttons(row: Shipment, asked: Asked) -> list[Button]:
    """Return what may be done with a parcel: steps of its flow, then its label."""
    offered = [
        Button(
            offer.step.name,
            offer.step.label,
            offer.step.tone,
            reverse("admin:orders_shipment_act", args=[row.pk, offer.step.name]),
            offer.step.effect,
            offer.refusal,
        )
        for offer in SHIPMENT_FLOW.offers(row, asked.user)
    ]
    may_correct = asked.user.has_perm(SHIPMENT_FLOW["send"].permission_name)
    if may_correct and row.status == "left":
        url = reverse("admin:orders_shipment_act", args=[row.pk, "correct"])
        offered.append(Button("correct", _("Correct number"), "neutral", url))
    return offered


def papers_of(asked: Asked) -> list[tuple[Any, str]]:
    """Return the papers of this order that its reader may print: label and address."""
    order = asked.ws.order
    if order.number is None:
        return []
    found = []
    for paper in PAPERS.values():
        is_there = paper.name == "invoice" or order.status in PLACED
        if is_there and asked.user.has_perm(paper.permission):
            url = reverse("admin:orders_order_paper", args=[order.pk, paper.name])
            found.append((paper.label, url))
    return found


def show(asked: Asked) -> Mapping[str, Any] | None:
    """Return parcels and papers; hidden while there is nothing of either."""
    parcels, papers = parcels_of(asked), papers_of(asked)
    buttons = asked.open_buttons("pack")
    if not (parcels or papers or buttons):
        return None
    facts = asked.ws.order.facts
    return {
        "parcels": parcels,
        "papers": papers,
        "buttons": buttons,
        "open_units": facts.open_units,
        "packed_units": facts.packed_units,
        "shipped_units": facts.shipped_units,
    }


PANEL = Panel("parcels", "orders/workspace/shipments.html", "main", show, "orders.view_shipment")
