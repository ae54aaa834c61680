"""How rows of the catalogue go back to an earlier version, or come back after they were deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice import history
from backoffice.models import User
from backoffice.restoring import Restoring, register
from catalog.models import Category, Product, StockLocation, Tag
from catalog.services import locks
from catalog.services.categories import bring_back_category, edit_category, parent_or_none
from catalog.services.fields import CLEANERS
from catalog.services.locations import edit_location, raising_duplicate
from catalog.services.products import edit_product
from catalog.services.tags import DuplicateTag, rename_tag, require_new


def _edit_product(key: int, values: Mapping[str, Any], *, by: User, reason: str) -> Product:
    return edit_product(product_id=key, changes=values, by=by, reason=reason)


def _edit_category(key: int, values: Mapping[str, Any], *, by: User, reason: str) -> Category:
    changes = dict(values)
    if "parent_id" in changes:
        changes["parent"] = parent_or_none(changes.pop("parent_id"))
    return edit_category(category_id=key, changes=changes, by=by, reason=reason)


def _rename_tag(key: int, values: Mapping[str, Any], *, by: User, reason: str) -> Tag:
    return rename_tag(tag_id=key, name=values["name"], by=by, reason=reason)


def _edit_location(key: int, values: Mapping[str, Any], *, by: User, reason: str) -> StockLocation:
    return edit_location(location_id=key, changes=values, by=by, reason=reason)


def _add_tag(tag: Tag) -> Tag:
    require_new(tag.name)
    if Tag.objects.filter(slug=tag.slug).exists():
        raise DuplicateTag(name=tag.slug)
    return history.insert_rows([tag])[0]


def _add_location(location: StockLocation) -> StockLocation:
    with raising_duplicate(location.code):
        return history.insert_rows([location])[0]


def _add_category(category: Category) -> Category:
    locks.lock_tree()
    return bring_back_category(category)


register(
    Restoring(
        Product,
        fields=(*CLEANERS, "category_id", "parent_id"),
        edit=_edit_product,
        kept={"created_by": _("who made it stays who made it.")},
    ),
    Restoring(
        Category,
        fields=("name", "slug", "description", "parent_id"),
        edit=_edit_category,
        add=_add_category,
    ),
    Restoring(
        Tag,
        fields=("name",),
        edit=_rename_tag,
        kept={"slug": _("an address stays as it is.")},
        add=_add_tag,
    ),
    Restoring(
        StockLocation,
        fields=("name", "code", "priority", "is_active"),
        edit=_edit_location,
        add=_add_location,
    ),
)
