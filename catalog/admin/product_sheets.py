"""Sheets whose rows are products, loaded and saved beside a list of something else."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from backoffice.adminkit.imports import ImportAdmin
from backoffice.models import User
from catalog.models import Product

ON_THE_PRODUCT = {"change", "history"}


class ProductSheetAdmin(ImportAdmin):
    """Mixin for the admin of rows that have a `product`."""

    def import_path(self, what: str, *args: Any) -> str:
        """A row of the sheet has its page among the products."""
        if what in ON_THE_PRODUCT:
            return reverse(f"{self.admin_site.name}:catalog_product_{what}", args=args)
        return super().import_path(what, *args)

    def export_queryset(self, by: User, query: str) -> QuerySet[Any]:
        """Return the products of the filtered list; of the whole list: all products."""
        listed = super().export_queryset(by, query)
        if not query:
            return Product.objects.all()
        return Product.objects.filter(pk__in=listed.order_by().values("product"))
