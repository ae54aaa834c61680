"""What happens beside a write: files, cached pages, the search index, views. No heavy work here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, Sum
from django.db.models.signals import post_delete
from django.dispatch import receiver

from backoffice import cache
from backoffice.signals import history_written
from catalog import told
from catalog.cache import SUBJECT
from catalog.models import (
    Category,
    PriceChange,
    Product,
    ProductImage,
    ProductTag,
    Review,
    StockLevel,
    Tag,
)
from catalog.services import search_index, views
from catalog.services.pictures import forget_file
from catalog.signals import product_viewed, stock_moved

SHOWN = {Category, PriceChange, Product, ProductImage, ProductTag, Review, Tag}
WORDED = {Product, ProductTag}


@receiver(post_delete, sender=ProductImage)
def remove_file(instance: ProductImage, **_: Any) -> None:
    """Also where no service asked: a product that is deleted takes its gallery along."""
    forget_file(instance)


@receiver(history_written)
def make_pages_old(sender: type, **_: Any) -> None:
    """Every door writes history, sheets and bulk actions too: no page outlives its rows."""
    if sender in SHOWN:
        cache.move_on_commit(SUBJECT)


@receiver(history_written)
def read_words_again(sender: type, ids: Sequence[int] | None, **_: Any) -> None:
    if not search_index.has_index():
        return
    if sender is Tag:
        search_index.forget_words(tag_ids=ids or [])
    if sender in WORDED or sender is Tag:
        waiting = transaction.get_connection().run_on_commit
        if not any(hook is search_index.ask_for_words for _sids, hook, _robust in waiting):
            # robust: the clock starts the same job a few minutes later.
            transaction.on_commit(search_index.ask_for_words, robust=True)


@receiver(stock_moved)
def make_sold_out_pages_old(units: Mapping[int, int] | None, **_: Any) -> None:
    """A sale makes no page old, the last one does, and so does what comes back."""
    if units is None:
        cache.move_on_commit(SUBJECT)
    elif moved := {pk: difference for pk, difference in units.items() if difference}:
        # After the commit: the movers hold locks that others wait for.
        transaction.on_commit(lambda: _look_at_shelves(moved), robust=True)


stock_moved.connect(told.tell_low, dispatch_uid="catalog.tell_low")


def _look_at_shelves(moved: Mapping[int, int]) -> None:
    free = F("on_hand") - F("committed") - F("unavailable")
    levels = StockLevel.objects.filter(product__in=moved).order_by()
    now = dict(levels.values_list("product").annotate(units=Sum(free)))
    if any((now.get(pk, 0) > 0) != (now.get(pk, 0) - moved[pk] > 0) for pk in moved):
        cache.move(SUBJECT)


@receiver(product_viewed)
def count_view(product_id: int, **_: Any) -> None:
    views.note_view(product_id=product_id)
