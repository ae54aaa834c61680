"""What may belong to one product only, and the kind sentence for it, whoever finds the clash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from catalog.models import Product
from catalog.refusals import Duplicate, DuplicateBarcode, DuplicateSku, DuplicateSlug, facts_of

UNIQUE: Mapping[str, type[Duplicate]] = {
    kind.field: kind for kind in (DuplicateSku, DuplicateSlug, DuplicateBarcode)
}
CHUNK = 1_000


def owners(field: str, values: Iterable[str]) -> dict[str, Product]:
    """Return who bears these values of a unique field: pk, name and SKU, by value."""
    wanted = sorted({value for value in values if value})
    found: dict[str, Product] = {}
    for start in range(0, len(wanted), CHUNK):
        rows = Product.objects.filter(**{f"{field}__in": wanted[start : start + CHUNK]})
        found.update(
            (getattr(row, field), row) for row in rows.only("pk", "name", *UNIQUE).order_by()
        )
    return found


def conflicts(
    wishes: Mapping[int, Mapping[str, str]], bearers: Mapping[int, Product]
) -> dict[int, Duplicate]:
    """Return why wishes cannot be granted: for each key the first value that another one has.

    wishes: unique values by key; a product's own key when it exists, a negative number when it does
    not yet. bearers: the products of these keys, as a sentence shall call them.
    """
    refused: dict[int, Duplicate] = {}
    for field, kind in UNIQUE.items():
        in_table = owners(field, (wish.get(field, "") for wish in wishes.values()))
        first: dict[str, int] = {}
        for key, wish in wishes.items():
            value = wish.get(field, "")
            if not value or key in refused:
                continue
            other = in_table.get(value) or bearers[first.setdefault(value, key)]
            if other.pk != key and other is not bearers[key]:
                refused[key] = kind(value=value, **facts_of(other))
    return refused
