"""WooCommerce's product export, read as our own product sheet."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from backoffice.imports import compound, parse
from backoffice.imports.recipes import RowRecipe, RowsMade
from backoffice.imports.rows import Row
from backoffice.imports.tables import Note, Table
from catalog.sheets.recipes import foreign, meanings
from catalog.sheets.recipes.foreign import Header, Source
from catalog.sheets.recipes.woocommerce_cells import map_cells, options_of

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
NUMBERS = ("regular_price", "sale_price", *COLUMNS["weight_grams"])
# Known, and nothing of ours: said once.
UNUSED = (
    "visibility_in_catalog",
    "date_sale_price_starts",
    "date_sale_price_ends",
    "backorders_allowed",
    "sold_individually",
    "length_cm",
    "width_cm",
    "height_cm",
    "allow_customer_reviews",
    "purchase_note",
    "shipping_class",
    "images",
    "download_limit",
    "download_expiry_days",
    "grouped_products",
    "upsells",
    "cross_sells",
    "external_url",
    "button_text",
    "position",
    "id",
    "type",
)
MARKS = {
    "published",
    "regular_price",
    "sale_price",
    "in_stock",
    "visibility_in_catalog",
    "tax_status",
    "categories",
    "parent",
    "sold_individually",
}
ENOUGH_MARKS = 4
INHERITED = ("category", "tags", "tax_class", "weight_grams")


class WooCommerceRecipe(RowRecipe):
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

    def rows(self, table: Table, *, now: datetime) -> RowsMade:
        header = Header(table, known=self.known())
        header.require("Type", "SKU", "Name")
        header.tell_decimal(table, NUMBERS)
        made = RowsMade([], header.columns(COLUMNS))
        made.rows = _rows(table, header, now, made.notes)
        return made


def _rows(table: Table, header: Header, now: datetime, notes: list[Note]) -> Iterator[Row]:
    sources = list(foreign.sources_of(table, header))
    for source in sources:
        source.kinds = {word.strip().casefold() for word in source.text("type").split(",")} - {""}
        map_cells(source, now)
    by_id = {source.text("id"): source for source in sources if source.has("id")}
    by_sku = {source.text("sku"): source for source in sources if source.has("sku")}
    variations = defaultdict(list)
    for source in sources:
        if "variation" in source.kinds:
            _hang(source, by_id, by_sku)
            variations[source.text("parent")].append(source)
    for source in sources:
        if "variable" in source.kinds and not source.text("regular_price"):
            # It carries no price of its own there.
            names = dict.fromkeys((source.text("sku"), f"id:{source.text('id')}"))
            below = [child for name in names if name for child in variations.get(name, ())]
            meanings.price_of_variants(source, below, "regular_price")
    yield from (source.handed_on() for source in sources)
    notes += _notes(header, sources)


def _hang(source: Source, by_id: Mapping[str, Source], by_sku: Mapping[str, Source]) -> None:
    """Give a variation its parent, its options, and what it inherits."""
    said = source.text("parent")
    if not said:
        source.refuse(
            "parent",
            "parent_missing",
            _("A variation needs its parent."),
            _("Write the parent's SKU, or id: and its number."),
            field="parent_sku",
        )
        return
    parent = by_sku.get(said)
    if said.startswith("id:"):
        parent = by_id.get(said[3:].strip())
        if parent is None:
            source.refuse(
                "parent",
                "unknown_parent",
                _("No row of this file has the ID {value}."),
                _("Write the parent's SKU instead."),
                field="parent_sku",
                value=parse.shown(said[3:]),
            )
            return
        source.put("parent_sku", "parent", parent.text("sku"))
    else:
        source.put("parent_sku", "parent")
    options = options_of(source)
    if options:
        source.put("options", "attribute_1_value_s", compound.joined_pairs(options))
    if parent is None:
        return
    if not source.has("name") and parent.text("name"):
        source.put("name", "name", meanings.variant_name(parent.text("name"), options))
    meanings.inherit(source, parent, INHERITED)


def _notes(header: Header, sources: Sequence[Source]) -> list[Note]:
    notes = foreign.pictures(sources, ("images",))
    if any(source.has("description") and source.has("short_description") for source in sources):
        words = _("A short description is only used where there is no description.")
        notes.append(Note("short_description_unused", str(words)))
    used = {key for keys in COLUMNS.values() for key in keys} | {"id", "type", "images"}
    used |= {key for key in header.names if re.match(r"attribute_\d+_|date_sale_price_", key)}
    return notes + foreign.unused_columns(header, sources, used)
