"""What letters to customers say: each template with its subject and what it tells. No sending."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from backoffice.refused import Refused, Text
from orders.facts import load_facts
from orders.models import Message, Order, Refund, RefundLine, Shipment

Template = Message.Template


class UnknownLetter(Refused):
    sentence = "There is no letter called {template}."
    http_status = 404


@dataclass(frozen=True)
class Letter:
    """A letter as it would go out."""

    template: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Item:
    """A line of a letter: so many of what, and for how much where that matters."""

    quantity: int
    name: str
    amount: str = ""


def write_letter(
    order: Order,
    template: str,
    *,
    context: Mapping[str, Any] | None = None,
    name: str | None = None,
) -> Letter:
    """Return a letter about an order as it stands in the database now.

    context: {"shipment": …} or {"refunds": […]}; without it, the latest ones.
    name: how the customer is called; None: as on the contact.
    Refuses: UnknownLetter. Asks the database, writes nothing.
    """
    if template not in _CONTENTS:
        raise UnknownLetter(template=template)
    # A row of its own: whoever wrote the order may still hold it with older facts.
    fresh = Order.objects.select_related("contact", "shipping_address").get(pk=order.pk)
    load_facts([fresh])
    if name is None:
        name = fresh.contact.name if fresh.contact else ""
    content, subject = _CONTENTS[template]
    told = {
        "order": fresh,
        "name": name,
        "shop": settings.SHOP_NAME,
        **content(fresh, context or {}),
    }
    # A line break in a subject would begin another header.
    told["subject"] = " ".join(str(subject(fresh)).split())[:200]
    return Letter(
        template=template,
        subject=told["subject"],
        # Stripped, it is no longer “safe”: a page that shows the text escapes it.
        text=render_to_string(f"orders/mail/{template}.txt", told).strip() + "\n",
        html=render_to_string(f"orders/mail/{template}.html", told),
    )


def fits(order: Order, template: str) -> bool:
    """Tell whether a letter is true of an order: none says “shipped” before anything was."""
    match template:
        case Template.CONFIRMATION:
            return order.status in {"pending", "processing", "completed"}
        case Template.SHIPPED:
            return order.shipments.filter(status="left").exists()
        case Template.CANCELLED:
            return order.status == "cancelled"
        case _:
            return order.refunds.exists()


def _confirmation(order: Order, given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "items": _ordered(order),
        "sums": [
            (_("Subtotal"), _money(order.subtotal, order)),
            *([(_("Discount"), _money(-order.discount, order))] if order.discount else []),
            (_("Shipping"), _money(order.shipping_fee, order)),
            (_("Total"), _money(order.total, order)),
        ],
        "is_paid": order.facts.covered >= order.total,
    }


def _shipped(order: Order, given: Mapping[str, Any]) -> dict[str, Any]:
    parcel = given.get("shipment") or order.shipments.filter(status="left").order_by("-pk").first()
    if isinstance(parcel, Shipment):
        rows = parcel.lines.select_related("line").order_by("pk")
        items = [Item(row.quantity, row.line.name) for row in rows]
    else:  # only in a preview
        items = [Item(row.committed, row.name) for row in order.lines.all() if row.committed]
    return {"parcel": parcel, "items": items, "rest_units": order.facts.open_units}


def _cancelled(order: Order, given: Mapping[str, Any]) -> dict[str, Any]:
    refunded = order.facts.refunded
    return {
        "items": _ordered(order),
        "refunded": _money(refunded, order) if refunded else "",
        "was_charged": bool(order.facts.captured),
    }


def _refunded(order: Order, given: Mapping[str, Any]) -> dict[str, Any]:
    refunds: list[Refund] = list(given.get("refunds") or _latest_refunds(order))
    rows = RefundLine.objects.filter(refund__in=refunds).select_related("line").order_by("pk")
    shipping = sum((refund.shipping_amount for refund in refunds), Decimal(0))
    return {
        "amount": _money(sum((refund.amount for refund in refunds), Decimal(0)), order),
        "items": [Item(row.quantity, row.line.name, _money(row.amount, order)) for row in rows],
        "shipping": _money(shipping, order) if shipping else "",
    }


def _latest_refunds(order: Order) -> list[Refund]:
    """Return what the latest click gave back: of several charges, there are several."""
    last = order.refunds.order_by("-pk").first()
    return list(order.refunds.filter(change_set=last.change_set_id)) if last else []


def _ordered(order: Order) -> list[Item]:
    return [
        Item(line.quantity, line.name, _money(line.total, order))
        for line in order.lines.order_by("pk")
    ]


def _money(amount: Decimal, order: Order) -> str:
    return f"{amount:,.2f} {order.currency}"


Content = Callable[[Order, Mapping[str, Any]], dict[str, Any]]
_CONTENTS: dict[str, tuple[Content, Callable[[Order], Text]]] = {
    Template.CONFIRMATION: (
        _confirmation,
        lambda order: _("We have your order %(number)s") % {"number": order},
    ),
    Template.SHIPPED: (
        _shipped,
        lambda order: _("Your order %(number)s is on its way") % {"number": order},
    ),
    Template.CANCELLED: (
        _cancelled,
        lambda order: _("Your order %(number)s was cancelled") % {"number": order},
    ),
    Template.REFUNDED: (
        _refunded,
        lambda order: _("Your refund for order %(number)s") % {"number": order},
    ),
}
