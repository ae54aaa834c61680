"""WooCommerce's product export, read as our own product sheet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from backoffice.imports import compound, parse, refusals
from backoffice.imports.parse import Fault
from backoffice.imports.recipes import Mapped, Recipe, named, refuse_duplicates
from backoffice.imports.rows import Row
from backoffice.imports.tables import Note, SourceRow, Table, header_key
from catalog.sheets.woocommerce_cells import Source, map_cells, options_of

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
            raise refusals.MissingColumns(columns=", ".join(missing), found=", ".join(names[:12]))
        keys = [header_key(name) for name in names]
        sources = [self._source(row, keys, by_key) for row in table.rows]
        by_id = {source.text("id"): source for source in sources if source.text("id")}
        by_sku = {source.text("sku"): source for source in sources if source.text("sku")}
        for source in sources:
            map_cells(source, now)
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

    def _source(self, row: SourceRow, keys: list[str], names: Mapping[str, str]) -> Source:
        cells = dict(zip(keys, row.cells, strict=False))
        source = Source(cells, names, Row(line=row.line, source=row.cells))
        source.kinds = {word.strip().casefold() for word in source.text("type").split(",")} - {""}
        return source

    def _hang(
        self, source: Source, by_id: Mapping[str, Source], by_sku: Mapping[str, Source]
    ) -> None:
        """Give a variation its parent, its options, and what it inherits."""
        said = source.text("parent")
        if not said:
            source.refuse(
                "parent",
                "parent_missing",
                _("A variation needs its parent."),
                _("Write the parent's SKU, or id: and its number."),
            )
            return
        if said.startswith("id:"):
            parent = by_id.get(said[3:].strip())
            if parent is None:
                source.refuse(
                    "parent",
                    "unknown_parent",
                    _("No row of this file has the ID {value}."),
                    _("Write the parent's SKU instead."),
                    value=parse.shown(said[3:]),
                )
                return
            source.put("parent_sku", "parent", parent.text("sku"))
        else:
            parent = by_sku.get(said)
            source.put("parent_sku", "parent")
        options = options_of(source)
        if options:
            source.put("options", "attribute_1_value_s", compound.joined_pairs(options))
        if parent is None:
            return
        if not source.text("name") and parent.text("name"):
            words = [parent.text("name"), ", ".join(options.values())]
            source.put("name", "name", " - ".join(word for word in words if word))
        for column in ("category", "tags", "tax_class", "weight_grams"):
            if column not in source.row.cells and column in parent.row.cells:
                source.row.cells[column] = parent.row.cells[column]

    def _price_of_variations(self, source: Source, sources: list[Source]) -> None:
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

    def _notes(self, sources: list[Source]) -> list[Note]:
        notes = []
        if any(source.text("images") for source in sources):
            notes.append(
                Note(
                    "images_not_loaded",
                    str(_("Pictures are not loaded; add them to the products afterwards.")),
                )
            )
        if any(
            source.text("description") and source.text("short_description") for source in sources
        ):
            notes.append(
                Note(
                    "short_description_unused",
                    str(_("A short description is only used where there is no description.")),
                )
            )
        unused = sorted(
            name
            for key, name in (sources[0].names.items() if sources else ())
            if key not in {used for keys in COLUMNS.values() for used in keys}
            and key not in {"id", "type", "images"}
            and not re.match(r"attribute_\d+_|date_sale_price_", key)
            and any(source.text(key) for source in sources)
        )
        if unused:
            notes.append(
                Note("columns_ignored", str(refusals.IGNORED).format(columns=", ".join(unused)))
            )
        return notes
