"""By which words products are found: kept beside the products, by a job."""

from __future__ import annotations

import re
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVectorField
from django.db import connection, models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from backoffice.refused import Text
from catalog.models.product_queries import ProductQuerySet
from catalog.models.products import Product

MOST_WORDS = 12
LONGEST_WORD = 60


class ProductIndex(models.Model):
    """The words of one product as PostgreSQL searches them; other databases leave it empty.

    version: the product's when the words were read; another one: they are old.
    """

    unaudited: ClassVar[Text] = _("Made from products, and made again whenever that is needed.")

    product = models.OneToOneField(
        Product, models.CASCADE, primary_key=True, related_name="search_index"
    )
    version = models.PositiveIntegerField(default=0)
    vector = SearchVectorField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.product_id} ({self.version})"


def found(products: ProductQuerySet, words: str) -> ProductQuerySet:
    """Return those of `products` that the words are found in."""
    if connection.vendor != "postgresql":
        return products.containing(words)
    question = _question(words)
    text = words.strip()
    if question is None:
        # Signs alone: no word that an index would have.
        return products.containing(words) if text else products
    indexed = ProductIndex.objects.filter(vector=question)
    fresh = ProductIndex.objects.filter(product=OuterRef("pk"), version=OuterRef("version"))
    unread = Product.objects.containing(words).filter(~Exists(fresh))
    return products.filter(
        Q(pk__in=indexed.values("product"))
        | Q(sku__iexact=text)
        | Q(barcode=text)
        | Q(pk__in=unread.order_by().values("pk"))
    )


def ranked(products: ProductQuerySet, words: str) -> ProductQuerySet:
    """Order by how well the words fit; among equals, by name."""
    question = _question(words) if connection.vendor == "postgresql" else None
    in_name = Case(When(name__icontains=words.strip(), then=Value(1.0)), default=Value(0.0))
    if question is None:
        return products.order_by(in_name.desc(), "name", "pk")
    rank = Subquery(
        ProductIndex.objects.filter(product=OuterRef("pk"))
        .annotate(rank=SearchRank(F("vector"), question))
        .values("rank")[:1]
    )
    return products.order_by(Coalesce(rank, in_name).desc(), "name", "pk")


def _question(words: str) -> SearchQuery | None:
    """Return every word as a beginning; None when there is none.

    Quoted, so that no sign of a word is an operator: a quote or a backslash inside is dropped.
    """
    clean = (re.sub(r"['\\\x00]", " ", word).strip() for word in words.split()[:MOST_WORDS])
    terms = [f"'{word[:LONGEST_WORD]}':*" for word in clean if re.search(r"\w", word)]
    if not terms:
        return None
    return SearchQuery(" & ".join(terms), config=settings.SEARCH_CONFIG, search_type="raw")
