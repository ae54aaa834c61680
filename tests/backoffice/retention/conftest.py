"""A product with a long history, written by clocks of many years."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from backoffice import changes, seals
from backoffice.retention import make_retention_rule
from catalog import services
from catalog.models import Product
from tests.catalog.factories import ProductFactory
from tests.orders.factories import boss

YEARS = 9


def years_ago(years: float) -> datetime:
    return timezone.now() - timedelta(days=round(365.25 * years))


def rename(product: Product, name: str, at: datetime) -> None:
    with changes.change(separate=True, by=boss(), at=at):
        services.edit_product(
            product_id=product.pk, changes={"name": name}, by=boss(), reason="the year"
        )


@pytest.fixture
def mug(db) -> Product:
    """Renamed each year; the first and the last row, and one of last year, are to stay."""
    boss()
    with changes.change(separate=True, by=boss(), at=years_ago(YEARS)):
        mug = ProductFactory(name="Mug")
    for year in range(YEARS - 1, 0, -1):
        rename(mug, f"Mug {year}", years_ago(year))
    return mug


@pytest.fixture
def rule(mug):
    rule = make_retention_rule(
        model="catalog.Product", keep_years=5, by=boss(), reason="the law asks for five"
    )
    seals.seal_record()
    return rule


def names(product: Product) -> list[str]:
    rows = Product.history.filter(id=product.pk).order_by("history_id")
    return list(rows.values_list("name", flat=True))
