"""Acme's price list, as files of it arrive."""

from __future__ import annotations

from django.utils import timezone

from backoffice.imports.nightly import (
    Nightly,
    load_newest,
)
from catalog.models import Product
from tests.sheets import csv_of

HEADER = ["Art-Nr", "VK"]
NIGHT = Nightly(source="acme/prices-*.csv", hour=2, why="Acme's list")
SKUS = [f"A-{number}" for number in range(10)]


def listing(prices):
    return csv_of(HEADER, *([sku, price] for sku, price in prices.items()))


def rising(count=10, price="21.00"):
    return listing(dict.fromkeys(SKUS[:count], price))


def night(recipe):
    return load_newest(recipe, now=timezone.now())


def prices():
    return {str(price) for price in Product.objects.values_list("price", flat=True)}


def falling(count):
    return listing({sku: "19.00" if at < count else "21.00" for at, sku in enumerate(SKUS)})
