"""Magento 2's product export, read as our own product sheet.

Columns: https://experienceleague.adobe.com/docs/commerce-admin/systems/data-transfer/data-attributes-product.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from backoffice.imports.recipes import RowRecipe, RowsMade
from backoffice.imports.rows import Row
from backoffice.imports.tables import Note, Table
from catalog.sheets.recipes import foreign, meanings
from catalog.sheets.recipes.foreign import Header, Remarks, Source
from catalog.sheets.recipes.magento_cells import (
    USED_ATTRIBUTES,
    attributes_of,
    labels_of,
    map_cells,
    variations_of,
)

# Our column → the columns of Magento that it is read from.
COLUMNS: dict[str, tuple[str, ...]] = {
    "sku": ("sku",),
    "barcode": ("additional_attributes",),
    "name": ("name",),
    "slug": ("url_key",),
    "description": ("description", "short_description"),
    "category": ("categories",),
    "tags": ("meta_keywords",),
    "status": ("product_online",),
    "price": ("price", "special_price"),
    "compare_at_price": ("price", "special_price"),
    "cost": ("cost", "additional_attributes"),
    "tax_class": ("tax_class_name",),
    "weight_grams": ("weight",),
    "low_stock_threshold": ("notify_on_stock_below",),
    "parent_sku": ("configurable_variations",),
    "options": ("configurable_variations",),
    "stock": ("qty", "is_in_stock"),
    "meta_title": ("meta_title",),
    "meta_description": ("meta_description",),
}
NUMBERS = ("price", "special_price", "weight", "qty", "cost")
PICTURES = ("base_image", "additional_images")
# Read for other things than a column of ours, or said otherwise, or repeating a picture.
ASIDE = {
    *PICTURES, "product_type", "store_view_code", "special_price_from_date",
    "special_price_to_date", "configurable_variation_labels", "manage_stock",
    "use_config_manage_stock", "use_config_notify_stock_qty", "small_image", "thumbnail_image",
    "additional_attributes",
}  # fmt: skip
UNUSED = {
    "attribute_set_code", "product_websites", "visibility", "created_at", "updated_at",
    "new_from_date", "new_to_date", "display_product_options_in", "map_price", "msrp_price",
    "base_image_label", "small_image_label", "thumbnail_image_label", "swatch_image",
    "country_of_manufacture", "out_of_stock_qty", "is_qty_decimal", "allow_backorders",
    "min_cart_qty", "max_cart_qty", "website_id", "related_skus", "crosssell_skus",
    "upsell_skus", "additional_image_labels", "bundle_values", "associated_skus",
    "custom_options", "gift_message_available", "hide_from_product_page",
    "configurable_variation_prices", "use_config_min_qty", "use_config_backorders",
    "use_config_min_sale_qty", "use_config_max_sale_qty", "use_config_qty_increments",
    "qty_increments", "use_config_enable_qty_inc", "enable_qty_increments", "is_decimal_divided",
}  # fmt: skip
MARKS = {"attribute_set_code", "product_websites", "additional_attributes", "product_online",
         "visibility", "configurable_variations"}  # fmt: skip
ENOUGH_MARKS = 2
# Of these a variant's own row says nothing when its shop leaves them to the parent.
INHERITED = ("category", "tags", "tax_class")


class MagentoRecipe(RowRecipe):
    """One row of Magento is one row of ours; a configurable one names its variants."""

    name = "magento"
    label = _("Magento 2 product export")
    help_text = _(
        "System › Data Transfer › Export in Magento, entity “Products”. Pictures are not loaded."
    )

    def known(self) -> frozenset[str]:
        used = {key for keys in COLUMNS.values() for key in keys}
        return frozenset(used | ASIDE | UNUSED)

    def recognises(self, keys: frozenset[str]) -> bool:
        return {"sku", "product_type"} <= keys and len(MARKS & keys) >= ENOUGH_MARKS

    def rows(self, table: Table, *, now: datetime) -> RowsMade:
        header = Header(table, known=self.known())
        header.require("sku", "product_type")
        header.tell_decimal(table, NUMBERS)
        made = RowsMade([], header.columns(COLUMNS))
        made.rows = _rows(table, header, now, made.notes)
        return made


def _rows(table: Table, header: Header, now: datetime, notes: list[Note]) -> Iterator[Row]:
    remarks = Remarks()
    sources = []
    for source in foreign.sources_of(table, header):
        if source.has("store_view_code"):
            remarks.add(
                "store_views",
                _(
                    "Rows of single store views are not used, only what holds for all of them "
                    "(rows: {count}, the first on line {line})."
                ),
                source,
                "store_view_code",
            )
            continue
        sources.append(source)
    for source in sources:
        map_cells(source, now, remarks)
    _hang_variations(sources, remarks)
    yield from (source.handed_on() for source in sources)
    notes += remarks.notes()
    notes += foreign.pictures(sources, PICTURES)
    notes += _attributes_unused(sources)
    used = {key for keys in COLUMNS.values() for key in keys} | ASIDE
    notes += foreign.unused_columns(header, sources, used)


def _hang_variations(sources: list[Source], remarks: Remarks) -> None:
    """Give the products that a configurable one names their parent and their options."""
    by_sku = {source.text("sku"): source for source in sources}
    for parent in sources:
        if "configurable" not in parent.kinds:
            continue
        children = []
        labels = labels_of(parent)
        for sku, options in variations_of(parent):
            child = by_sku.get(sku)
            if child is None or child is parent:
                remarks.add(
                    "variation_elsewhere",
                    _(
                        "Variants that have no row in this file, such as {sku}, stay as they are "
                        "(variants: {count}, the first on line {line})."
                    ),
                    parent,
                    "configurable_variations",
                    sku=sku,
                )
                continue
            children.append(child)
            _hang(child, parent, options, labels, remarks)
        meanings.price_of_variants(parent, children, "price")


def _hang(
    child: Source,
    parent: Source,
    options: Mapping[str, str],
    labels: Mapping[str, str],
    remarks: Remarks,
) -> None:
    if "parent_sku" in child.row.cells:
        remarks.add(
            "variation_twice",
            _(
                "A product hangs on one parent here: of several the first is kept "
                "(others: {count}, the first on line {line})."
            ),
            parent,
            "configurable_variations",
        )
        return
    said = {labels.get(name, name): value for name, value in options.items()}
    key = "configurable_variations"
    meanings.hang(child, parent.text("sku"), said, key=key, option_key=key)
    meanings.inherit(child, parent, INHERITED)


def _attributes_unused(sources: list[Source]) -> list[Note]:
    """Return the note about attributes that are neither columns nor options of ours."""
    named: set[str] = set()
    options: set[str] = set()
    for source in sources:
        named.update(attributes_of(source))
        for _sku, said in variations_of(source):
            options.update(said)
    left = sorted(named - options - USED_ATTRIBUTES)
    if not left:
        return []
    words = _("These attributes are not used: {names}.").format(names=", ".join(left))
    return [Note("attributes_ignored", words, sources[0].header.names["additional_attributes"])]
