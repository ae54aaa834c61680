"""Shopify's inventory export: the pieces of each variant, a row for each place that keeps it.

Columns: https://help.shopify.com/en/manual/products/inventory/setup/inventory-csv
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from backoffice.imports.recipes import RowRecipe, RowsMade
from backoffice.imports.rows import Row
from backoffice.imports.tables import Note, Table
from backoffice.models import ImportRun
from catalog.sheets.recipes import families, foreign, meanings
from catalog.sheets.recipes.families import Family
from catalog.sheets.recipes.foreign import Header, Remarks, Source
from catalog.sheets.recipes.shopify import OPTIONS, families_of
from catalog.sheets.recipes.skus import Identity

# The newer export says of each column whether it can be edited.
ALIASES = {
    "sku": "variant_sku",
    "on_hand": "on_hand_current",
    **{
        f"{name}_not_editable": name for name in ("incoming", "unavailable", "committed",
                                                  "available")
    },
}  # fmt: skip
ON_HAND = ("on_hand_new", "on_hand_current")
PARTS = ("available", "committed", "unavailable")
COLUMNS: dict[str, tuple[str, ...]] = {
    "sku": ("variant_sku", "handle"),
    "stock": (*ON_HAND, *PARTS),
}
ASIDE = {"handle", "title", "location"}
UNUSED = {"bin_name", "incoming", "hs_code", "coo"}
NOT_STOCKED = {"", "not stocked"}


class ShopifyInventoryRecipe(RowRecipe):
    """Counts of products that are here already; all places together are the main warehouse."""

    name = "shopify_inventory"
    label = _("Shopify inventory export")
    help_text = _("Products › Inventory › Export in Shopify, all states, as plain CSV.")
    mode = ImportRun.Mode.UPDATE

    def known(self) -> frozenset[str]:
        used = {key for keys in COLUMNS.values() for key in keys}
        options = {key for pair in OPTIONS for key in pair}
        return frozenset(used | options | ASIDE | UNUSED | ALIASES.keys())

    def recognises(self, keys: frozenset[str]) -> bool:
        theirs = {ALIASES.get(key, key) for key in keys}
        return {"handle", "location"} <= theirs and bool({*ON_HAND, "available"} & theirs)

    def rows(self, table: Table, *, now: datetime) -> RowsMade:
        header = Header(table, known=self.known(), aliases=ALIASES)
        header.require("Handle", "Location", "On hand (current)|On hand (new)|Available")
        made = RowsMade([], header.columns(COLUMNS))
        made.rows = _rows(table, header, made.notes)
        return made


def _rows(table: Table, header: Header, notes: list[Note]) -> Iterator[Row]:
    remarks = Remarks()
    sources = list(foreign.sources_of(table, header))
    known = families_of(sources, remarks)
    skus = families.skus_for([_distinct(family) for family in known], "variant_sku")
    for places in _by_product(known, skus):
        if (row := _counted(places, remarks)) is not None:
            yield row
    notes += remarks.notes()
    used = {key for keys in COLUMNS.values() for key in keys} | ASIDE
    used |= {key for pair in OPTIONS for key in pair}
    notes += foreign.unused_columns(header, sources, used)


def _distinct(family: Family) -> Family:
    """Return the family with each variant once, at however many places it is kept."""
    once = {tuple(variant.options.items()): variant for variant in reversed(family.variants)}
    return Family(family.handle, family.first, list(once.values())[::-1])


def _by_product(known: list[Family], skus: dict[Identity, str]) -> list[list[Source]]:
    """Gather the rows of each product, one for each place, with its SKU put."""
    gathered: dict[str, list[Source]] = {}
    for family in known:
        for variant in family.variants:
            source = variant.source
            families.put_sku(source, "variant_sku", family.identity(variant), skus)
            # Without an SKU it is a row of its own, to be refused with its line.
            key = source.said("sku") or f"\n{source.line}"
            gathered.setdefault(key, []).append(source)
    return list(gathered.values())


def _counted(places: list[Source], remarks: Remarks) -> Row | None:
    """Return one row with the pieces of all places, or None where no place keeps the product."""
    counts = [(source, *found) for source in places if (found := _pieces(source)) is not None]
    if not counts:
        remarks.add(
            "not_stocked",
            _("What no place keeps is left as it is (rows: {count}, the first on line {line})."),
            places[0],
            "location",
        )
        return None
    # One that is no number makes the sum none: the row is refused by it.
    first, key, text = next((one for one in counts if not _is_whole(one[2])), counts[0])
    if len(counts) > 1 and _is_whole(text):
        text = str(sum(int(said) for _source, _key, said in counts))
        remarks.add(
            "places_summed",
            _(
                "Pieces at several places are added up: this sheet counts the main warehouse "
                "(products: {count}, the first on line {line})."
            ),
            first,
            "location",
        )
    meanings.put_stock(first, key, text)
    return first.handed_on()


def _pieces(source: Source) -> tuple[str, str] | None:
    """Return the column and its pieces at one place; None: it is not kept there."""
    for key in ON_HAND:
        text = source.number(key)
        if text.casefold() not in NOT_STOCKED:
            return key, text
        if text:
            return None
    if any(key in source.header for key in ON_HAND):
        return None
    texts = [source.number(key) for key in PARTS]
    said = [text for text in texts if text.casefold() not in NOT_STOCKED]
    if not said:
        return None
    bad = next((text for text in said if not _is_whole(text)), None)
    return "available", str(sum(int(text) for text in said)) if bad is None else bad


def _is_whole(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]{1,9}", text) is not None
