"""New products: checked as a whole, inserted set-based, each born in its state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice import steps
from backoffice.models import User
from backoffice.refused import Text
from catalog.models import Category, Product
from catalog.refusals import InvalidProduct
from catalog.services import identity, locks, rules, slugs
from catalog.services.drafts import ENTRY_STEPS, ProductDraft
from catalog.services.fields import clean_fields
from catalog.services.rivals import rechecked
from catalog.services.stock import receive_opening_stock
from catalog.services.tags import link_tags
from catalog.states import PRODUCT_FLOW


def create_products(*, drafts: Sequence[ProductDraft], by: User, reason: str) -> list[Product]:
    """Create products, variants and parents in one call if need be; all of them, or none.

    Refuses: NotAllowed; InvalidProduct (with every problem of the first bad draft by field);
    DuplicateSku, DuplicateSlug, DuplicateBarcode; PriceStockRuleBroken.
    Atomic: locks the parents; a history row per product, grouped by entry step; tags and opening
    stock with them. Slugs are made from names and stay.
    """
    return rechecked(lambda: _create(drafts, by=by, reason=reason))


def create_product(*, draft: ProductDraft, by: User, reason: str) -> Product:
    """Create one product. See `create_products`.

    Refuses: as `create_products`.
    Atomic: one product with one history row, its tags and its opening stock.
    """
    return create_products(drafts=[draft], by=by, reason=reason)[0]


def create_with_tags(*, tags: Sequence[str], by: User, reason: str, **columns: Any) -> Product:
    """Create one product that bears these tags; missing tags are made.

    columns: what `ProductDraft` takes.
    Refuses: as `create_products`.
    Atomic: product, tags and their links with a history row each.
    """
    return create_product(draft=ProductDraft(tags=tags, **columns), by=by, reason=reason)


def _create(drafts: Sequence[ProductDraft], *, by: User, reason: str) -> list[Product]:
    steps.require_permission(by, "catalog.add_product", _("create products"))
    rows = [_row(draft, by) for draft in drafts]
    _require_categories(drafts)
    _require_free(rows)
    made = [row for row in rows if not row.slug]
    bases = [slugs.slug_base(Product, row.name, row.sku) for row in made]
    reserved = {row.slug for row in rows if row.slug}
    for row, slug in zip(made, slugs.free_slugs(Product, bases, reserved=reserved), strict=True):
        row.slug = slug
    parents = _parents(drafts, rows)
    # Parents first: their variants need their keys.
    for is_variant in (False, True):
        groups: dict[str, list[Product]] = defaultdict(list)
        for place, (draft, row) in enumerate(zip(drafts, rows, strict=True)):
            if (place in parents) is is_variant:
                if is_variant:
                    row.parent = parents[place]
                groups[ENTRY_STEPS[draft.status]].append(row)
        for step, group in groups.items():
            steps.enter(PRODUCT_FLOW[step], group, by=by, reason=reason)
    wanted = {row.pk: draft.tags for draft, row in zip(drafts, rows, strict=True) if draft.tags}
    link_tags(wanted, by=by, reason=reason)
    counted = zip(drafts, rows, strict=True)
    stocks = {row.pk: draft.stock for draft, row in counted if draft.stock is not None}
    if stocks:
        receive_opening_stock(units=stocks, by=by)
    return rows


def _row(draft: ProductDraft, by: User) -> Product:
    """Return the unsaved product of a draft. Refuses: InvalidProduct; PriceStockRuleBroken."""
    clean, errors = clean_fields(draft.own_columns)
    if draft.status not in ENTRY_STEPS:
        known = ", ".join(ENTRY_STEPS)
        errors["status"] = [_("The status must be one of {known}.").format(known=known)]
    if draft.stock is not None and (type(draft.stock) is not int or draft.stock < 0):
        errors["stock"] = [_("A whole number, zero or more, is needed.")]
    if errors:
        raise InvalidProduct(sku=str(draft.sku), errors=errors)
    rules.require_price_stock_rule(sku=clean["sku"], price=clean["price"], units=draft.stock or 0)
    return Product(**clean, category=draft.category, created_by=by)


def _require_categories(drafts: Sequence[ProductDraft]) -> None:
    """Refuse with InvalidProduct when a category is gone: the key would fail only at COMMIT."""
    asked = {draft.category.pk for draft in drafts if draft.category}
    known = known_categories(asked)
    for draft in drafts:
        if draft.category and draft.category.pk not in known:
            raise InvalidProduct(sku=draft.sku, errors={"category": [_("It is gone.")]})


def known_categories(category_ids: Collection[int]) -> set[int]:
    rows = Category.objects.filter(pk__in=category_ids) if category_ids else Category.objects.none()
    return set(rows.values_list("pk", flat=True))


def _require_free(rows: Sequence[Product]) -> None:
    """Refuse with the first Duplicate."""
    keyed = {-1 - place: row for place, row in enumerate(rows)}
    wishes = {
        key: {field: getattr(row, field) for field in identity.UNIQUE} for key, row in keyed.items()
    }
    for refusal in identity.conflicts(wishes, keyed).values():
        raise refusal


def _parents(drafts: Sequence[ProductDraft], rows: Sequence[Product]) -> dict[int, Product]:
    """Return the parent of each variant by its place, locked, or a row of the same call."""
    by_sku = {row.sku: (place, row) for place, row in enumerate(rows)}
    skus = {draft.parent_sku.strip() for draft in drafts if not draft.parent}
    in_table = identity.owners("sku", skus - by_sku.keys())
    asked: dict[int, Product] = {}
    for place, draft in enumerate(drafts):
        sku = draft.parent_sku.strip()
        if draft.parent is not None:
            asked[place] = draft.parent
        elif sku:
            own = by_sku.get(sku)
            parent = own[1] if own else in_table.get(sku)
            if parent is None:
                raise _bad_parent(draft, _("There is no product {sku}.").format(sku=sku))
            asked[place] = parent
    locked = locks.locked_products(row.pk for row in asked.values() if row.pk)
    new = {id(row): place for place, row in enumerate(rows)}
    for place, parent in asked.items():
        if parent is rows[place]:
            raise _bad_parent(drafts[place], _("A product cannot be a variant of itself."))
        fresh = locked.get(parent.pk) if parent.pk else parent
        if fresh is None:
            raise _bad_parent(drafts[place], _("The parent product is gone."))
        if fresh.parent_id or new.get(id(fresh)) in asked:
            raise _bad_parent(drafts[place], variant_of_variant(fresh))
        asked[place] = fresh
    return asked


def variant_of_variant(parent: Product) -> str:
    return _("{sku} is a variant itself; choose its parent.").format(sku=parent.sku)


def _bad_parent(draft: ProductDraft, sentence: Text) -> InvalidProduct:
    return InvalidProduct(sku=str(draft.sku), errors={"parent": [sentence]})
