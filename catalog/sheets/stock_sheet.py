"""The stock sheet: what was counted, or came and went, on the shelf of the main warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backoffice.imports.fields import Field
from backoffice.imports.recipes import Recipe, StandardRecipe
from backoffice.imports.sheets import register
from backoffice.imports.table_sheet import TableSheet
from backoffice.models import ImportRun
from catalog.models import Product
from catalog.resources import with_sheet_columns
from catalog.sheets.fields import StockField
from catalog.sheets.hints import PRODUCT_HINTS
from catalog.sheets.read_along import ReadAlongField, ReadAlongPart
from catalog.sheets.recipes.shopify_inventory import ShopifyInventoryRecipe
from catalog.sheets.stock import StockPart
from catalog.stock_resource import StockResource


@register
class StockSheet(TableSheet):
    """Pieces of products that are there already, one a row: for whoever counts, not who creates."""

    name = "stock"
    label = _("Stock")
    noun = _("product")
    resource_class = StockResource
    key = "sku"
    keys = ("sku", "barcode")
    title_column = "name"
    summary = ("stock",)
    parts = (ReadAlongPart("sku", "barcode"), StockPart())
    mode = ImportRun.Mode.UPDATE
    hints = PRODUCT_HINTS
    import_permission = "catalog.adjust_stock_product"
    import_words = _("import stock")
    export_permission = "catalog.export_product"
    export_words = _("export stock")
    # Nothing is created: a SKU that is not there is refused as such, whoever imports.
    add_permission = "catalog.adjust_stock_product"
    change_permission = "catalog.adjust_stock_product"

    @cached_property
    def recipes(self) -> Sequence[Recipe]:
        columns = list(self.columns().values())
        return (
            StandardRecipe("standard", _("Our own sheet"), columns, *self.keys),
            ShopifyInventoryRecipe(),
        )

    def fields(self) -> list[Field]:
        return [
            StockField(column) if name == "stock" else ReadAlongField(column, Product)
            for name, column in self.columns().items()
        ]

    def rows(self, queryset: QuerySet[Product]) -> QuerySet[Product]:
        return with_sheet_columns(queryset)
