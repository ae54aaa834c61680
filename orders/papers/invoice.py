"""Invoice: what was bought, what it costs, what is paid. Its number is the order's own number."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from orders.facts import ZERO
from orders.models import Order
from orders.papers.packing_slip import address_lines, day
from orders.papers.sheet import Column, Sheets


def add_invoice(sheets: Sheets, order: Order) -> None:
    """Add the invoice of a placed order whose facts, lines and addresses are loaded."""
    number = str(order)
    sheets.begin(_("Invoice"), number)
    top = sheets.y
    billing, shipping = order.billing_address, order.shipping_address
    blocks = [(_("Bill to"), address_lines(billing or shipping))]
    if shipping is not None and billing is not None and shipping.pk != billing.pk:
        blocks.append((_("Ship to"), address_lines(shipping)))
    sheets.addresses(blocks)
    if len(blocks) == 1:
        sheets.barcode(number, top=top + 1)
    sheets.set_y(max(sheets.y, top + 18))
    sheets.facts(
        [
            (_("Invoice number"), number),
            (_("Ordered"), day(order.placed_at)),
            *([(_("Shipped"), left)] if (left := _shipped(order)) else []),
            *([(_("Cancelled"), day(order.cancelled_at))] if order.cancelled_at else []),
        ]
    )
    lines = list(order.lines.all())
    has_discounts = any(line.discount for line in lines)
    sheets.lines(
        [
            Column(_("SKU"), 32),
            Column(_("Product"), 66),
            Column(_("Units"), 13, "R"),
            Column(_("Price"), 22, "R"),
            *([Column(_("Discount"), 22, "R")] if has_discounts else []),
            Column(_("Total"), 24, "R"),
        ],
        [
            (
                line.sku,
                line.name,
                str(line.quantity),
                amount(line.unit_price),
                *([amount(-line.discount) if line.discount else ""] if has_discounts else []),
                amount(line.total),
            )
            for line in lines
        ],
    )
    sheets.totals(_sums(order), strong=_("Total"))


def amount(value: Decimal) -> str:
    return f"{value:,.2f}"


def _sums(order: Order) -> list[tuple[str, str]]:
    """Return subtotal, discount, shipping and total; then what was paid, given back, is left."""
    facts, currency = order.facts, order.currency
    discount = _("Discount")
    if order.discount_reason:
        discount = f"{discount}: {order.discount_reason}"
    rows = [
        (_("Subtotal"), order.subtotal, True),
        (discount, -order.discount, bool(order.discount)),
        (_("Shipping"), order.shipping_fee, True),
        (_("Total"), order.total, True),
        (_("Paid"), facts.captured, bool(facts.captured)),
        (_("Refunded"), facts.refunded, bool(facts.refunded)),
        (_("Still to pay"), max(facts.due, ZERO), order.status != "cancelled"),
    ]
    return [(label, f"{amount(value)} {currency}") for label, value, is_shown in rows if is_shown]


def _shipped(order: Order) -> str:
    """Return the days on which parcels left, oldest first."""
    left = sorted(p.left_at for p in order.shipments.all() if p.status == "left" and p.left_at)
    return ", ".join(dict.fromkeys(day(moment) for moment in left))
