"""What the catalogue puts at the auditor's desk: whose record belongs to a product."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from backoffice.desk import reasons
from backoffice.desk.trails import Trail, register
from catalog.models import (
    Category,
    PriceChange,
    Product,
    ProductImage,
    ProductTag,
    Review,
    StockLocation,
    StockMovement,
    Tag,
)

register(
    Trail(
        name="products",
        label=_("Products"),
        permission="catalog.audit_product",
        models=(
            Product,
            ProductTag,
            ProductImage,
            PriceChange,
            Category,
            Tag,
            Review,
            StockLocation,
        ),
        called={Product: ("sku", "barcode", "slug", "uuid"), Category: ("slug",)},
        order=20,
    ),
)

reasons.register(
    reasons.Reasoned(
        name="adjustments",
        label=_("Stock adjustments"),
        permission="catalog.audit_product",
        rows=lambda: StockMovement.objects.filter(kind=StockMovement.Kind.ADJUST),
        code="change_set__note",
        order=30,
    ),
)
