"""The shop's list of products, and one category of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import ListView

from backoffice.kept_pages import KeptPage, is_part
from catalog import cache
from catalog.models import Category, Product
from catalog.models.product_queries import ProductQuerySet
from catalog.views.tiles import tiles_of

PER_PAGE = 20
LONGEST_QUESTION = 200
HIGHEST_PAGE = 100_000

# What stands in the address, and beside it how it is spelled, too.
SORTS = {
    "newest": _("Newest first"),
    "price": _("Price, low to high"),
    "-price": _("Price, high to low"),
    "name": _("Name, A to Z"),
    "-name": _("Name, Z to A"),
}
SPELLINGS = {
    "price_asc": "price",
    "price_desc": "-price",
    "name_asc": "name",
    "name_desc": "-name",
    "-created_at": "newest",
}


class ProductList(KeptPage, ListView):
    """Published products, twenty a page; unknown parameters and orders are ignored."""

    subject = cache.SUBJECT
    page_name = "catalog.list"
    template_name = "shop/product_list.html"
    part_name = "shop/products.html"
    category: Category | None = None

    # --- What is asked ------------------------------------------------------------------------

    @cached_property
    def words(self) -> str:
        return self.request.GET.get("q", "").replace("\x00", " ").strip()[:LONGEST_QUESTION]

    @cached_property
    def sort(self) -> str:
        """The order that was asked for; "" is the page's own: best match, else newest."""
        asked = self.request.GET.get("sort", "")
        asked = SPELLINGS.get(asked, asked)
        return asked if asked in SORTS else ""

    @cached_property
    def page_number(self) -> int:
        text = self.request.GET.get("page", "1")
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 1  # noqa: PLR2004
        return min(max(number, 1), HIGHEST_PAGE)

    @property
    def is_front(self) -> bool:
        """Whether this is the shop's front: nothing is asked, so what is featured has room."""
        return not (self.words or self.sort or self.category or self.page_number > 1)

    # --- What is kept -------------------------------------------------------------------------

    def seconds(self) -> int:
        return cache.seconds_until_a_price_changes(cache.LIST_SECONDS, now=timezone.now())

    def vary(self) -> Sequence[str] | None:
        """A search is not kept: as many pages as there are words would fill the cache."""
        return None if self.words else [self.sort, str(self.page_number)]

    # --- What is shown ------------------------------------------------------------------------

    def get_queryset(self) -> ProductQuerySet:
        found = Product.objects.published().listed()
        if self.words:
            matches = Product.objects.visible().search(self.words)
            found = found.filter(
                Q(pk__in=matches.order_by().values("pk"))
                | Q(pk__in=matches.order_by().exclude(parent=None).values("parent"))
            )
        if self.sort.endswith("price"):
            direction = "-" if self.sort.startswith("-") else ""
            return found.with_price_at(timezone.now()).order_by(f"{direction}price_now", "pk")
        if self.sort.endswith("name"):
            return found.order_by(self.sort, "pk")
        if self.words and not self.sort:
            return found.ranked(self.words)
        return found.order_by("-created_at", "-pk")

    def get_template_names(self) -> list[str]:
        return [self.part_name if is_part(self.request) else self.template_name]

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        page = self.get_paginator(self.object_list, PER_PAGE).get_page(self.page_number)
        now = timezone.now()
        more |= {
            "page": page,
            "pages": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
            "tiles": tiles_of(list(page), at=now),
            "q": self.words,
            "sort": self.sort,
            "sorts": SORTS,
            "query": {"q": self.words, "sort": self.sort},
            "category": self.category,
            "generation": self.generation,
        }
        if not is_part(self.request):
            more |= self.surroundings()
        return super().get_context_data(object_list=self.object_list, **more)

    def surroundings(self) -> dict[str, Any]:
        """What stands around the list: the tree, and on the front what is featured."""
        tree = cache.category_tree(self.generation)
        more: dict[str, Any] = {"branches": [b for b in tree if b.parent is None and b.products]}
        if self.is_front:
            featured, popular = (
                cache.featured_ids(self.generation),
                cache.popular_ids(self.generation),
            )
            rows = Product.objects.visible().in_bulk({*featured, *popular})
            tiles = {
                tile.product.pk: tile for tile in tiles_of(list(rows.values()), at=timezone.now())
            }
            more["featured"] = [tiles[pk] for pk in featured if pk in tiles]
            more["popular"] = [tiles[pk] for pk in popular if pk in tiles]
            wanted = cache.popular_category_ids(self.generation)
            by_id = {branch.pk: branch for branch in tree}
            more["popular_categories"] = [by_id[pk] for pk in wanted if pk in by_id]
        return more


class CategoryList(ProductList):
    """The products of a category and of everything below it."""

    page_name = "catalog.category"

    def get_queryset(self) -> ProductQuerySet:
        category = Category.objects.get_or_none(slug=self.kwargs["slug"])
        if category is None:
            raise Http404
        self.category = category
        return super().get_queryset().by_category(category)

    def surroundings(self) -> dict[str, Any]:
        tree = {branch.pk: branch for branch in cache.category_tree(self.generation)}
        path, above = [], self.category.pk if self.category else None
        while above is not None and above in tree:
            path.insert(0, tree[above])
            above = tree[above].parent
        here = path[-1] if path else None
        below = [b for b in tree.values() if here and b.parent == here.pk and b.products]
        siblings = [b for b in tree.values() if here and b.parent == here.parent and b.products]
        return {"path": path, "here": here, "branches": below or siblings}
