"""WooCommerce's product export, read as our own product sheet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.imports import parse, refusals
from backoffice.imports.parse import Fault, Text
from backoffice.imports.recipes import Mapped, Recipe, named, refuse_duplicates
from backoffice.imports.rows import Cell, Row, RowFault
from backoffice.imports.tables import Note, SourceRow, Table, header_key

# Our column → the columns of WooCommerce that it is read from.
COLUMNS: dict[str, tuple[str, ...]] = {
    "sku": ("sku",),
    "barcode": ("gtin_upc_ean_or_isbn",),
    "name": ("name",),
    "description": ("description", "short_description"),
    "category": ("categories",),
    "tags": ("tags",),
    "status": ("published",),
    "price": ("sale_price", "regular_price"),
    "compare_at_price": ("regular_price",),
    "tax_class": ("tax_class", "tax_status"),
    "weight_grams": ("weight_kg", "weight_g", "weight_lbs", "weight_oz"),
    "is_featured": ("is_featured",),
    "low_stock_threshold": ("low_stock_amount",),
    "parent_sku": ("parent",),
    "options": ("attribute_1_name", "attribute_1_value_s"),
    "stock": ("stock", "in_stock"),
}
# Known, and nothing of ours: said once.
UNUSED = (
    "visibility_in_catalog", "date_sale_price_starts", "date_sale_price_ends",
    "backorders_allowed", "sold_individually", "length_cm", "width_cm", "height_cm",
    "allow_customer_reviews", "purchase_note", "shipping_class", "images", "download_limit",
    "download_expiry_days", "grouped_products", "upsells", "cross_sells", "external_url",
    "button_text", "position", "id", "type",
)  # fmt: skip
MARKS = {"published", "regular_price", "sale_price", "in_stock", "visibility_in_catalog",
         "tax_status", "categories", "parent", "sold_individually"}  # fmt: skip
ENOUGH_MARKS = 4

GRAMS = {"weight_kg": Decimal(1000), "weight_g": Decimal(1), "weight_lbs": Decimal("453.59237"),
         "weight_oz": Decimal("28.349523125")}  # fmt: skip
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


@dataclass
class _Source:
    """A row with its cells by key, and what is made of it."""

    cells: Mapping[str, Any]
    names: Mapping[str, str]
    row: Row
    kinds: set[str] = field(default_factory=set)

    def text(self, key: str) -> str:
        """Return a cell as text; one that cannot be read is refused where its value is used."""
        try:
            return parse.as_text(self.cells.get(key))
        except Fault:
            return ""

    def name(self, key: str) -> str:
        return self.names.get(key, key)

    def put(self, column: str, key: str, value: Any = None, *, empties: bool = False) -> None:
        """Hand a value on as our column; without one: the cell as it is."""
        raw = self.cells.get(key) if value is None else value
        self.row.cells[column] = Cell(raw, self.name(key), empties)

    def refuse(self, key: str, code: str, message: Text, hint: Text = "", **facts: Any) -> None:
        fault = Fault(code, message, hint, **facts)
        self.row.faults.append(RowFault(self.name(key), code, fault.message, fault.hint))


class WooCommerceRecipe(Recipe):
    """One row of WooCommerce is one row of ours; variations hang on their parent's SKU."""

    name = "woocommerce"
    label = _("WooCommerce product export")
    help_text = _(
        "Products › All products › Export in WooCommerce, all columns. Pictures are not loaded."
    )

    def known(self) -> frozenset[str]:
        used = {key for keys in COLUMNS.values() for key in keys}
        return frozenset(used | set(UNUSED))

    def recognises(self, keys: frozenset[str]) -> bool:
        return {"type", "sku"} <= keys and len(MARKS & keys) >= ENOUGH_MARKS

    def map(self, table: Table, *, ignore_unknown: bool, now: datetime) -> Mapped:
        names = named(table.header)
        refuse_duplicates(names)
        by_key = {header_key(name): name for name in names}
        if missing := [name for name in ("Type", "SKU", "Name") if header_key(name) not in by_key]:
            raise refusals.MissingColumns(
                columns=", ".join(missing), found=", ".join(names[:12])
            )
        keys = [header_key(name) for name in names]
        sources = [self._source(row, keys, by_key) for row in table.rows]
        by_id = {source.text("id"): source for source in sources if source.text("id")}
        by_sku = {source.text("sku"): source for source in sources if source.text("sku")}
        for source in sources:
            self._map_row(source, now)
        for source in sources:
            if "variation" in source.kinds:
                self._hang(source, by_id, by_sku)
        for source in sources:
            if "variable" in source.kinds:
                self._price_of_variations(source, sources)
        columns = {
            ours: [by_key[key] for key in theirs if key in by_key]
            for ours, theirs in COLUMNS.items()
            if any(key in by_key for key in theirs)
        }
        return Mapped([source.row for source in sources], columns, self._notes(sources))

    def _source(self, row: SourceRow, keys: list[str], names: Mapping[str, str]) -> _Source:
        cells = dict(zip(keys, row.cells, strict=False))
        source = _Source(cells, names, Row(line=row.line, source=row.cells))
        source.kinds = {word.strip().casefold() for word in source.text("type").split(",")} - {""}
        return source

    def _map_row(self, source: _Source, now: datetime) -> None:
        kind = source.kinds - FLAGS
        for word in sorted(kind):
            if word in NOT_SOLD:
                source.refuse("type", f"{word}_product", *NOT_SOLD[word])
        if unknown := kind - SOLD - NOT_SOLD.keys():
            source.refuse(
                "type", "unknown_type", _("“{value}” is no type of product that can be loaded."),
                _("Known are simple, variable and variation."), value=parse.shown(min(unknown)),
            )  # fmt: skip
        elif not kind:
            source.refuse("type", "type_missing", _("The row does not say what type it is."),
                          _("Write simple, variable or variation."))  # fmt: skip
        for ours, key in (("sku", "sku"), ("barcode", "gtin_upc_ean_or_isbn"), ("name", "name"),
                          ("is_featured", "is_featured"),
                          ("low_stock_threshold", "low_stock_amount")):  # fmt: skip
            if key in source.names:
                source.put(ours, key)
        _map_words(source)
        _map_status(source)
        _map_price(source, now)
        _map_stock(source)
        _map_weight(source)
        _map_tax(source)

    def _hang(
        self, source: _Source, by_id: Mapping[str, _Source], by_sku: Mapping[str, _Source]
    ) -> None:
        """Give a variation its parent, its options, and what it inherits."""
        said = source.text("parent")
        if not said:
            source.refuse("parent", "parent_missing", _("A variation needs its parent."),
                          _("Write the parent's SKU, or id: and its number."))  # fmt: skip
            return
        if said.startswith("id:"):
            parent = by_id.get(said[3:].strip())
            if parent is None:
                source.refuse("parent", "unknown_parent",
                              _("No row of this file has the ID {value}."),
                              _("Write the parent's SKU instead."),
                              value=parse.shown(said[3:]))  # fmt: skip
                return
            source.put("parent_sku", "parent", parent.text("sku"))
        else:
            parent = by_sku.get(said)
            source.put("parent_sku", "parent")
        options = _options(source)
        if options:
            source.put("options", "attribute_1_value_s", parse.joined_pairs(options))
        if parent is None:
            return
        if not source.text("name") and parent.text("name"):
            words = [parent.text("name"), ", ".join(options.values())]
            source.put("name", "name", " - ".join(word for word in words if word))
        for column in ("category", "tags", "tax_class", "weight_grams"):
            if column not in source.row.cells and column in parent.row.cells:
                source.row.cells[column] = parent.row.cells[column]

    def _price_of_variations(self, source: _Source, sources: list[_Source]) -> None:
        """A variable product carries no price: the lowest of its variations stands for it."""
        if source.text("regular_price"):
            return
        sku, ids = source.text("sku"), f"id:{source.text('id')}"
        prices = []
        for other in sources:
            if "variation" in other.kinds and other.text("parent") in {sku, ids} - {""}:
                try:
                    prices.append(parse.money(other.row.cells["price"].value))
                except (Fault, KeyError):
                    continue
        known = [price for price in prices if price is not None]
        if known:
            source.put("price", "regular_price", f"{min(known):.2f}")

    def _notes(self, sources: list[_Source]) -> list[Note]:
        notes = []
        if any(source.text("images") for source in sources):
            notes.append(Note("images_not_loaded", str(_("Pictures are not loaded; add them to "
                                                         "the products afterwards."))))  # fmt: skip
        if any(source.text("description") and source.text("short_description")
               for source in sources):  # fmt: skip
            notes.append(Note("short_description_unused", str(_(
                "A short description is only used where there is no description."))))  # fmt: skip
        unused = sorted(
            name
            for key, name in (sources[0].names.items() if sources else ())
            if key not in {used for keys in COLUMNS.values() for used in keys}
            and key not in {"id", "type", "images"}
            and not re.match(r"attribute_\d+_|date_sale_price_", key)
            and any(source.text(key) for source in sources)
        )
        if unused:
            notes.append(Note("columns_ignored", str(refusals.IGNORED).format(
                columns=", ".join(unused))))  # fmt: skip
        return notes


def _map_words(source: _Source) -> None:
    for key in ("description", "short_description"):
        if text := source.text(key):
            source.put("description", key, text.replace("\\r", "").replace("\\n", "\n"))
            break
    paths = [part.strip() for part in parse.split(source.text("categories"), ",") if part.strip()]
    if paths:
        source.put("category", "categories", parse.unescaped(paths[0], ","))
        if len(paths) > 1:
            source.row.note("category", "one_category", str(_(
                "Only the first category, {path}, is kept.")).format(path=paths[0]))  # fmt: skip
    if source.text("tags"):
        source.put("tags", "tags", source.text("tags").replace("\\,", ","))


def _map_status(source: _Source) -> None:
    published = source.text("published")
    if not published:
        return
    if published not in STATUS:
        source.refuse("published", "bad_published", _("“{value}” is none of 1, 0 and -1."),
                      _("1 is published, 0 a draft, -1 private."), value=parse.shown(published))  # fmt: skip
        return
    source.put("status", "published", STATUS[published])
    if published == "-1":
        source.row.note("status", "private", str(_("It is private there; it becomes a draft.")))


def _map_price(source: _Source, now: datetime) -> None:
    """The sale price is the price while the sale runs; then the regular one is struck out."""
    regular, sale = source.text("regular_price"), source.text("sale_price")
    if sale and not _is_running(source, now):
        source.row.note("price", "sale_not_running", str(_(
            "The sale is not running today; the regular price is used.")))  # fmt: skip
        sale = ""
    if sale:
        source.put("price", "sale_price")
        if regular:
            source.put("compare_at_price", "regular_price")
    else:
        if regular or source.cells.get("regular_price"):
            source.put("price", "regular_price")
        source.put("compare_at_price", "sale_price", "", empties=True)


def _is_running(source: _Source, now: datetime) -> bool:
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


def _map_stock(source: _Source) -> None:
    stock = source.text("stock")
    if stock.casefold() == "parent":
        source.row.note("stock", "stock_of_parent", str(_("Its stock is kept by its parent.")))
    elif stock:
        source.put("stock", "stock")
    elif source.text("in_stock") == "0":
        source.put("stock", "in_stock", "0")


def _map_weight(source: _Source) -> None:
    for key, grams in GRAMS.items():
        text = source.text(key)
        if not text:
            continue
        if not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,6})?", text):
            source.refuse(key, "bad_weight", _("“{value}” is no weight."),
                          _("Write a number with a decimal point, for example 0.35."),
                          value=parse.shown(text))  # fmt: skip
            return
        whole = (Decimal(text) * grams).quantize(Decimal(1), ROUND_HALF_UP)
        source.put("weight_grams", key, str(whole))
        return


def _map_tax(source: _Source) -> None:
    if source.text("tax_status") == "none":
        source.put("tax_class", "tax_status", "zero")
    elif (tax_class := source.text("tax_class")) and tax_class != "parent":
        source.put("tax_class", "tax_class", TAX_CLASSES.get(tax_class, tax_class))


def _options(source: _Source) -> dict[str, str]:
    """Return what sets a variation apart; an attribute without a value stands for any."""
    options = {}
    for key in source.cells:
        if (found := re.fullmatch(r"attribute_(\d+)_name", key)) is not None:
            name, value = source.text(key), source.text(f"attribute_{found.group(1)}_value_s")
            if name and value:
                options[name] = value
    return options
