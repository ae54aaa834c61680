"""A product that is to be: what a door hands to `create_products`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from catalog.models import Category, Product
from catalog.models.products import default_currency
from catalog.services.fields import CLEANERS

ENTRY_STEPS = {"draft": "create", "published": "create_published", "archived": "create_archived"}


@dataclass(frozen=True, kw_only=True)
class ProductDraft:
    """Everything a new product may be born with.

    slug: blank: made from the name. parent: the product that this is a variant of; or parent_sku,
    which may be the SKU of another draft of the same call. tags: names; missing ones are made.
    stock: units on the shelf of the main warehouse; None: no stock is touched.
    """

    sku: str
    name: str
    price: Decimal
    status: str = "draft"
    slug: str = ""
    barcode: str = ""
    description: str = ""
    category: Category | None = None
    parent: Product | None = None
    parent_sku: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()
    compare_at_price: Decimal | None = None
    cost: Decimal | None = None
    currency: str = field(default_factory=default_currency)
    tax_class: str = "standard"
    weight_grams: int | None = None
    is_featured: bool = False
    low_stock_threshold: int = 5
    meta_title: str = ""
    meta_description: str = ""
    stock: int | None = None

    @property
    def own_columns(self) -> dict[str, Any]:
        """The product's own columns; a blank slug is left out, for it is made."""
        names = (f.name for f in fields(self))
        columns = {name: getattr(self, name) for name in names if name in CLEANERS}
        if not self.slug:
            del columns["slug"]
        return columns
