"""The columns of product sheets as SQL sees them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from backoffice.imports import compound, sql
from backoffice.imports.columns import Column
from backoffice.imports.fields import Field, JsonTermField, KeyTermField, OwnField, TermField
from catalog.models import Product, ProductTag, StockLevel, StockLocation, Tag
from catalog.resources import category_paths
from catalog.services.locations import MAIN_CODE


class CategoryField(KeyTermField):
    """The path of the category; see `CategoryPart` for how paths become keys."""

    def shown(self, stored: Iterable[str]) -> Mapping[str, str]:
        paths = category_paths()
        known = {str(pk): " > ".join(path) for pk, path in paths.items()}
        return {text: known.get(text, text) for text in stored}


class OptionsField(JsonTermField):
    def shown(self, stored: Iterable[str]) -> Mapping[str, str]:
        return {text: options_text(text) for text in stored}


def options_text(stored: str) -> str:
    """Return options as a sheet writes them, from JSON."""
    return compound.joined_pairs(json.loads(stored)) if stored else ""


class ParentField(TermField):
    """The SKU of the product that this is a variant of; see `ParentPart` for whom it names."""

    aliases = ("term_parent_sku", "parent_now")

    @property
    def joins(self) -> str:
        if not self.is_given:
            return ""
        now = f" LEFT JOIN {sql.table(Product)} parent_now ON parent_now.id = t.parent_id"
        return super().joins + now

    @property
    def present(self) -> str:
        return "t.parent_id"

    @property
    def present_text(self) -> str:
        return "COALESCE(parent_now.sku, '')"

    @property
    def differs(self) -> str:
        return f"({self.said} IS NOT NULL AND {sql.differs(self.present_text, self.said)})"

    def value(self, said: str) -> str:
        return f"{self.alias}.target_id"


class TagsField(Field):
    """The tags that a product bears; see `TagPart`."""

    alias = "term_tags"
    aliases = ("term_tags", "borne")

    @property
    def joins(self) -> str:
        if not self.is_given:
            return ""
        return KeyTermField.joins.fget(self) + (  # type: ignore[attr-defined]
            f" LEFT JOIN (SELECT product_id, {sql.joined_keys('tag_id')} AS ids"
            f" FROM (SELECT product_id, tag_id FROM {sql.table(ProductTag)}"
            " ORDER BY product_id, tag_id) ordered GROUP BY product_id) borne"
            " ON borne.product_id = t.id"
        )

    @property
    def present_text(self) -> str:
        return "COALESCE(borne.ids, '')"

    @property
    def differs(self) -> str:
        wanted = f"CASE WHEN {self.said} = '' THEN '' ELSE {self.alias}.target_ids END"
        return f"({self.said} IS NOT NULL AND {sql.differs(self.present_text, wanted)})"

    def shown(self, stored: Iterable[str]) -> Mapping[str, str]:
        texts = list(stored)
        ids = {int(pk) for text in texts for pk in text.split(",") if pk}
        names = dict(Tag.objects.filter(pk__in=ids).values_list("pk", "name"))
        return {
            text: self.column.write([names.get(int(pk), pk) for pk in text.split(",") if pk])
            for text in texts
        }


class StockField(Field):
    """Pieces on the shelf of the main warehouse."""

    follows_the_shelf = True
    aliases = ("shelf",)

    @property
    def joins(self) -> str:
        if not self.is_given:
            return ""
        return (
            f" LEFT JOIN {sql.table(StockLevel)} shelf ON shelf.product_id = t.id"
            f" AND shelf.location_id = (SELECT id FROM {sql.table(StockLocation)}"
            f" WHERE code = {sql.literal(MAIN_CODE)})"
        )

    @property
    def present(self) -> str:
        return "shelf.on_hand"

    @property
    def differs(self) -> str:
        # A shelf that was never used holds nothing: 0 there is no change.
        units = self.value(self.said)
        return f"({units} IS NOT NULL AND COALESCE(shelf.on_hand, 0) <> {units})"


def product_fields(columns: Mapping[str, Column]) -> list[Field]:
    """Return the fields of the columns that a product sheet has."""
    kinds = {
        "category": lambda column: CategoryField(column, Product),
        "options": lambda column: OptionsField(column, Product),
        "parent_sku": lambda column: ParentField(column, Product, "parent"),
        "tags": TagsField,
        "stock": StockField,
    }
    return [
        kinds[name](column) if name in kinds else OwnField(column, Product)
        for name, column in columns.items()
    ]
