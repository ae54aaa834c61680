"""What the cells of a WooCommerce row mean for a product of ours."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from backoffice.imports import compound, parse
from backoffice.imports.parse import Text
from catalog.sheets.recipes import meanings
from catalog.sheets.recipes.foreign import Source

WEIGHTS = {f"weight_{unit}": meanings.GRAMS[unit] for unit in ("kg", "g", "lbs", "oz")}
TAX_CLASSES = {"reduced-rate": "reduced", "zero-rate": "zero"}
STATUS = {"1": "published", "0": "draft", "-1": "draft"}
SOLD = {"simple", "variable", "variation"}
FLAGS = {"downloadable", "virtual"}
NOT_SOLD: dict[str, tuple[Text, Text]] = {
    "grouped": (
        _("A grouped product is a page that lists other products; it has no price and no stock."),
        _("Its members are products of their own; remove this row."),
    ),
    "external": (
        _("An external product is sold on another site, not by us."),
        _("Remove this row, or make it a simple product first."),
    ),
}


def map_cells(source: Source, now: datetime) -> None:
    """Hand every cell of a row on as the column of ours that it belongs to."""
    kind = source.kinds - FLAGS
    for word in sorted(kind):
        if word in NOT_SOLD:
            source.refuse("type", f"{word}_product", *NOT_SOLD[word])
    if unknown := kind - SOLD - NOT_SOLD.keys():
        source.refuse(
            "type",
            "unknown_type",
            _("“{value}” is no type of product that can be loaded."),
            _("Known are simple, variable and variation."),
            value=parse.shown(min(unknown)),
        )
    elif not kind:
        source.refuse(
            "type",
            "type_missing",
            _("The row does not say what type it is."),
            _("Write simple, variable or variation."),
        )
    for ours, key in (
        ("sku", "sku"),
        ("barcode", "gtin_upc_ean_or_isbn"),
        ("name", "name"),
        ("is_featured", "is_featured"),
        ("low_stock_threshold", "low_stock_amount"),
    ):
        source.put(ours, key)
    _map_words(source)
    _map_status(source)
    _map_price(source, now)
    _map_stock(source)
    _map_weight(source)
    _map_tax(source)


def _map_words(source: Source) -> None:
    for key in ("description", "short_description"):
        if text := source.text(key):
            source.put("description", key, text.replace("\\r", "").replace("\\n", "\n"))
            break
    paths = [
        part.strip() for part in compound.split(source.text("categories"), ",") if part.strip()
    ]
    if paths:
        source.put("category", "categories", compound.unescaped(paths[0], ","))
        if len(paths) > 1:
            source.note(
                "categories",
                "one_category",
                _("Only the first category, {path}, is kept."),
                path=paths[0],
            )
    if source.text("tags"):
        source.put("tags", "tags", source.text("tags").replace("\\,", ","))


def _map_status(source: Source) -> None:
    published = source.text("published")
    if not published:
        return
    if published not in STATUS:
        source.refuse(
            "published",
            "bad_published",
            _("“{value}” is none of 1, 0 and -1."),
            _("1 is published, 0 a draft, -1 private."),
            field="status",
            value=parse.shown(published),
        )
        return
    source.put("status", "published", STATUS[published])
    if published == "-1":
        source.note("published", "private", _("It is private there; it becomes a draft."))


def _map_price(source: Source, now: datetime) -> None:
    """The sale price is the price while the sale runs; then the regular one is struck out."""
    regular, sale = source.text("regular_price"), source.text("sale_price")
    if sale and not _is_running(source, now):
        source.note(
            "sale_price",
            "sale_not_running",
            _("The sale is not running today; the regular price is used."),
        )
        sale = ""
    if sale:
        source.put("price", "sale_price")
        if regular:
            source.put("compare_at_price", "regular_price")
    else:
        source.put("price", "regular_price")
        source.put("compare_at_price", "sale_price", "", empties=True)


def _is_running(source: Source, now: datetime) -> bool:
    starts = _day(source.text("date_sale_price_starts"))
    ends = _day(source.text("date_sale_price_ends"), is_end=True)
    return (starts is None or starts <= now) and (ends is None or now < ends)


def _day(text: str, *, is_end: bool = False) -> datetime | None:
    """Return a moment of WooCommerce; the day that a sale ends on belongs to it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment + timedelta(days=1) if is_end and len(text) == len("2026-01-31") else moment


def _map_stock(source: Source) -> None:
    stock = source.text("stock")
    if stock.casefold() == "parent":
        source.note("stock", "stock_of_parent", _("Its stock is kept by its parent."))
    elif stock:
        source.put("stock", "stock")
    elif source.text("in_stock") == "0":
        source.put("stock", "in_stock", "0")


def _map_weight(source: Source) -> None:
    for key, grams in WEIGHTS.items():
        if source.has(key):
            meanings.put_weight(source, key, grams)
            return


def _map_tax(source: Source) -> None:
    if source.text("tax_status") == "none":
        source.put("tax_class", "tax_status", "zero")
    elif (tax_class := source.text("tax_class")) and tax_class != "parent":
        source.put("tax_class", "tax_class", TAX_CLASSES.get(tax_class, tax_class))


def options_of(source: Source) -> dict[str, str]:
    """Return what sets a variation apart; an attribute without a value stands for any."""
    options = {}
    for key in source.header.names:
        if (found := re.fullmatch(r"attribute_(\d+)_name", key)) is not None:
            name, value = source.text(key), source.text(f"attribute_{found.group(1)}_value_s")
            if name and value:
                options[name] = value
    return options
