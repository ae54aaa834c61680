"""Shopify's order export, read as our own sheet: an order's lines stand below its first row.

Columns: https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.imports import parse, refusals
from backoffice.imports.parse import Fault, Text
from backoffice.imports.recipes import (
    RowRecipe,
    RowsMade,
    ignored,
    named,
    refuse_duplicates,
)
from backoffice.imports.rows import Cell, Row, RowFault
from backoffice.imports.tables import Note, Table, header_key
from orders.line_cells import LineCell, read_quantity, write_lines

# Our column → the columns of Shopify that it may be read from, the best one first.
COLUMNS: dict[str, tuple[str, ...]] = {
    "number": ("name",),
    "placed_at": ("created_at",),
    "email": ("email",),
    "name": ("shipping_name", "billing_name"),
    "phone": ("phone", "shipping_phone", "billing_phone"),
    "company": ("shipping_company", "billing_company"),
    "street": ("shipping_address1", "shipping_street", "billing_address1", "billing_street"),
    "addition": ("shipping_address2", "billing_address2"),
    "postal_code": ("shipping_zip", "billing_zip"),
    "city": ("shipping_city", "billing_city"),
    "region": ("shipping_province", "billing_province"),
    "country": ("shipping_country", "billing_country"),
    "currency": ("currency",),
    "discount": ("discount_amount",),
    "shipping": ("shipping",),
    "total": ("total",),
    "refunded": ("refunded_amount",),
}
# Columns that are refused as a whole → the one of ours that they make.
FIELDS = {
    "currency": "currency",
    "financial_status": "status",
    "fulfillment_status": "status",
    "lineitem_quantity": "lines",
}
ADDRESS = ("company", "street", "addition", "postal_code", "city", "region", "country", "name")
QUOTED = {"postal_code", "phone"}
READ_OTHERWISE = {
    "financial_status", "fulfillment_status", "subtotal", "taxes", "cancelled_at", "lineitem_name",
    "lineitem_quantity", "lineitem_price", "lineitem_sku", "lineitem_discount",
}  # fmt: skip
UNUSED = {
    "accepts_marketing", "paid_at", "fulfilled_at", "discount_code", "shipping_method",
    "lineitem_compare_at_price", "lineitem_requires_shipping", "lineitem_taxable",
    "lineitem_fulfillment_status", "notes", "note_attributes", "payment_method",
    "payment_reference", "vendor", "outstanding_balance", "employee", "location", "device_id",
    "id", "tags", "risk_level", "source", "receipt_number", "duties", "billing_phone",
    "payment_id", "payment_terms_name", "next_payment_due_at", "payment_references",
}  # fmt: skip
NEEDED = ("name", "created_at", "currency", "total", "financial_status", "lineitem_name",
          "lineitem_quantity")  # fmt: skip
MARKS = {"financial_status", "lineitem_name", "lineitem_quantity"}

PAID_IN_FULL = {"paid", "refunded", "partially_refunded"}
NOTHING_PAID = {"pending", "authorized", "voided", "expired", "unpaid"}


class ShopifyRecipe(RowRecipe):
    """Order fields stand on an order's first row only; every row has one line."""

    name = "shopify"
    label = _("Shopify order export")
    help_text = _("Orders › Export in Shopify, as plain CSV.")

    def known(self) -> frozenset[str]:
        used = {key for keys in COLUMNS.values() for key in keys}
        return frozenset(used | READ_OTHERWISE | UNUSED)

    def recognises(self, keys: frozenset[str]) -> bool:
        return keys >= MARKS

    def rows(self, table: Table, *, now: datetime) -> RowsMade:
        names = named(table.header)
        refuse_duplicates(names)
        by_key = {header_key(name): name for name in names}
        if missing := [key for key in NEEDED if key not in by_key]:
            raise refusals.MissingColumns(columns=", ".join(missing), found=", ".join(names[:12]))
        columns = {
            ours: [by_key[key] for key in theirs if key in by_key]
            for ours, theirs in COLUMNS.items()
            if any(key in by_key for key in theirs)
        }
        money = [by_key["financial_status"]]
        columns |= {
            "status": money,
            "paid": money,
            "refunded": columns.get("refunded", money),
            "tax": [by_key.get("taxes", by_key["total"])],
            "name": columns.get("name", [by_key.get("email", by_key["name"])]),
            "lines": [by_key["lineitem_name"], by_key["lineitem_quantity"]],
        }
        rows = (_mapped(source) for source in _orders(table, by_key))
        return RowsMade(rows, columns, self._notes(names, by_key))

    def _notes(self, names: list[str], by_key: Mapping[str, str]) -> list[Note]:
        notes = []
        if unknown := [name for name in names if header_key(name) not in self.known()]:
            notes.append(ignored(unknown))
        if "fulfillment_status" not in by_key:
            words = _("The file does not say what was shipped: paid orders count as completed.")
            notes.append(Note("no_fulfilment", str(words)))
        return notes


@dataclass
class Source:
    """The rows of one order: the first one has its fields, each has a line."""

    names: Mapping[str, str]
    row: Row
    lines: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list)

    @property
    def first(self) -> Mapping[str, Any]:
        return self.lines[0][1]

    def text(self, key: str, cells: Mapping[str, Any] | None = None) -> str:
        """Return a cell as text; one that cannot be read is refused where its value is used."""
        try:
            return parse.as_text((self.first if cells is None else cells).get(key))
        except Fault:
            return ""

    def amount(self, key: str) -> Decimal:
        """Return a sum of the order; what is no sum is refused where the column is read."""
        try:
            return parse.money(self.first.get(key)) or Decimal(0)
        except Fault:
            return Decimal(0)

    def put(self, column: str, key: str, value: Any = None) -> None:
        raw = self.first.get(key) if value is None else value
        self.row.cells[column] = Cell(raw, self.names.get(key, key))

    def refuse(self, key: str, fault: Fault) -> None:
        name = self.names.get(key, key)
        ours = FIELDS.get(key, "")
        self.row.faults.append(RowFault(name, fault.code, fault.message, fault.hint, field=ours))


def _orders(table: Table, names: Mapping[str, str]) -> Iterator[Source]:
    """Gather the rows of one number, wherever they stand in the file."""
    used = READ_OTHERWISE.union(*COLUMNS.values())
    places = {key: place for place, key in enumerate(names) if key in used}
    by_number: dict[str, Source] = {}
    for chunk in table.chunks():
        for line, row in zip(chunk.lines, chunk.rows, strict=True):
            cells = {key: row[place] for key, place in places.items()}
            number = str(cells.get("name") or "").strip()
            # A row without a number is an order of its own, to be refused with its line.
            source = by_number.get(number) if number else None
            if source is None:
                source = Source(names, Row(line=line, source=row))
                by_number[number or f"line {line}"] = source
            source.lines.append((line, cells))
    yield from by_number.values()


def _mapped(source: Source) -> Row:
    for ours, theirs in COLUMNS.items():
        key = next((key for key in theirs if source.text(key)), theirs[0])
        if any(key in source.names for key in theirs):
            # Shopify keeps a spreadsheet from eating leading zeros by an apostrophe.
            source.put(ours, key, source.text(key).lstrip("'") if ours in QUOTED else None)
    if not source.text("shipping_address1") and not source.text("shipping_street"):
        _bill_address(source)
    if "name" not in source.row.cells or not source.text(COLUMNS["name"][0]):
        source.put("name", "email", source.text("billing_name") or source.text("email"))
    source.put("tax", "taxes", f"{_tax(source):.2f}")
    _put_lines(source)
    _put_state(source)
    return source.row


def _bill_address(source: Source) -> None:
    """Without a delivery address the one of the invoice stands: all of it, never a mixture."""
    for ours in ADDRESS:
        key = next((key for key in COLUMNS[ours] if key.startswith("billing")), "")
        if key in source.names:
            source.put(ours, key, source.text(key).lstrip("'"))


def _tax(source: Source) -> Decimal:
    """Return the taxes charged on top: those of a shop whose prices include them are none."""
    taxes = source.amount("taxes")
    without = source.amount("subtotal") + source.amount("shipping")
    return taxes if taxes and without + taxes == source.amount("total") else Decimal(0)


def _put_lines(source: Source) -> None:
    lines = []
    for at, cells in source.lines:
        try:
            lines.append(_line(source, cells))
        except Fault as fault:
            where = _("Line {at}: {words}").format(at=at, words=fault.message)
            source.refuse("lineitem_quantity", Fault(fault.code, where, fault.hint))
        other = source.text("currency", cells)
        if other and other != source.text("currency"):
            source.refuse(
                "currency",
                Fault(
                    "mixed_currencies",
                    _("The order is in {first}, its line {at} in {other}."),
                    _("One order has one currency."),
                    first=source.text("currency"),
                    at=at,
                    other=parse.shown(other),
                ),
            )
    if lines:
        source.put("lines", "lineitem_name", write_lines(lines))


def _line(source: Source, cells: Mapping[str, Any]) -> LineCell:
    name, sku = source.text("lineitem_name", cells), source.text("lineitem_sku", cells)
    if not (name or sku):
        raise Fault("product_missing", _("The line names no product."), _("Fill in name or SKU."))
    return LineCell(
        quantity=read_quantity(cells.get("lineitem_quantity")),
        sku=sku,
        name="" if sku else name,
        price=parse.money(cells.get("lineitem_price")),
        discount=parse.money(cells.get("lineitem_discount")) or Decimal(0),
    )


def _put_state(source: Source) -> None:
    """Say where the order stands and what came in, from Shopify's words for money and parcels."""
    money = source.text("financial_status").casefold().replace(" ", "_")
    parcels = source.text("fulfillment_status").casefold()
    if money not in PAID_IN_FULL | NOTHING_PAID:
        source.refuse("financial_status", _unknown_status(money))
        return
    if source.text("cancelled_at") or money in {"voided", "expired"}:
        status = "cancelled"
    elif money not in PAID_IN_FULL:
        status = "pending"
    elif parcels == "fulfilled" or "fulfillment_status" not in source.names or money == "refunded":
        status = "completed"
    elif parcels in {"", "unfulfilled"}:
        status = "processing"
    else:
        source.refuse("fulfillment_status", _half_shipped(parcels))
        return
    source.put("status", "financial_status", status)
    paid = source.text("total") if money in PAID_IN_FULL else "0.00"
    source.put("paid", "financial_status", paid)
    if money == "refunded" and not source.amount("refunded_amount"):
        source.put("refunded", "financial_status", paid)


def _unknown_status(money: str) -> Fault:
    if money == "partially_paid":
        return Fault(
            "partly_paid",
            _("The order is partly paid, and the file does not say how much."),
            _("Take it in by our own sheet, which has a column for what was paid."),
        )
    return Fault(
        "unknown_status",
        _("“{value}” is no financial status of Shopify's."),
        _("Known are paid, pending, authorized, refunded, partially refunded and voided."),
        value=parse.shown(money),
    )


def _half_shipped(parcels: str) -> Fault:
    words: Text = _("The order is {value}: the file does not say which units have left.")
    hint = _("Ship the rest in the other shop first, or write the order here by hand.")
    return Fault("half_shipped", words, hint, value=parse.shown(parcels))
