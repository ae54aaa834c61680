"""The product sheet: which files lead to it, and in which order its parts are written."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backoffice.imports.recipes import Recipe, StandardRecipe
from backoffice.imports.sheets import Sheet, register
from catalog.models import Product
from catalog.resources import ProductResource, with_sheet_columns
from catalog.sheets.parents import ParentPart
from catalog.sheets.parts import CategoryPart, ProductPart, TagPart
from catalog.sheets.states import StatusPart
from catalog.sheets.stock import StockPart
from catalog.sheets.woocommerce import WooCommerceRecipe


@register
class ProductSheet(Sheet):
    """Products and variants with category, tags, price, stock and status, one a row."""

    name = "products"
    label = _("Products")
    noun = _("product")
    resource_class = ProductResource
    key = "sku"
    unique = ("slug", "barcode")
    title_column = "name"
    summary = ("price", "stock", "status", "category", "parent_sku", "options")
    # A stock that falls is written before the price, one that rises after it: so no price and no
    # stock stand together for a moment that may not.
    parts = (
        CategoryPart(),
        TagPart(),
        ParentPart(),
        StockPart(falling=True),
        ProductPart(),
        StockPart(falling=False),
        StatusPart(),
    )
    import_permission = "catalog.import_product"
    import_words = _("import products")
    export_permission = "catalog.export_product"
    export_words = _("export products")
    add_permission = "catalog.add_product"
    change_permission = "catalog.change_product"

    @cached_property
    def recipes(self) -> Sequence[Recipe]:
        return (
            StandardRecipe("standard", _("Our own sheet"), list(self.columns().values()), self.key),
            WooCommerceRecipe(),
        )

    def rows(self, queryset: QuerySet[Product]) -> QuerySet[Product]:
        return with_sheet_columns(queryset)
