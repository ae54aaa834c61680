"""What the cells of a Magento row mean for a product of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from backoffice.imports import parse
from backoffice.imports.parse import Text
from catalog.sheets.recipes import meanings
from catalog.sheets.recipes.foreign import Remarks, Source

STATUS = {"1": "published", "2": "draft"}
SOLD = {"simple", "virtual", "downloadable", "configurable"}
NOT_SOLD: dict[str, tuple[Text, Text]] = {
    "grouped": (
        _("A grouped product is a page that lists other products; it has no price and no stock."),
        _("Its members are products of their own; remove this row."),
    ),
    "bundle": (
        _("A bundle is put together from other products by the customer; there are none here."),
        _("Its parts are products of their own; remove this row, or make it a simple product."),
    ),
}
# Attributes that shops use for columns of ours, the best one first.
BARCODES = ("ean", "gtin", "barcode", "upc")
USED_ATTRIBUTES = {*BARCODES, "cost"}


def map_cells(source: Source, now: datetime, remarks: Remarks) -> None:
    """Hand every cell of a row on as the column of ours that it belongs to."""
    _judge_type(source)
    source.put("sku", "sku")
    source.put("name", "name")
    meanings.put_slug(source, "url_key", remarks)
    source.put("description", "description" if source.has("description") else "short_description")
    _put_category(source, remarks)
    source.put("tags", "meta_keywords")
    _put_status(source)
    _put_prices(source, now, remarks)
    meanings.put_tax(source, "tax_class_name", remarks)
    _put_weight(source, remarks)
    _put_attributes(source)
    if "configurable" not in source.kinds:
        _put_stock(source, remarks)
    meanings.put_meta(source, "meta_title", "meta_title", remarks)
    meanings.put_meta(source, "meta_description", "meta_description", remarks)


def _judge_type(source: Source) -> None:
    kind = source.text("product_type").casefold()
    source.kinds = {kind}
    if kind in NOT_SOLD:
        source.refuse("product_type", f"{kind}_product", *NOT_SOLD[kind])
    elif kind not in SOLD:
        source.refuse(
            "product_type",
            "unknown_type" if kind else "type_missing",
            _("“{value}” is no type of product that can be loaded."),
            _("Known are simple, virtual, downloadable and configurable."),
            value=parse.shown(kind),
        )


def _put_category(source: Source, remarks: Remarks) -> None:
    """Magento's paths begin with the root of a store, which is no category of ours."""
    paths = []
    for path in source.text("categories").split(","):
        # A slash in a name is escaped by a backslash.
        levels = [level.replace("\\/", "/") for level in re.split(r"(?<!\\)/", path)]
        if below := [level.strip() for level in levels[1:] if level.strip()]:
            paths.append(below)
    meanings.put_path(source, "categories", paths, remarks)


def _put_status(source: Source) -> None:
    said = source.text("product_online")
    if said and said not in STATUS:
        source.refuse(
            "product_online",
            "bad_product_online",
            _("“{value}” is neither 1 nor 2."),
            _("1 is enabled, 2 disabled."),
            field="status",
            value=parse.shown(said),
        )
    elif said:
        source.put("status", "product_online", STATUS[said])


def _put_prices(source: Source, now: datetime, remarks: Remarks) -> None:
    """The special price is the price while it runs; then the regular one is struck out."""
    if source.has("special_price") and _is_running(source, now, remarks):
        meanings.put_number(source, "price", "special_price")
        regular = meanings.amount(source, source.text("price"))
        special = meanings.amount(source, source.text("special_price"))
        if regular is None or special is None or regular > special:
            meanings.put_number(source, "compare_at_price", "price")
        return
    meanings.put_number(source, "price", "price")
    source.put("compare_at_price", "special_price", "", empties=True)


def _is_running(source: Source, now: datetime, remarks: Remarks) -> bool:
    starts = _day(source, "special_price_from_date")
    ends = _day(source, "special_price_to_date")
    if source.row.faults and any(fault.code == "bad_day" for fault in source.row.faults):
        return False
    # The day that it ends on belongs to it.
    runs = (starts is None or starts <= now) and (ends is None or now < ends + timedelta(days=1))
    if not runs:
        remarks.add(
            "special_not_running",
            _(
                "Special prices that do not run today are not used, the regular ones are "
                "(rows: {count}, the first on line {line})."
            ),
            source,
            "special_price",
        )
    return runs


def _day(source: Source, key: str) -> datetime | None:
    """Return a day as Magento writes it: 2026-06-30, 2026-06-30 00:00:00, or 6/30/26."""
    text = source.text(key)
    if not text:
        return None
    day = text.split(",")[0].split(" ")[0]
    for form in ("%Y-%m-%d", "%m/%d/%y", "%m/%d/%Y"):
        try:
            return datetime.strptime(day, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    source.refuse(
        key,
        "bad_day",
        _("“{value}” is no day that can be read without a doubt."),
        _("Write year, month and day: 2026-06-30."),
        field="price",
        value=parse.shown(text),
    )
    return None


def _put_weight(source: Source, remarks: Remarks) -> None:
    meanings.put_weight(source, "weight", meanings.GRAMS["kg"])
    if "weight_grams" in source.row.cells:
        remarks.add(
            "weight_in_kg",
            _(
                "The file does not say the unit of its weights; they are taken as kilograms "
                "(rows: {count}, the first on line {line})."
            ),
            source,
            "weight",
        )


def _put_attributes(source: Source) -> None:
    said = attributes_of(source)
    key = "additional_attributes"
    if barcode := next((said[name] for name in BARCODES if said.get(name)), ""):
        source.put("barcode", key, barcode)
    if source.has("cost"):
        meanings.put_number(source, "cost", "cost")
    elif cost := said.get("cost"):
        source.put("cost", key, source.header.written(source.header.canonical(cost)))
    if source.text("use_config_notify_stock_qty") == "0":
        meanings.put_number(source, "low_stock_threshold", "notify_on_stock_below")


def _put_stock(source: Source, remarks: Remarks) -> None:
    """A product that is not kept in stock, or whose shop does not say, is left as it is."""
    is_kept = source.text("use_config_manage_stock") != "0" or source.text("manage_stock") != "0"
    if not is_kept:
        if source.has("qty"):
            meanings.stock_not_kept(source, "manage_stock", remarks)
        return
    stock = source.number("qty")
    if source.text("is_in_stock") == "0" and stock != "0":
        source.put("stock", "is_in_stock", "0")
        if stock:
            source.note(
                "is_in_stock",
                "out_of_stock",
                _("It is out of stock there, whatever its quantity of {stock}; it becomes 0."),
                stock=parse.shown(stock),
            )
    else:
        meanings.put_stock(source, "qty")


def attributes_of(source: Source) -> dict[str, str]:
    """Return “name=value,name=value” as a mapping; a comma without a name belongs to a value."""
    return _pairs(source.text("additional_attributes"))


def labels_of(source: Source) -> dict[str, str]:
    """Return what a configurable product calls the attributes that its variants differ in."""
    return _pairs(source.text("configurable_variation_labels"))


def variations_of(source: Source) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield SKU and options from “sku=A,size=S|sku=B,size=M”."""
    for part in source.text("configurable_variations").split("|"):
        options = _pairs(part)
        if sku := options.pop("sku", ""):
            yield sku, options


def _pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    name = ""
    for part in text.split(","):
        head, mark, value = part.partition("=")
        if mark and re.fullmatch(r"\s*\w+\s*", head):
            name = head.strip()
            found[name] = value.strip().strip('"')
        elif name:
            found[name] += f",{part}"
    return {name: value for name, value in found.items() if value}
