"""A product as it was at any instant: its row, tags, pictures, scheduled prices, and the stock.

Stock has no history of its own: the sum of its movements until then is what lay on the shelf.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from backoffice.as_of import (
    Instant,
    Trace,
    as_model,
    history_of,
    row_as_of,
    standing,
    traces_of,
)
from catalog.models import (
    PriceChange,
    Product,
    ProductImage,
    ProductTag,
    StockLocation,
    Tag,
)
from catalog.services.past_stock import Shelf, stock_as_of

# Every click of the last years is worth a step; a product of a nightly sheet has thousands.
MOST_TRACES = 2_000


@dataclass(frozen=True)
class ProductThen:
    """A product at one instant. Its rows are objects of their models, to be read only."""

    product: Product
    tags: Sequence[str]
    pictures: Sequence[ProductImage]
    price_changes: Sequence[PriceChange]
    running_price: Decimal | None
    stock: dict[int, Shelf]


class ProductPast:
    """What the record has of one product: a fixed number of queries for each instant."""

    def __init__(self, pk: int) -> None:
        self.pk = pk
        self.links = history_of(ProductTag, product_id=pk)
        self.images = history_of(ProductImage, product_id=pk)
        self.scheduled = history_of(PriceChange, product_id=pk)
        self.tags = history_of(Tag, id__in={row.tag_id for row in self.links})

    @property
    def traces(self) -> list[Trace]:
        """Every click that left something on the product, the latest of them, in order."""
        rows = Product.history.filter(id=self.pk).order_by("-history_id")
        own = rows.only("history_id", "history_date", "change_set_id")[:MOST_TRACES]
        return traces_of((own, self.links, self.images, self.scheduled))

    def at(self, instant: Instant | None) -> ProductThen | None:
        """Return the product as it was; None: it was not there. instant: None: now."""
        row = row_as_of(Product, self.pk, instant)
        if row is None:
            return None
        names = standing(self.tags, instant)
        scheduled = [as_model(PriceChange, r) for r in standing(self.scheduled, instant).values()]
        links = standing(self.links, instant).values()
        images = [as_model(ProductImage, r) for r in standing(self.images, instant).values()]
        stock = stock_as_of([self.pk], instant)
        return ProductThen(
            product=as_model(Product, row),
            tags=sorted(names[link.tag_id].name for link in links if link.tag_id in names),
            pictures=sorted(images, key=lambda image: (image.position, image.pk)),
            price_changes=sorted(scheduled, key=lambda change: (change.starts_at, change.pk)),
            running_price=_running(scheduled, instant),
            stock={location: shelf for (_product, location), shelf in stock.items()},
        )


def _running(scheduled: Iterable[PriceChange], instant: Instant | None) -> Decimal | None:
    """Return the scheduled price that was in force; of several the one that began last."""
    moment = timezone.now() if instant is None else instant.at
    running = [
        change
        for change in scheduled
        if change.starts_at <= moment
        and (change.ends_at is None or change.ends_at > moment)
        and (change.withdrawn_at is None or change.withdrawn_at > moment)
    ]
    if not running:
        return None
    return max(running, key=lambda change: (change.starts_at, change.pk)).price


def locations(ids: Iterable[int]) -> dict[int, StockLocation]:
    """Return the shelves' places, in the order in which orders take from them."""
    found = StockLocation.objects.filter(pk__in=set(ids)).order_by("priority", "name")
    return {row.pk: row for row in found}
