"""The columns by which every sheet of the catalogue says which product a row is about."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from backoffice.imports.columns import CodeWidget, Column, TextWidget
from backoffice.imports.parse import Text
from catalog.models import Product
from catalog.services.limits import limit_of

ARTICLE = _("Article")


def sku_column(help_text: Text) -> Column:
    return Column(
        "sku",
        widget=CodeWidget(longest=limit_of(Product, "sku")),
        label=_("SKU"),
        example="MUG-001",
        second_example="MUG-001-S",
        help_text=help_text,
        is_required=True,
        group=ARTICLE,
    )


def barcode_column(help_text: Text) -> Column:
    return Column(
        "barcode",
        widget=CodeWidget(longest=limit_of(Product, "barcode")),
        label=_("Barcode"),
        example="2912345000015",
        help_text=help_text,
        group=ARTICLE,
    )


def name_column() -> Column:
    """The name beside a key: for whoever reads the sheet."""
    return Column(
        "name",
        widget=TextWidget(),
        label=_("Name"),
        example="Beach Pebble Cup",
        second_example="Beach Pebble Cup, slate",
        help_text=_("For whoever reads the sheet; read along and never written."),
        group=ARTICLE,
    )
