"""What is known of files that lead to products: names, digits, and what the catalogue has."""

from __future__ import annotations

from collections.abc import Sequence

from backoffice.imports.guess import Hints, is_gtin
from catalog.models import Product
from catalog.sheets.synonyms import SYNONYMS

OVERLAPS = ("sku", "barcode", "slug")


def overlap(column: str, values: Sequence[str]) -> float:
    """Return which share of some values are products' SKUs, barcodes or slugs; one query."""
    if not values or column not in OVERLAPS:
        return 0.0
    # PostgreSQL cannot even be asked for a NUL.
    asked = {value for value in values if "\x00" not in value}
    found = Product.objects.order_by().filter(**{f"{column}__in": asked})
    return found.values(column).distinct().count() / len(set(values))


PRODUCT_HINTS = Hints(
    synonyms=SYNONYMS, overlap=overlap, overlaps=OVERLAPS, looks={"barcode": is_gtin}
)
