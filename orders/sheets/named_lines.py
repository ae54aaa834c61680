"""Lines that a sheet knows by name alone, or without a price: a SKU and a share for each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

from catalog.models import Product
from orders.line_cells import LineCell
from orders.services.amounts import CENT, spread


def products_of(lines: Iterable[LineCell]) -> dict[str, Product]:
    """Return the products that lines name, by SKU; a name finds one only if no other bears it."""
    lines = list(lines)
    skus = {line.sku or derived_sku(line.name) for line in lines}
    found = list(Product.objects.filter(sku__in=skus))
    names = {line.name for line in lines if not line.sku}
    twins: dict[str, list[Product]] = {}
    for product in Product.objects.filter(name__in=names):
        twins.setdefault(product.name, []).append(product)
    found += [rows[0] for rows in twins.values() if len(rows) == 1]
    return {product.sku: product for product in found}


def derived_sku(name: str) -> str:
    """Return the SKU of a product that has only a name: "Blue Widget" → BLUE-WIDGET."""
    return re.sub(r"[^A-Z0-9]+", "-", name.upper()).strip("-")[:64]


def with_sku(
    line: LineCell, by_name: Mapping[str, str], products: Mapping[str, Product]
) -> LineCell:
    """Return the line with its SKU, and with a name only while no product has that SKU."""
    sku = line.sku or by_name.get(line.name.casefold()) or derived_sku(line.name)
    return replace(line, sku=sku, name="" if sku in products else line.name)


def with_prices(lines: list[LineCell], goods: Decimal) -> list[LineCell]:
    """Spread what the goods cost over lines when none of them has a price, cents exact."""
    if any(line.price is not None for line in lines) or goods < 0:
        return lines
    shares = spread(goods, [Decimal(line.quantity) for line in lines])
    return [_at(line, share) for line, share in zip(lines, shares, strict=True)]


def _at(line: LineCell, share: Decimal) -> LineCell:
    """Return a line that costs exactly `share`: the price goes up to a cent, the rest is off."""
    price = (share / line.quantity).quantize(CENT, ROUND_CEILING)
    return replace(line, price=price, discount=price * line.quantity - share)
