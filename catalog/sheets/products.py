"""The product sheet: which files lead to it, and in which order its parts are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property, partial

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backoffice.imports.fields import Field
from backoffice.imports.recipes import Recipe, StandardRecipe
from backoffice.imports.sheets import Derived, register
from backoffice.imports.table_sheet import TableSheet
from backoffice.models import ImportRun
from catalog import four_eyes
from catalog.models import Product
from catalog.resources import ProductResource, with_sheet_columns
from catalog.services import slugs
from catalog.sheets.fields import product_fields
from catalog.sheets.hints import PRODUCT_HINTS
from catalog.sheets.parents import ParentPart
from catalog.sheets.recipes import RECIPES
from catalog.sheets.rows import SLUG_BASE, ProductRows
from catalog.sheets.states import StatusPart
from catalog.sheets.stock import StockPart
from catalog.sheets.terms import CategoryPart, OptionsPart, TagPart


@register
class ProductSheet(TableSheet):
    """Products and variants with category, tags, price, stock and status, one a row."""

    name = "products"
    label = _("Products")
    noun = _("product")
    resource_class = ProductResource
    key = "sku"
    keys = ("sku", "barcode", "slug")
    unique = ("sku", "slug", "barcode")
    title_column = "name"
    price_column = "price"
    summary = ("price", "stock", "status", "category", "parent_sku", "options")
    parts = (
        CategoryPart(),
        OptionsPart(),
        ParentPart(),
        ProductRows(),
        TagPart(),
        StockPart(),
        StatusPart(),
    )
    # A name stays what it is from reading to writing: its slug is made where the file is read.
    derived = (Derived(SLUG_BASE, ("name", "sku"), partial(slugs.slug_bases, Product)),)
    hints = PRODUCT_HINTS
    undo_status = ("status", "archived")
    import_permission = "catalog.import_product"
    import_words = _("import products")
    export_permission = "catalog.export_product"
    export_words = _("export products")
    add_permission = "catalog.add_product"
    change_permission = "catalog.change_product"

    @cached_property
    def recipes(self) -> Sequence[Recipe]:
        columns = list(self.columns().values())
        return (
            StandardRecipe("standard", _("Our own sheet"), columns, *self.keys),
            *(recipe() for recipe in RECIPES),
        )

    def measures(self, run: ImportRun) -> Mapping[str, Decimal]:
        return {four_eyes.PRICE_CHANGE: four_eyes.largest_price_change(run)}

    def fields(self) -> list[Field]:
        return product_fields(self.columns())

    def rows(self, queryset: QuerySet[Product]) -> QuerySet[Product]:
        return with_sheet_columns(queryset)
