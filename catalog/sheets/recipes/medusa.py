"""Medusa's product template and export, read as our own product sheet.

Columns: https://docs.medusajs.com/v1/user-guide/products/import
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from backoffice.imports.recipes import RowRecipe, RowsMade
from backoffice.imports.rows import Row
from backoffice.imports.tables import Note, Table
from catalog.sheets.recipes import families, foreign, meanings
from catalog.sheets.recipes.families import Family, Keys, Variant
from catalog.sheets.recipes.foreign import Header, Remarks, Source
from catalog.sheets.recipes.skus import Identity

OPTIONS = tuple((f"option_{at}_name", f"option_{at}_value") for at in range(1, 6))
# Names of the newer export → those that the template uses.
ALIASES = {
    f"variant_option_{at}_{end}": f"option_{at}_{end}"
    for at in range(1, 6)
    for end in ("name", "value")
}
BARCODES = ("variant_barcode", "variant_ean", "variant_upc")
# Our column → the columns of Medusa that it is read from; prices and tags are found by pattern.
COLUMNS: dict[str, tuple[str, ...]] = {
    "sku": ("variant_sku", "product_handle"),
    "barcode": BARCODES,
    "name": ("product_title", "variant_title"),
    "slug": ("product_handle",),
    "description": ("product_description",),
    "category": ("product_type",),
    "tags": ("product_tags",),
    "status": ("product_status",),
    "weight_grams": ("variant_weight", "product_weight"),
    "parent_sku": ("product_handle",),
    "options": tuple(key for pair in OPTIONS for key in pair),
    "stock": ("variant_inventory_quantity",),
}
NUMBERS = COLUMNS["weight_grams"]
PRICE = re.compile(r"(?:variant )?price (?:([a-z]{3})|.*\[([a-z]{3})\])", re.IGNORECASE)
TAG = re.compile(r"product_tag_\d+")
PICTURE = re.compile(r"image_\d+_url|product_image_\d+|product_thumbnail")
# Read for other things than a column of ours, or of no use outside Medusa.
ASIDE = {
    "variant_manage_inventory", "product_id", "variant_id", "variant_product_id",
    "product_collection_id", "product_type_id", "product_created_at", "product_updated_at",
    "product_deleted_at", "variant_created_at", "variant_updated_at", "variant_deleted_at",
    "variant_variant_rank",
}  # fmt: skip
UNUSED = {
    "product_subtitle", "product_external_id", "product_discountable", "product_is_giftcard",
    "product_collection_title", "product_collection_handle", "variant_allow_backorder",
    "product_thumbnail", "variant_metadata",
}  # fmt: skip
for _of in ("product", "variant"):
    UNUSED |= {
        f"{_of}_{what}" for what in ("length", "width", "height", "hs_code", "mid_code",
                                     "material", "origin_country")
    }  # fmt: skip
STATUS = {
    "published": "published",
    "draft": "draft",
    "proposed": "draft",
    "rejected": "draft",
}


class MedusaRecipe(RowRecipe):
    """Every row is a variant and repeats what its product is."""

    name = "medusa"
    label = _("Medusa product export")
    help_text = _("Products › Export in Medusa, or its import template. Pictures are not loaded.")

    def known(self) -> frozenset[str]:
        used = {key for keys in COLUMNS.values() for key in keys}
        return frozenset(used | ASIDE | UNUSED | ALIASES.keys())

    def recognises(self, keys: frozenset[str]) -> bool:
        return {"product_handle", "product_title", "variant_sku"} <= keys

    def rows(self, table: Table, *, now: datetime) -> RowsMade:
        header = Header(table, known=self.known(), aliases=ALIASES)
        header.require("Product Handle", "Product Title")
        prices = prices_of(header)
        header.tell_decimal(table, (*NUMBERS, *(key for keys in prices.values() for key in keys)))
        currency = _currency_of(table, header, prices)
        columns = header.columns(COLUMNS)
        if currency:
            names = [header.names[key] for key in prices[currency]]
            columns |= {"price": names, "currency": names[:1]}
        if tags := [name for key, name in header.names.items() if TAG.fullmatch(key)]:
            columns["tags"] = columns.get("tags", []) + tags
        made = RowsMade([], columns)
        made.rows = _Reading(header, prices, currency).rows(table, made.notes)
        return made


def prices_of(header: Header) -> dict[str, list[str]]:
    """Return the columns with prices by currency: the plain one first, then those of regions."""
    plain: dict[str, list[str]] = {}
    regional: dict[str, list[str]] = {}
    for key, name in header.names.items():
        if (found := PRICE.fullmatch(name.strip())) is not None:
            where = plain if found.group(1) else regional
            where.setdefault((found.group(1) or found.group(2)).upper(), []).append(key)
    return {code: plain.get(code, []) + regional.get(code, []) for code in {**plain, **regional}}


def _currency_of(table: Table, header: Header, prices: Mapping[str, list[str]]) -> str:
    """Return the shop's currency, or the first one, of those that have prices in the file."""
    ranked = sorted(prices, key=lambda code: code != settings.CURRENCY)
    for code in ranked[:-1]:
        if any(
            source.has(key) for source in foreign.sources_of(table, header) for key in prices[code]
        ):
            return code
    return ranked[-1] if ranked else ""


class _Reading:
    """One pass over a file, in one of its currencies."""

    def __init__(self, header: Header, prices: Mapping[str, list[str]], currency: str) -> None:
        self.header, self.prices, self.currency = header, prices, currency
        self.price_keys = prices.get(currency, [])
        self.keys = Keys(
            "variant_sku", "product_handle", "product_title", "option_1_value",
            self.price_keys[0] if self.price_keys else "",
        )  # fmt: skip
        self.remarks = Remarks()

    def rows(self, table: Table, notes: list[Note]) -> Iterator[Row]:
        sources = list(foreign.sources_of(table, self.header))
        gathered: dict[tuple[str, int], list[Source]] = {}
        for source in sources:
            handle = source.text("product_handle")
            gathered.setdefault((handle, 0 if handle else source.line), []).append(source)
        known = [
            Family(handle, rows[0], [Variant(row, _options(row)) for row in rows])
            for (handle, _line), rows in gathered.items()
        ]
        skus = families.skus_for(known, self.keys.sku)
        for family in known:
            for source in self._mapped(family, skus):
                yield source.handed_on()
        notes += self.remarks.notes()
        notes += self._notes(sources)

    def _mapped(self, family: Family, skus: Mapping[Identity, str]) -> list[Source]:
        for variant in family.variants:
            self._put_variant(variant.source)
        if not family.handle:
            family.first.refuse(
                "product_handle",
                "handle_missing",
                _("The row has no handle, so it belongs to no product."),
                _("Fill it in; all rows of a product have the same one."),
                field="sku",
            )
        if family.is_single or not family.handle:
            single = family.variants[0]
            self._put_product(single.source)
            families.put_sku(single.source, self.keys.sku, family.identity(single), skus)
            return [single.source]
        parent = family.first.twin()
        self._put_product(parent)
        if self.currency:
            parent.put("currency", self.price_keys[0], self.currency)
        return families.assemble(family, parent, self.keys, skus, self.remarks)

    def _put_product(self, source: Source) -> None:
        source.put("name", "product_title")
        meanings.put_slug(source, "product_handle", self.remarks)
        source.put("description", "product_description")
        source.put("category", "product_type")
        self._put_tags(source)
        said = meanings.put_status(source, "product_status", STATUS)
        if said in {"proposed", "rejected"}:
            source.note(
                "product_status", "not_decided", _("It is {said} there; it becomes a draft."),
                said=said,
            )  # fmt: skip

    def _put_tags(self, source: Source) -> None:
        if source.has("product_tags"):
            source.put("tags", "product_tags")
            return
        keys = [key for key in self.header.names if TAG.fullmatch(key)]
        # An export of the newest release has the tags' ids instead of their words.
        words = [text for key in keys if (text := source.text(key)) and text[:5] != "ptag_"]
        if words:
            source.put("tags", keys[0], ",".join(words))

    def _put_variant(self, source: Source) -> None:
        for key in BARCODES:
            if source.has(key):
                source.put("barcode", key)
                break
        for key in self.price_keys:
            if source.has(key):
                meanings.put_number(source, "price", key)
                source.put("currency", key, self.currency)
                break
        self._put_weight(source)
        meanings.put_kept_stock(
            source, "variant_inventory_quantity", "variant_manage_inventory", self.remarks
        )

    def _put_weight(self, source: Source) -> None:
        key = "variant_weight" if source.has("variant_weight") else "product_weight"
        meanings.put_weight(source, key, meanings.GRAMS["g"])
        if "weight_grams" in source.row.cells:
            self.remarks.add(
                "weight_in_grams",
                _(
                    "The file does not say the unit of its weights; they are taken as grams "
                    "(rows: {count}, the first on line {line})."
                ),
                source,
                key,
            )

    def _notes(self, sources: list[Source]) -> list[Note]:
        pictures = {key for key in self.header.names if PICTURE.fullmatch(key)}
        notes = foreign.pictures(sources, pictures)
        others = {key for code, keys in self.prices.items() for key in keys
                  if code != self.currency}  # fmt: skip
        if any(source.has(key) for source in sources for key in others):
            codes = ", ".join(code for code in self.prices if code != self.currency)
            words = _("Prices in {used} are loaded; those in {others} are not used.")
            message = str(words).format(used=self.currency, others=codes)
            notes.append(Note("currencies_aside", message))
        used = {key for keys in COLUMNS.values() for key in keys}
        used |= ASIDE | pictures | others | set(self.price_keys)
        used |= {key for key in self.header.names if TAG.fullmatch(key)}
        return notes + foreign.unused_columns(self.header, sources, used)


def _options(row: Source) -> dict[str, str]:
    said = ((row.text(name), row.text(value)) for name, value in OPTIONS)
    return {name: value for name, value in said if name and value}
