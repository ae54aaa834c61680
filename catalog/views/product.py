"""One product's page: pictures, what it costs, its variants, what others think of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Avg, Count, Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import DetailView

from backoffice.kept_pages import KeptPage
from catalog import cache, services
from catalog.models import Product, Review
from catalog.signals import product_viewed
from catalog.views.reviews import ReviewForm
from catalog.views.tiles import TINTS, available_units, tiles_of, was

MOST_RELATED = 4
REVIEWS_PER_PAGE = 10


@dataclass(frozen=True)
class Choice:
    """Something that can be laid into the cart: the product itself, or one of its variants."""

    product: Product
    price: Decimal
    was: Decimal | None
    is_in_stock: bool

    @property
    def label(self) -> str:
        return ", ".join(map(str, self.product.options.values())) or self.product.name


class ProductPage(KeptPage, DetailView):
    """A published product by its slug; a variant's address shows its product with it chosen."""

    subject = cache.SUBJECT
    page_name = "catalog.product"
    template_name = "shop/product.html"
    object: Product

    def get_object(self, queryset: QuerySet[Product] | None = None) -> Product:
        found = Product.objects.visible().select_related("category", "parent__category")
        product = found.filter(slug=self.kwargs["slug"]).first()
        if product is None:
            raise Http404
        return product

    def seconds(self) -> int:
        return cache.seconds_until_a_price_changes(cache.DETAIL_SECONDS, now=timezone.now())

    def facts(self) -> dict[str, Any]:
        return {"product_id": self.object.pk}

    def shown(self, facts: dict[str, Any]) -> None:
        if self.request.method == "GET":
            product_viewed.send(sender=Product, product_id=facts["product_id"])

    @cached_property
    def lead(self) -> Product:
        """The product itself, or the one that it is a variant of."""
        return self.object.parent or self.object

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        choices = self.choices()
        chosen = next(
            (c for c in choices if c.product.pk == self.object.pk),
            next((c for c in choices if c.is_in_stock), choices[0]),
        )
        reviews = self.lead.reviews.filter(status="approved")
        sums = reviews.aggregate(count=Count("pk"), average=Avg("rating"))
        page = approved_reviews(self.lead).get_page(1)
        tree = {branch.pk: branch for branch in cache.category_tree(self.generation)}
        path, above = [], self.lead.category_id
        while above is not None and above in tree:
            path.insert(0, tree[above])
            above = tree[above].parent
        return super().get_context_data(
            **more,
            lead=self.lead,
            choices=choices,
            chosen=chosen,
            has_variants=len(choices) > 1 or choices[0].product.parent_id is not None,
            pictures=self.pictures(),
            tint=(self.lead.category_id or self.lead.pk) % TINTS,
            path=path,
            tags=list(self.lead.tags.order_by("name")),
            related=tiles_of(related_to(self.lead), at=timezone.now()),
            review_count=sums["count"],
            average=sums["average"],
            reviews=page,
            form=ReviewForm(),
            generation=self.generation,
        )

    def choices(self) -> list[Choice]:
        """What can be bought here; a parent is only sold through its variants."""
        variants = list(self.lead.variants.published().order_by("pk"))
        rows = variants or [self.lead]
        prices = services.prices_of(rows, timezone.now())
        units = available_units([row.pk for row in rows])
        return [
            Choice(row, prices[row.pk], was(row, prices[row.pk]), units.get(row.pk, 0) > 0)
            for row in rows
        ]

    def pictures(self) -> list[services.Picture]:
        """The variant's own pictures first, then the product's."""
        own = list(self.object.images.all())
        if self.lead is not self.object:
            own += self.lead.images.all()
        return [services.Picture.of(image) for image in own]


def related_to(product: Product) -> Sequence[Product]:
    """Return up to four others: of the same category first, then with the same tags."""
    tags = product.tag_links.values("tag")
    found = (
        Product.objects.published()
        .listed()
        .exclude(pk=product.pk)
        .filter(Q(category=product.category_id) if product.category_id else Q(pk__in=[]))
    )
    same = list(found.order_by("-is_featured", "-created_at", "-pk")[:MOST_RELATED])
    if len(same) == MOST_RELATED:
        return same
    others = (
        Product.objects.published()
        .listed()
        .exclude(pk__in=[product.pk, *(row.pk for row in same)])
        .filter(pk__in=Product.tags.through.objects.filter(tag__in=tags).values("product"))
    )
    return [*same, *others.order_by("-created_at", "-pk")[: MOST_RELATED - len(same)]]


def approved_reviews(product: Product) -> Paginator[Review]:
    found = product.reviews.filter(status="approved").select_related("author")
    return Paginator(found.order_by("-created_at", "-pk"), REVIEWS_PER_PAGE)
