"""Catalogue rows for tests, in the words of the trade."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import factory
from django.db import transaction
from django.utils import timezone
from PIL import Image

from backoffice.models import User
from catalog.models import (
    Category,
    PriceChange,
    Product,
    ProductImage,
    Review,
    StockLevel,
    StockLocation,
    StockMovement,
    Tag,
)
from catalog.services import Held, ProductDraft, Wanted, default_location, locks
from catalog.services.ledger import Move, write_moves


class CategoryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Category

    name = factory.Sequence("Tableware {}".format)
    slug = factory.Sequence("tableware-{}".format)


class TagFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Tag

    name = factory.Sequence("stoneware {}".format)
    slug = factory.Sequence("stoneware-{}".format)


class ProductFactory(factory.django.DjangoModelFactory):
    """A published mug; `stock=5` puts five on the main warehouse's shelf."""

    class Meta:
        model = Product
        skip_postgeneration_save = True

    sku = factory.Sequence("MUG-{}".format)
    name = factory.Sequence("Harbour Mug {}".format)
    slug = factory.Sequence("harbour-mug-{}".format)
    price = Decimal("20.00")
    status = "published"

    @factory.post_generation
    def stock(self, create, units, **kwargs):
        if units:
            put_on_shelf(self, units)


class LocationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = StockLocation

    name = factory.Sequence("Shed {}".format)
    code = factory.Sequence("SHED-{}".format)


class PersonFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence("reader-{}@example.com".format)


class ReviewFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Review

    product = factory.SubFactory(ProductFactory)
    author = factory.SubFactory(PersonFactory)
    rating = 4
    title = "Keeps tea warm"


class PriceChangeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PriceChange

    product = factory.SubFactory(ProductFactory)
    price = Decimal("15.00")
    starts_at = factory.LazyFunction(lambda: timezone.now() - timedelta(hours=1))
    ends_at = factory.LazyFunction(lambda: timezone.now() + timedelta(hours=1))


class PictureFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ProductImage

    product = factory.SubFactory(ProductFactory)
    file = factory.django.ImageField(width=2, height=2)
    alt_text = "A mug on a windowsill"


def put_on_shelf(product: Product, units: int, location: StockLocation | None = None) -> StockLevel:
    """Receive units the way the ledger wants it, without a person and a permission."""
    place = location or default_location()
    with transaction.atomic():
        levels = locks.locked_levels([(product.pk, place.pk)])
        move = Move(product.pk, place.pk, StockMovement.Kind.RECEIVE, on_hand=units)
        write_moves([move], levels)
    return StockLevel.objects.get(product=product, location=place)


def level_of(product: Product, location: StockLocation | None = None) -> tuple[int, int, int]:
    """Return on hand, committed and unavailable units."""
    place = location or default_location()
    level = StockLevel.objects.get(product=product, location=place)
    return level.on_hand, level.committed, level.unavailable


def wanted(product: Product, units: int) -> Wanted:
    return Wanted(product.pk, units, "orders.orderline", uuid.uuid4())


def held(product: Product, units: int, location: StockLocation | None = None) -> Held:
    place = location or default_location()
    return Held(product.pk, place.pk, units, "orders.orderline", uuid.uuid4())


def draft(sku: str = "MUG-OAK", name: str = "Oak Mug", **fields) -> ProductDraft:
    return ProductDraft(**{"sku": sku, "name": name, "price": Decimal("20.00"), **fields})


def picture_bytes(kind: str = "PNG", size: tuple[int, int] = (3, 3)) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size, "navy").save(buffer, kind)
    return buffer.getvalue()
