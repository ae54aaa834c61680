"""Shopify's product export, read as our own product sheet: variants stand below one handle.

Columns: https://help.shopify.com/en/manual/products/import-export/using-csv
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from backoffice.imports.recipes import RowRecipe, RowsMade
from backoffice.imports.rows import Row
from backoffice.imports.tables import Note, Table
from catalog.sheets.recipes import families, foreign, meanings
from catalog.sheets.recipes.families import Family, Keys, Variant
from catalog.sheets.recipes.foreign import Header, Remarks, Source
from catalog.sheets.recipes.skus import Identity

# Names of the newer export → those that Shopify used before.
ALIASES = {
    "url_handle": "handle",
    "description": "body_html",
    "published_on_online_store": "published",
    "sku": "variant_sku",
    "barcode": "variant_barcode",
    "price": "variant_price",
    "compare_at_price": "variant_compare_at_price",
    "inventory_quantity": "variant_inventory_qty",
    "weight_value_grams": "variant_grams",
    "weight_unit_for_display": "variant_weight_unit",
    "product_image_url": "image_src",
    "variant_image_url": "variant_image",
}
OPTIONS = tuple((f"option{at}_name", f"option{at}_value") for at in (1, 2, 3))
# Our column → the columns of Shopify that it is read from.
COLUMNS: dict[str, tuple[str, ...]] = {
    "sku": ("variant_sku", "handle"),
    "barcode": ("variant_barcode",),
    "name": ("title",),
    "slug": ("handle",),
    "description": ("body_html",),
    "category": ("product_category", "type"),
    "tags": ("tags",),
    "status": ("status", "published"),
    "price": ("variant_price",),
    "compare_at_price": ("variant_compare_at_price",),
    "cost": ("cost_per_item",),
    "weight_grams": ("variant_grams",),
    "parent_sku": ("handle",),
    "options": tuple(key for pair in OPTIONS for key in pair),
    "stock": ("variant_inventory_qty",),
    "meta_title": ("seo_title",),
    "meta_description": ("seo_description",),
}
NUMBERS = ("variant_price", "variant_compare_at_price", "cost_per_item", "variant_grams")
PICTURES = ("image_src", "variant_image")
# Known, and said otherwise or not worth a word.
ASIDE = {*PICTURES, "image_position", "image_alt_text", "variant_weight_unit"}
UNUSED = {
    "vendor", "gift_card", "variant_inventory_tracker", "variant_inventory_policy",
    "variant_fulfillment_service", "variant_requires_shipping", "variant_taxable",
    "variant_tax_code", "inventory_tracker", "continue_selling_when_out_of_stock",
    "fulfillment_service", "requires_shipping", "charge_tax", "tax_code", "option1_linked_to",
    "option2_linked_to", "option3_linked_to",
}  # fmt: skip
KEYS = Keys("variant_sku", "handle", "title", "option1_value", "variant_price")
MARKS = {"variant_price", "variant_sku", "option1_value", "variant_inventory_qty", "body_html"}
ENOUGH_MARKS = 2
SAYS_VARIANT = ("variant_sku", "variant_price", "option1_value")

STATUS = {"active": "published", "draft": "draft", "archived": "archived", "unlisted": "draft"}
NO_OPTION = "Default Title"


class ShopifyRecipe(RowRecipe):
    """Product fields stand on a handle's first row only; each variant has a row of its own."""

    name = "shopify"
    label = _("Shopify product export")
    help_text = _("Products › Export in Shopify, as plain CSV. Pictures are not loaded.")

    def known(self) -> frozenset[str]:
        used = {key for keys in COLUMNS.values() for key in keys}
        return frozenset(used | ASIDE | UNUSED | ALIASES.keys())

    def recognises(self, keys: frozenset[str]) -> bool:
        theirs = {ALIASES.get(key, key) for key in keys}
        return {"handle", "title"} <= theirs and len(MARKS & theirs) >= ENOUGH_MARKS

    def rows(self, table: Table, *, now: datetime) -> RowsMade:
        header = Header(table, known=self.known(), aliases=ALIASES)
        header.require("Handle", "Title")
        header.tell_decimal(table, NUMBERS)
        made = RowsMade([], header.columns(COLUMNS))
        made.rows = _rows(table, header, made.notes)
        return made


def _rows(table: Table, header: Header, notes: list[Note]) -> Iterator[Row]:
    remarks = Remarks()
    sources = list(foreign.sources_of(table, header))
    known = families_of(sources, remarks)
    skus = families.skus_for(known, KEYS.sku)
    for family in known:
        for source in _mapped(family, skus, remarks):
            yield source.handed_on()
    notes += remarks.notes()
    notes += foreign.pictures(sources, PICTURES)
    used = {key for keys in COLUMNS.values() for key in keys} | ASIDE
    notes += foreign.unused_columns(header, sources, used)


def families_of(sources: Iterable[Source], remarks: Remarks) -> list[Family]:
    """Gather the rows of each handle, wherever they stand in the file."""
    gathered: dict[tuple[str, int], list[Source]] = {}
    for source in sources:
        handle = source.text("handle")
        # A row without a handle is a product of its own, to be refused with its line.
        gathered.setdefault((handle, 0 if handle else source.line), []).append(source)
    return [_family(handle, rows, remarks) for (handle, _line), rows in gathered.items()]


def _family(handle: str, rows: list[Source], remarks: Remarks) -> Family:
    first = next((row for row in rows if row.has("title")), rows[0])
    names = [first.text(name) for name, _value in OPTIONS]
    variants = [row for row in rows if any(row.has(key) for key in SAYS_VARIANT)] or [first]
    for row in rows:
        if row not in variants and row is not first:
            remarks.add(
                "picture_rows",
                _(
                    "Rows that only name a further picture make nothing "
                    "(rows: {count}, the first on line {line})."
                ),
                row,
            )
    return Family(handle, first, [Variant(row, _options(row, names)) for row in variants])


def _options(row: Source, names: list[str]) -> dict[str, str]:
    """Return what sets a variant apart; the names stand on the first row of the handle."""
    options = {}
    for (name_key, value_key), name in zip(OPTIONS, names, strict=True):
        called = row.text(name_key) or name or row.header.names.get(value_key, value_key)
        value = row.text(value_key).removeprefix("'")
        if value and value != NO_OPTION:
            options[called] = value
    return options


def _mapped(family: Family, skus: Mapping[Identity, str], remarks: Remarks) -> list[Source]:
    if not family.handle:
        family.first.refuse(
            "handle",
            "handle_missing",
            _("The row has no handle, so it belongs to no product."),
            _("Fill it in; all rows of a product have the same one."),
            field="sku",
        )
    if family.is_single or not family.handle:
        single = family.variants[0]
        _put_product(single.source, remarks)
        _put_variant(single.source, remarks)
        families.put_sku(single.source, KEYS.sku, family.identity(single), skus)
        return [single.source]
    parent = family.first.twin()
    _put_product(parent, remarks)
    for variant in family.variants:
        _put_variant(variant.source, remarks)
    return families.assemble(family, parent, KEYS, skus, remarks)


def _put_product(source: Source, remarks: Remarks) -> None:
    source.put("name", "title")
    meanings.put_slug(source, "handle", remarks)
    source.put("description", "body_html")
    if path := meanings.levels(source.text("product_category"), ">"):
        meanings.put_path(source, "product_category", [path], remarks)
    else:
        source.put("category", "type")
    source.put("tags", "tags")
    meanings.put_meta(source, "meta_title", "seo_title", remarks)
    meanings.put_meta(source, "meta_description", "seo_description", remarks)
    _put_status(source)


def _put_status(source: Source) -> None:
    """Older exports only say whether the online store shows it."""
    said = meanings.put_status(source, "status", STATUS)
    shown = source.text("published").casefold()
    if said == "unlisted" or (said == "active" and shown in meanings.FALSE):
        source.put("status", "status", "draft")
        source.note("status", "not_in_store", _("Its store does not list it; it becomes a draft."))
    elif not said and not source.has("status") and shown:
        status = "draft" if shown in meanings.FALSE else "published"
        source.put("status", "published", status)


def _put_variant(source: Source, remarks: Remarks) -> None:
    barcode = source.raw("variant_barcode")
    # Shopify keeps a spreadsheet from eating leading zeros by an apostrophe.
    source.put(
        "barcode",
        "variant_barcode",
        barcode.removeprefix("'") if isinstance(barcode, str) and barcode.strip() else None,
    )
    meanings.put_prices(source, "variant_price", "variant_compare_at_price", remarks)
    meanings.put_number(source, "cost", "cost_per_item")
    meanings.put_stock(source, "variant_inventory_qty")
    meanings.put_weight(source, "variant_grams", Decimal(1))
