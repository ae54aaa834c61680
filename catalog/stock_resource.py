"""The columns of the stock sheet, declared once: what was counted, by SKU or barcode."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from import_export.resources import ModelResource

from backoffice.changes import UnauditedWrite
from backoffice.imports.columns import Column, WholeNumberWidget
from backoffice.imports.sources import Source
from catalog.article_columns import barcode_column, name_column, sku_column
from catalog.models import Product, StockLevel
from catalog.services.locations import MAIN_CODE

_STOCK = _("Stock")


def _shelf() -> Source:
    levels = StockLevel.objects.order_by().filter(location__code=MAIN_CODE)
    return Source(joined=levels.values_list("product_id", "on_hand"), on="product_id")


class StockResource(ModelResource):
    """One row is one product on the shelf of the main warehouse; nothing is ever created."""

    sku = sku_column(_("Our own article number; says which product was counted."))
    barcode = barcode_column(
        _("Says which product was counted, if you choose so; else only read along.")
    )
    name = name_column()
    stock = Column(
        "shelf_units",
        widget=WholeNumberWidget(),
        label=_("Stock"),
        example="12",
        second_example="4",
        help_text=_("Pieces on the shelf of the main warehouse; blank: not counted."),
        group=_STOCK,
        source=_shelf,
    )

    class Meta:
        model = Product
        import_id_fields = ("sku",)
        fields = ("sku", "barcode", "name", "stock")

    def save_instance(self, *args: Any, **kwargs: Any) -> None:
        raise UnauditedWrite("Stock is imported by backoffice.imports, through the ledger.")
