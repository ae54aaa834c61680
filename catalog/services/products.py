"""Changing products: their own columns, one product or many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice import steps
from backoffice.models import User
from backoffice.refused import Refused, StaleVersion, Text
from backoffice.steps import Outcome
from catalog.models import Product
from catalog.refusals import (
    InvalidProduct,
    PriceReasonMissing,
    unknown_among,
)
from catalog.services import identity, rules
from catalog.services.creation import known_categories, variant_of_variant
from catalog.services.fields import clean_fields
from catalog.services.rivals import rechecked
from catalog.services.tags import clean_tag_name, retag

PERMISSION = "catalog.change_product"
# Columns that ask for more than the permission to edit products.
FIELD_PERMISSIONS: Mapping[str, tuple[str, Text]] = {
    "price": ("catalog.change_price_product", _("change prices")),
    "compare_at_price": ("catalog.change_price_product", _("change prices")),
    "is_featured": ("catalog.feature_product", _("feature products")),
}
RELATIONS = ("category", "parent")


def edit_product(
    *,
    product_id: int,
    changes: Mapping[str, Any],
    by: User,
    reason: str,
    version: int | None = None,
) -> Product:
    """Change a product's own columns; a new name leaves its slug alone.

    changes: any column but status and stock; `category` and `parent` as a row, None, or by
    `category_id` and `parent_id`; `tags` as names. reason: needed when the price changes.
    Refuses: UnknownProduct; NotAllowed; StaleVersion; InvalidProduct (every problem by field);
    DuplicateSku, DuplicateSlug, DuplicateBarcode; PriceReasonMissing; PriceStockRuleBroken.
    Atomic: locks the product; one save and one history row, none when nothing differs.
    """
    versions = {} if version is None else {product_id: version}
    outcome = rechecked(lambda: _edit({product_id: changes}, versions, by=by, reason=reason))
    for _row, error in outcome.refused:
        raise error
    return outcome.done[0]


def edit_products(
    *, changes: Mapping[int, Mapping[str, Any]], by: User, reason: str
) -> Outcome[Product]:
    """Change many products' own columns; done are also those on which nothing differed.

    changes: as for `edit_product`, by product id.
    Refuses: NotAllowed; per product what `edit_product` refuses.
    Atomic: one lock in key order; one save and one history row for each product that changes.
    """
    return rechecked(lambda: _edit(changes, {}, by=by, reason=reason))


def feature_products(
    *, product_ids: Sequence[int], by: User, reason: str, is_featured: bool = True
) -> Outcome[Product]:
    """Put products on the shop's first page, or take them off it.

    Refuses: NotAllowed; per product: UnknownProduct.
    Atomic: one lock in key order; one history row for each product that changes.
    """
    permission = "catalog.feature_product"
    with steps.editing_many(
        Product, product_ids, by=by, permission=permission, reason=reason
    ) as rows:
        for row in rows:
            row.is_featured = is_featured
    return Outcome(done=rows, refused=unknown_among(product_ids, rows))


@dataclass
class _Wish:
    """What shall become of one product."""

    columns: dict[str, Any]
    relations: dict[str, int | None]
    tags: Sequence[str] | None

    @classmethod
    def of(cls, changes: Mapping[str, Any]) -> _Wish:
        columns = dict(changes)
        relations: dict[str, int | None] = {}
        for name in RELATIONS:
            if name in columns:
                row = columns.pop(name)
                relations[name] = row.pk if row is not None else None
            if f"{name}_id" in columns:
                relations[name] = columns.pop(f"{name}_id")
        return cls(columns, relations, columns.pop("tags", None))


@dataclass
class _Around:
    """What judging needs to know about other rows, loaded once for all."""

    rows: Mapping[int, Product]
    wishes: Mapping[int, _Wish]
    categories: set[int]
    with_variants: set[int]
    on_hand: Mapping[int, int]

    @classmethod
    def load(cls, rows: Mapping[int, Product], wishes: Mapping[int, _Wish]) -> _Around:
        categories = {wish.relations.get("category") for wish in wishes.values()}
        new_variants = [pk for pk, wish in wishes.items() if wish.relations.get("parent")]
        priced = [pk for pk, wish in wishes.items() if "price" in wish.columns]
        return cls(
            rows,
            wishes,
            known_categories({pk for pk in categories if pk is not None}),
            set(
                Product.objects.filter(parent__in=new_variants)
                .order_by()
                .values_list("parent", flat=True)
            ),
            rules.units_on_hand(priced),
        )

    def parent_after(self, pk: int) -> int | None:
        """Return the parent that a product will have when all wishes are granted."""
        if pk in self.wishes and "parent" in self.wishes[pk].relations:
            return self.wishes[pk].relations["parent"]
        return self.rows[pk].parent_id


def _edit(
    changes: Mapping[int, Mapping[str, Any]],
    versions: Mapping[int, int],
    *,
    by: User,
    reason: str,
) -> Outcome[Product]:
    wishes = {pk: _Wish.of(wanted) for pk, wanted in changes.items()}
    parents = [wish.relations.get("parent") for wish in wishes.values()]
    ids = [*wishes, *(pk for pk in parents if pk)]
    with steps.editing_many(Product, ids, by=by, permission=PERMISSION, reason=reason) as locked:
        rows = {row.pk: row for row in locked if row.pk in wishes}
        around = _Around.load({row.pk: row for row in locked}, wishes)
        outcome: Outcome[Product] = Outcome(refused=unknown_among(list(wishes), locked))
        granted: dict[int, dict[str, Any]] = {}
        for pk, row in rows.items():
            try:
                granted[pk] = _judge(row, around, versions.get(pk), by=by, reason=reason)
            except Refused as error:
                outcome.refused.append((row, error))
        clashes = identity.conflicts(granted, rows)
        outcome.refused += [(rows[pk], error) for pk, error in clashes.items()]
        for pk in granted.keys() - clashes.keys():
            for name, value in granted[pk].items():
                setattr(rows[pk], name, value)
        outcome.done = [rows[pk] for pk in granted if pk not in clashes]
        tags = {row.pk: t for row in outcome.done if (t := wishes[row.pk].tags) is not None}
        retag([rows[pk] for pk in tags], tags, by=by, reason=reason)
    return outcome


def _judge(
    row: Product, around: _Around, version: int | None, *, by: User, reason: str
) -> dict[str, Any]:
    """Return what will change on a locked row, by attribute. Refuses as `edit_product` does."""
    if version is not None and version != row.version:
        raise StaleVersion(what=row, theirs=row.version, yours=version)
    wish = around.wishes[row.pk]
    present = {"price": row.price, "compare_at_price": row.compare_at_price}
    clean, errors = clean_fields(wish.columns, present=present)
    for name, value in wish.relations.items():
        clean[f"{name}_id"] = value
        if value is not None and (sentence := RELATION_PROBLEMS[name](row, value, around)):
            errors[name] = [sentence]
    if errors:
        raise InvalidProduct(sku=row.sku, errors=errors)
    for name in wish.tags or ():
        clean_tag_name(name)
    changed = {name: value for name, value in clean.items() if getattr(row, name) != value}
    for name in FIELD_PERMISSIONS.keys() & changed.keys():
        steps.require_permission(by, *FIELD_PERMISSIONS[name])
    if "price" in changed:
        if not reason.strip():
            raise PriceReasonMissing
        if changed["price"] > row.price:
            rules.require_price_stock_rule(
                sku=row.sku, price=changed["price"], units=around.on_hand[row.pk]
            )
    return changed


def _category_problem(row: Product, category_id: int, around: _Around) -> Text | None:
    return None if category_id in around.categories else _("There is no such category.")


def _parent_problem(row: Product, parent_id: int, around: _Around) -> Text | None:
    if parent_id == row.pk:
        return _("A product cannot be a variant of itself.")
    parent = around.rows.get(parent_id)
    if parent is None:
        return _("There is no such product.")
    if around.parent_after(parent_id) is not None:
        return variant_of_variant(parent)
    if row.pk in around.with_variants:
        return _("It has variants itself; a variant cannot have variants.")
    return None


RELATION_PROBLEMS = {"category": _category_problem, "parent": _parent_problem}
