"""What is sent and answered about products."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backoffice.api.serializers import Answer, Sent
from backoffice.api.steps import REASON_LENGTH
from catalog.api.facts import Facts
from catalog.models import Category, Product
from catalog.services.fields import DESCRIPTION_MAX_LENGTH, OPTION_MAX_LENGTH
from catalog.services.ledger import MOST_UNITS

# What only people of the house see, with the permission to see products.
INTERNAL = frozenset(
    {"cost", "tax_class", "low_stock_threshold", "on_hand", "available", "created_by", "status"}
)
SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
MOST_TAGS = 50
MOST_OPTIONS = 20


def money(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=12, decimal_places=2, **options)


def reason_field() -> serializers.CharField:
    return serializers.CharField(
        max_length=REASON_LENGTH, required=False, allow_blank=True, default=""
    )


def product_field(**options: Any) -> serializers.SlugRelatedField[Product]:
    """Return a field that names a product by its uuid."""
    options.setdefault("queryset", Product.objects.all())
    return serializers.SlugRelatedField("uuid", **options)


class PictureAnswer(Answer):
    uuid = serializers.UUIDField()
    url = serializers.FileField(source="file")
    alt_text = serializers.CharField()
    position = serializers.IntegerField()


class ProductAnswer(Answer):
    """A product; the fields that customers do not see are left out for them."""

    uuid = serializers.UUIDField()
    sku = serializers.CharField()
    barcode = serializers.CharField()
    name = serializers.CharField()
    slug = serializers.CharField()
    description = serializers.CharField()
    status = serializers.CharField(required=False)
    parent = serializers.UUIDField(source="parent.uuid", allow_null=True, default=None)
    options = serializers.DictField(child=serializers.CharField())
    price = money(help_text="The list price.")
    discount_price = serializers.SerializerMethodField(
        help_text="A scheduled price below the list price that runs now."
    )
    compare_at_price = money(allow_null=True)
    currency = serializers.CharField()
    weight_grams = serializers.IntegerField(allow_null=True)
    category = serializers.CharField(source="category.slug", allow_null=True, default=None)
    category_name = serializers.CharField(source="category.name", allow_null=True, default=None)
    tags = serializers.SerializerMethodField()
    images = PictureAnswer(many=True)
    is_featured = serializers.BooleanField()
    is_in_stock = serializers.SerializerMethodField()
    average_rating = serializers.SerializerMethodField()
    review_count = serializers.SerializerMethodField()
    meta_title = serializers.CharField()
    meta_description = serializers.CharField()
    created_at = serializers.DateTimeField()
    version = serializers.IntegerField()
    cost = money(allow_null=True, required=False)
    tax_class = serializers.CharField(required=False)
    low_stock_threshold = serializers.IntegerField(required=False)
    on_hand = serializers.IntegerField(required=False)
    available = serializers.IntegerField(required=False)
    created_by = serializers.UUIDField(source="created_by_id", allow_null=True, required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        if self.context.get("is_public"):
            return {name: field for name, field in fields.items() if name not in INTERNAL}
        return fields

    def to_representation(self, product: Product) -> dict[str, Any]:
        facts = self._facts(product)
        product.on_hand, product.available = facts.on_hand, facts.available  # type: ignore[attr-defined]
        return super().to_representation(product)

    def _facts(self, product: Product) -> Facts:
        return self.context["facts"][product.pk]

    @extend_schema_field(money(allow_null=True))
    def get_discount_price(self, product: Product) -> str | None:
        now = self._facts(product).price_now
        return str(now) if now < product.price else None

    def get_tags(self, product: Product) -> list[str]:
        return [tag.name for tag in product.tags.all()]

    def get_is_in_stock(self, product: Product) -> bool:
        return self._facts(product).available > 0

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_average_rating(self, product: Product) -> float | None:
        return self._facts(product).average_rating

    def get_review_count(self, product: Product) -> int:
        return self._facts(product).review_count


class ProductEdited(Sent):
    """Any of a product's own columns; a price needs its reason."""

    set_by_us = frozenset(
        {
            "uuid", "status", "version", "created_by", "created_at", "updated_at", "images",
            "average_rating", "review_count", "discount_price", "category_name", "is_in_stock",
            "on_hand", "available", "stock",
        }
    )  # fmt: skip

    sku = serializers.CharField(max_length=64)
    name = serializers.CharField(max_length=200)
    price = money(min_value=0)
    slug = serializers.RegexField(SLUG, max_length=250)
    barcode = serializers.CharField(max_length=32, allow_blank=True)
    description = serializers.CharField(max_length=DESCRIPTION_MAX_LENGTH, allow_blank=True)
    category = serializers.SlugRelatedField(
        "slug", queryset=Category.objects.all(), allow_null=True, help_text="By slug."
    )
    parent = product_field(allow_null=True, help_text="The product that this is a variant of.")
    options = serializers.DictField(child=serializers.CharField(max_length=OPTION_MAX_LENGTH))
    tags = serializers.ListField(
        child=serializers.CharField(max_length=60), max_length=MOST_TAGS, help_text="By name."
    )
    compare_at_price = money(min_value=0, allow_null=True)
    cost = money(min_value=0, allow_null=True)
    currency = serializers.RegexField(r"^[A-Z]{3}$", max_length=3)
    tax_class = serializers.CharField(max_length=20, allow_blank=True)
    weight_grams = serializers.IntegerField(min_value=0, max_value=MOST_UNITS, allow_null=True)
    is_featured = serializers.BooleanField()
    low_stock_threshold = serializers.IntegerField(min_value=0, max_value=MOST_UNITS)
    meta_title = serializers.CharField(max_length=70, allow_blank=True)
    meta_description = serializers.CharField(max_length=160, allow_blank=True)
    reason = reason_field()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for name in fields.keys() - self.needed:
            fields[name].required = False
        return fields

    needed: frozenset[str] = frozenset()


class ProductSent(ProductEdited):
    """A new product: a draft, which has its slug made from its name unless it brings one."""

    set_by_us = ProductEdited.set_by_us - {"stock"}
    needed = frozenset({"sku", "name", "price"})

    stock = serializers.IntegerField(
        min_value=0, max_value=MOST_UNITS, allow_null=True, help_text="Units in the main warehouse."
    )


class PriceSent(Sent):
    """One of the three, and why."""

    price = money(min_value=0, required=False)
    percent = serializers.DecimalField(max_digits=7, decimal_places=2, required=False)
    amount = money(required=False)
    reason = serializers.CharField(max_length=REASON_LENGTH)
