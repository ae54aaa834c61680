"""The columns of the price sheet, declared once: list prices, and prices for a while."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.db.models import CharField, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from import_export.resources import ModelResource

from backoffice.changes import UnauditedWrite
from backoffice.imports.columns import (
    Column,
    CurrencyWidget,
    MomentWidget,
    MoneyWidget,
)
from backoffice.imports.sources import Source
from catalog.article_columns import barcode_column, name_column, sku_column
from catalog.models import Product

PRICE = "catalog.change_price_product"
_PRICES, _PERIOD = _("Prices"), _("Period")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# What many systems write for "without an end".
_NEVER = dt.date.max


class FromWidget(MomentWidget):
    """When something begins; of a day alone, its first moment here."""

    days_later = 0

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> dt.datetime | None:
        day = _day_of(value)
        if day is None:
            return super().clean(value)
        if day == _NEVER:
            return None
        midnight = dt.datetime.combine(day + dt.timedelta(days=self.days_later), dt.time())
        return timezone.make_aware(midnight, timezone.get_default_timezone())


class UntilWidget(FromWidget):
    """When something ends; a day is part of it to its last moment, and 9999-12-31 is never."""

    days_later = 1


def _day_of(value: Any) -> dt.date | None:
    """Return the day that a cell names, when it names nothing but a day."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value.strip()):
        return None
    try:
        return dt.date.fromisoformat(value.strip())
    except ValueError:
        return None  # the widget has the words for what no calendar has


def _always_blank() -> Source:
    return Source(Value("", output_field=CharField()), texts=lambda: list)


class PricesResource(ModelResource):
    """One row is one price of one product: its list price, or a price for a while."""

    sku = sku_column(_("Our own article number; says which product the price is for."))
    barcode = barcode_column(
        _("Says which product the price is for, if you choose so; else read along.")
    )
    name = name_column()
    price = Column(
        "price",
        widget=MoneyWidget(),
        label=_("Price"),
        example="16.00",
        second_example="12.50",
        help_text=_("The list price; with a period the price in it, and the list price stays."),
        permission=PRICE,
        group=_PRICES,
    )
    compare_at_price = Column(
        "compare_at_price",
        widget=MoneyWidget(),
        label=_("Compare-at price"),
        example="19.00",
        help_text=_("The struck-out price; not below the price, and never for a period."),
        permission=PRICE,
        group=_PRICES,
    )
    cost = Column(
        "cost",
        widget=MoneyWidget(),
        label=_("Cost"),
        example="7.20",
        help_text=_("What we pay for it; never for a period."),
        permission="catalog.change_product",
        group=_PRICES,
    )
    currency = Column(
        "currency",
        widget=CurrencyWidget(),
        label=_("Currency"),
        example="EUR",
        second_example="EUR",
        help_text=_("Must be the product's own: another one refuses the row."),
        group=_PRICES,
    )
    valid_from = Column(
        lambda _product: None,
        widget=FromWidget(),
        label=_("Valid from"),
        example="",
        second_example="2027-03-01",
        help_text=_("A day, or day and time (UTC); blank with an end: from now on."),
        group=_PERIOD,
        source=_always_blank,
    )
    valid_until = Column(
        lambda _product: None,
        widget=UntilWidget(),
        label=_("Valid until"),
        example="",
        second_example="2027-03-31",
        help_text=_("A day, itself included, or day and time (UTC); blank: without an end."),
        group=_PERIOD,
        source=_always_blank,
    )

    class Meta:
        model = Product
        import_id_fields = ("sku",)
        fields = (
            "sku",
            "barcode",
            "name",
            "price",
            "compare_at_price",
            "cost",
            "currency",
            "valid_from",
            "valid_until",
        )

    def save_instance(self, *args: Any, **kwargs: Any) -> None:
        raise UnauditedWrite("Prices are imported by backoffice.imports, through services.")
