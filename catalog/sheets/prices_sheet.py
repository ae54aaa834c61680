"""The price sheet: list prices, and prices that begin and end by the clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from django.utils.translation import gettext_lazy as _

from backoffice.imports.fields import Field
from backoffice.imports.recipes import Recipe, StandardRecipe
from backoffice.imports.sheets import register
from backoffice.imports.table_sheet import TableSheet
from backoffice.models import ImportRun
from catalog.prices_resource import PRICE, PricesResource
from catalog.sheets.hints import PRODUCT_HINTS
from catalog.sheets.price_fields import price_fields
from catalog.sheets.price_parts import PriceRows, SchedulePart
from catalog.sheets.read_along import ReadAlongPart
from catalog.sheets.stock import StockPart

# What suppliers call the begin and the end of a price.
PERIOD_SYNONYMS = {
    "valid_from": (
        "valid from", "from", "start", "start date", "starts at", "from date", "effective from",
        "gültig ab", "gültig von", "ab", "von", "Gültigkeitsbeginn", "Beginn",
    ),
    "valid_until": (
        "valid until", "until", "end", "end date", "ends at", "valid to", "to date", "expires",
        "gültig bis", "bis", "Gültigkeitsende", "Ende",
    ),
}  # fmt: skip


@register
class PricesSheet(TableSheet):
    """Prices of products that are there already, one a row."""

    name = "prices"
    label = _("Prices")
    noun = _("product")
    resource_class = PricesResource
    key = "sku"
    keys = ("sku", "barcode")
    title_column = "name"
    summary = ("price", "valid_from", "valid_until")
    # The stock part asks the rule of dear goods in large numbers; there is no stock to write.
    parts = (ReadAlongPart("sku", "barcode"), SchedulePart(), PriceRows(), StockPart())
    mode = ImportRun.Mode.UPDATE
    price_column = "price"
    hints = replace(PRODUCT_HINTS, synonyms={**PRODUCT_HINTS.synonyms, **PERIOD_SYNONYMS})
    import_permission = PRICE
    import_words = _("import prices")
    export_permission = "catalog.export_product"
    export_words = _("export prices")
    # Nothing is created: a SKU that is not there is refused as such, whoever imports.
    add_permission = PRICE
    change_permission = PRICE

    @cached_property
    def recipes(self) -> Sequence[Recipe]:
        columns = list(self.columns().values())
        return (StandardRecipe("standard", _("Our own sheet"), columns, *self.keys),)

    def fields(self) -> list[Field]:
        return price_fields(self.columns())
