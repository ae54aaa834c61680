"""Spree's product export, read as our own product sheet: a product's rows share one slug.

Columns: https://spreecommerce.org/docs/user/manage-products/import-products
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from backoffice.imports import compound, parse
from backoffice.imports.recipes import RowRecipe, RowsMade
from backoffice.imports.rows import Row
from backoffice.imports.tables import Note, Table, is_blank
from catalog.sheets.recipes import families, foreign, meanings
from catalog.sheets.recipes.families import Family, Keys, Variant
from catalog.sheets.recipes.foreign import Header, Remarks, Source
from catalog.sheets.recipes.skus import Identity

OPTIONS = tuple((f"option{at}_name", f"option{at}_value") for at in range(1, 6))
CATEGORIES = tuple(f"category{at}" for at in range(1, 10))
# Our column → the columns of Spree that it is read from.
COLUMNS: dict[str, tuple[str, ...]] = {
    "sku": ("sku",),
    "barcode": ("barcode",),
    "name": ("name",),
    "slug": ("slug",),
    "description": ("description",),
    "category": CATEGORIES,
    "tags": ("tags",),
    "status": ("status",),
    "price": ("price",),
    "compare_at_price": ("compare_at_price",),
    "cost": ("cost_price",),
    "currency": ("currency",),
    "tax_class": ("tax_category",),
    "weight_grams": ("weight", "weight_unit"),
    "parent_sku": ("slug",),
    "options": tuple(key for pair in OPTIONS for key in pair),
    "stock": ("inventory_count",),
    "meta_title": ("meta_title",),
    "meta_description": ("meta_description",),
}
NUMBERS = ("price", "compare_at_price", "cost_price", "weight")
ASIDE = {"track_inventory"}
UNUSED = {
    "product_id", "vendor_name", "brand_name", "labels", "digital", "meta_keywords",
    "product_type", "width", "height", "depth", "dimensions_unit", "available_on",
    "discontinue_on", "inventory_backorderable",
}  # fmt: skip
KEYS = Keys("sku", "slug", "name", "option1_value", "price")
MARKS = {"inventory_count", "track_inventory", "inventory_backorderable", "option1_name",
         "option1_value", "category1", "tax_category", "discontinue_on"}  # fmt: skip
ENOUGH_MARKS = 3
STATUS = {
    "active": "published",
    "draft": "draft",
    "paused": "draft",
    "archived": "archived",
}


@dataclass
class Goods:
    """The rows of one SKU below one slug: one for each currency.

    source: the one that says most; the others often hold nothing but a price.
    """

    prices: list[Source] = field(default_factory=list)

    @cached_property
    def source(self) -> Source:
        return max(self.prices, key=lambda one: sum(not is_blank(cell) for cell in one.cells))

    @property
    def options(self) -> dict[str, str]:
        said = ((self.source.text(name), self.source.text(value)) for name, value in OPTIONS)
        return {name: value for name, value in said if name and value}


class SpreeRecipe(RowRecipe):
    """The first row of a slug is the product; a variant has a row for each currency."""

    name = "spree"
    label = _("Spree product export")
    help_text = _("Products › Export in Spree. Pictures are not loaded.")

    def known(self) -> frozenset[str]:
        used = {key for keys in COLUMNS.values() for key in keys}
        return frozenset(used | ASIDE | UNUSED)

    def recognises(self, keys: frozenset[str]) -> bool:
        return {"slug", "sku", "price"} <= keys and len(MARKS & keys) >= ENOUGH_MARKS

    def rows(self, table: Table, *, now: datetime) -> RowsMade:
        header = Header(table, known=self.known())
        header.require("slug", "sku", "price")
        header.tell_decimal(table, NUMBERS)
        made = RowsMade([], header.columns(COLUMNS))
        made.rows = _rows(table, header, made.notes)
        return made


def _rows(table: Table, header: Header, notes: list[Note]) -> Iterator[Row]:
    remarks = Remarks()
    sources = list(foreign.sources_of(table, header))
    products = _products(sources)
    known = [_family(slug, goods) for slug, goods in products.items()]
    skus = families.skus_for(known, KEYS.sku)
    owners: dict[str, str] = {}
    for family, goods in zip(known, products.values(), strict=True):
        for one in goods:
            _put_goods(one, remarks)
        for source in _mapped(family, skus, owners, remarks):
            yield source.handed_on()
    notes += remarks.notes()
    pictures = [key for key in header.names if re.fullmatch(r"image\d+_src", key)]
    notes += foreign.pictures(sources, pictures)
    used = {key for keys in COLUMNS.values() for key in keys} | ASIDE | set(pictures)
    notes += foreign.unused_columns(header, sources, used)


def _products(sources: Iterable[Source]) -> dict[tuple[str, int], list[Goods]]:
    """Gather slug → SKU → the rows of its currencies, wherever they stand in the file."""
    products: dict[tuple[str, int], dict[tuple[str, int], Goods]] = {}
    for source in sources:
        # Without a slug, or an SKU, a row is one of its own, to be judged by its line.
        slug, sku = source.text("slug"), source.text("sku")
        goods = products.setdefault((slug, 0 if slug else source.line), {})
        there = goods.setdefault((sku, 0 if sku else source.line), Goods())
        if _currency(source) in {_currency(one) for one in there.prices}:
            # The same twice: both rows stand, and are refused for it.
            there = goods[sku, source.line] = Goods()
        there.prices.append(source)
    return {slug: list(goods.values()) for slug, goods in products.items()}


def _currency(source: Source) -> str:
    return source.text("currency").upper()


def _family(slug: tuple[str, int], goods: list[Goods]) -> Family:
    """Return a product, its variants below it; without a row of its own it is only these."""
    named = [one for one in goods if one.source.has("name")]
    head = next(iter(named), None) or next((one for one in goods if not one.options), None)
    below = [one for one in goods if one is not head]
    if head is None or not below:
        below = goods
    family = Family(slug[0], (head or goods[0]).source)
    family.variants = [Variant(one.source, one.options) for one in below]
    if head is None or head not in below:
        family.sku = family.first.text("sku") if head else ""
    return family


def _mapped(
    family: Family, skus: Mapping[Identity, str], owners: dict[str, str], remarks: Remarks
) -> list[Source]:
    below = [variant.source for variant in family.variants]
    if family.first in below and family.first.has("name"):
        _put_product(family.first, remarks)
    if family.first in below:
        return _alone(family, skus, remarks)
    _put_product(family.first, remarks)
    family.first.put("sku", "sku")
    made = families.assemble(family, family.first, KEYS, skus, remarks)
    sku = family.first.said("sku")
    if owners.setdefault(sku, family.handle) != family.handle:
        for child in below:
            _refuse_parent(child, sku, owners[sku])
    return made


def _alone(family: Family, skus: Mapping[Identity, str], remarks: Remarks) -> list[Source]:
    """Return a product without variants, or variants whose product is not in the file."""
    for variant in family.variants:
        families.put_sku(variant.source, KEYS.sku, family.identity(variant), skus)
        if variant.options:
            joined = compound.joined_pairs(variant.options)
            variant.source.put("options", KEYS.option, joined)
        if variant.options and not variant.source.has("name"):
            remarks.add(
                "product_elsewhere",
                _(
                    "Variants whose product has no row in this file stay where they hang "
                    "(rows: {count}, the first on line {line})."
                ),
                variant.source,
                "slug",
            )
    return [variant.source for variant in family.variants]


def _refuse_parent(child: Source, sku: str, owner: str) -> None:
    """Keep a variant from hanging on another product that bears its parent's SKU."""
    child.row.cells.pop("parent_sku", None)
    child.refuse(
        "slug",
        "parent_ambiguous",
        _("Its product has the SKU {sku}, which is also that of “{owner}” in this file."),
        _("Give the product an SKU of its own."),
        field="parent_sku",
        sku=parse.shown(sku),
        owner=parse.shown(owner),
    )


def _put_product(source: Source, remarks: Remarks) -> None:
    source.put("name", "name")
    meanings.put_slug(source, "slug", remarks)
    source.put("description", "description")
    paths = [path for key in CATEGORIES if (path := meanings.levels(source.text(key), "->"))]
    meanings.put_path(source, "category1", paths, remarks)
    source.put("tags", "tags")
    meanings.put_status(source, "status", STATUS)
    meanings.put_tax(source, "tax_category", remarks)
    meanings.put_meta(source, "meta_title", "meta_title", remarks)
    meanings.put_meta(source, "meta_description", "meta_description", remarks)


def _put_goods(goods: Goods, remarks: Remarks) -> None:
    """Hand on what a product and a variant have alike, in one of the currencies."""
    source = goods.source
    source.put("barcode", "barcode")
    meanings.put_number(source, "cost", "cost_price")
    _put_prices(goods, remarks)
    if source.has("weight"):
        meanings.put_weight_in(source, "weight", "weight_unit")
    meanings.put_kept_stock(source, "inventory_count", "track_inventory", remarks)


def _put_prices(goods: Goods, remarks: Remarks) -> None:
    """Take the row of the shop's currency, where there is one, and else the first."""
    source, ours = goods.source, settings.CURRENCY
    chosen = next((one for one in goods.prices if _currency(one) == ours), goods.prices[0])
    meanings.put_prices(chosen, "price", "compare_at_price", remarks)
    for column in ("price", "compare_at_price"):
        if column in chosen.row.cells:
            source.row.cells[column] = chosen.row.cells[column]
    if chosen.has("currency"):
        source.put("currency", "currency", chosen.text("currency"))
    if len(goods.prices) > 1:
        remarks.add(
            "currencies_aside",
            _(
                "A product has one price here: the one in {ours}, or else the first of its rows; "
                "prices in other currencies are not used "
                "(products: {count}, the first on line {line})."
            ),
            source,
            "currency",
            ours=ours,
        )
