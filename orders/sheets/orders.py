"""The sheet of orders: which files lead to it, and who may see which of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backoffice.imports.columns import Column
from backoffice.imports.recipes import Recipe, StandardRecipe
from backoffice.imports.row_sheet import RowSheet
from backoffice.imports.sheets import register
from backoffice.models import User
from orders.models import Order
from orders.resources import PERSONAL_COLUMNS, OrderResource, with_sheet_columns
from orders.sheets.parts import OrderPart
from orders.sheets.shopify import ShopifyRecipe


@register
class OrderSheet(RowSheet):
    """Orders of another shop, one a row, taken in as they stand there."""

    name = "orders"
    label = _("Orders")
    noun = _("order")
    resource_class = OrderResource
    key = "number"
    title_column = "name"
    summary = ("placed_at", "status", "lines", "total", "currency", "paid", "refunded")
    parts = (OrderPart(),)
    import_permission = "orders.import_order"
    import_words = _("import orders")
    export_permission = "orders.export_order"
    export_words = _("export orders")
    add_permission = "orders.take_in_order"
    change_permission = "orders.take_in_order"
    is_personal = True

    @cached_property
    def recipes(self) -> Sequence[Recipe]:
        return (
            StandardRecipe("standard", _("Our own sheet"), list(self.columns().values()), self.key),
            ShopifyRecipe(),
        )

    def columns_for(self, by: User) -> dict[str, Column]:
        columns = self.columns()
        if by.has_perm("orders.export_customer"):
            return columns
        return {name: column for name, column in columns.items() if name not in PERSONAL_COLUMNS}

    def rows(self, queryset: QuerySet[Order]) -> QuerySet[Order]:
        return with_sheet_columns(queryset)
