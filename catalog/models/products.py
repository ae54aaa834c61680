"""What we sell: products and their variants, their tags and pictures."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backoffice.history import History
from backoffice.models import Audited, TimestampedModel, UUIDModel, VersionedModel
from catalog.models.categories import Category, Tag
from catalog.models.product_queries import ProductManager
from catalog.states import PRODUCT_FLOW


def default_currency() -> str:
    return settings.CURRENCY


class Product(UUIDModel, TimestampedModel, VersionedModel, Audited):
    """Something we sell, or a variant of it; a parent with variants is sold through them."""

    flow: ClassVar = PRODUCT_FLOW

    sku = models.CharField(_("SKU"), max_length=64, help_text=_("Our own article number."))
    barcode = models.CharField(
        _("barcode"), max_length=32, blank=True, help_text=_("GTIN, EAN or UPC, digits as printed.")
    )
    name = models.CharField(_("name"), max_length=200)
    slug = models.SlugField(
        _("slug"), max_length=250, db_index=False, help_text=_("The product's address in the shop.")
    )
    description = models.TextField(_("description"), blank=True)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="variants",
        verbose_name=_("variant of"),
    )
    options = models.JSONField(
        _("options"),
        default=dict,
        blank=True,
        help_text=_("What sets a variant apart, for example Colour and Size."),
    )
    status = models.CharField(
        _("status"), max_length=20, choices=PRODUCT_FLOW.choices, default="draft", editable=False
    )
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=2, default=0)
    compare_at_price = models.DecimalField(
        _("compare-at price"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("The struck-out price beside the price; above it, or blank."),
    )
    cost = models.DecimalField(_("cost"), max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default=default_currency)
    tax_class = models.CharField(_("tax class"), max_length=20, default="standard", blank=True)
    weight_grams = models.PositiveIntegerField(_("weight (g)"), null=True, blank=True)
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="products",
        verbose_name=_("category"),
    )
    tags = models.ManyToManyField(
        Tag, through="ProductTag", related_name="products", blank=True, verbose_name=_("tags")
    )
    is_featured = models.BooleanField(_("featured"), default=False)
    low_stock_threshold = models.PositiveIntegerField(
        _("low-stock threshold"), default=5, help_text=_("At or below it the product is “low”.")
    )
    meta_title = models.CharField(_("SEO title"), max_length=70, blank=True)
    meta_description = models.CharField(_("SEO description"), max_length=160, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="created_products",
        verbose_name=_("created by"),
    )

    objects = ProductManager()
    history = History()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["-created_at", "-id"]
        base_manager_name = "objects"
        default_permissions = ("add", "change", "view", "import", "export")
        permissions = [
            *PRODUCT_FLOW.permissions,
            ("feature_product", "Can feature product"),
            ("change_price_product", "Can change product prices"),
            ("adjust_stock_product", "Can adjust product stock"),
            ("restore_version_product", "Can restore an earlier version of a product"),
            ("audit_product", "Can look through the record of products"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["sku"],
                name="product_sku_unique",
                violation_error_message=_("Another product has this SKU."),
            ),
            models.UniqueConstraint(fields=["slug"], name="product_slug_unique"),
            models.UniqueConstraint(
                fields=["barcode"],
                name="product_barcode_unique",
                condition=~Q(barcode=""),
                violation_error_message=_("Another product has this barcode."),
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="product_price_not_negative"),
            models.CheckConstraint(
                condition=Q(cost__isnull=True) | Q(cost__gte=0), name="product_cost_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(compare_at_price__isnull=True) | Q(compare_at_price__gte=F("price")),
                name="product_compare_at_not_below_price",
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")), name="product_not_own_parent"
            ),
        ]
        indexes = [
            models.Index(fields=["category", "status"], name="product_category_status"),
            models.Index(fields=["status", "created_at"], name="product_status_created"),
            models.Index(fields=["-created_at"], name="product_newest"),
            models.Index(fields=["name"], name="product_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the product's page in the shop; it answers once the product is published."""
        return reverse("shop:product", args=[self.slug])

    @property
    def is_in_stock(self) -> bool:
        """Whether a unit can be promised; a product with variants: of one of those on sale."""
        if not hasattr(self, "available"):
            family = Product.objects.filter(
                Q(pk=self.pk, variants=None) | Q(parent=self.pk, status="published")
            )
            return family.in_stock().exists()
        return bool(self.available > 0)


class ProductTag(Audited):
    """That a product bears a tag; `products.set_tags` writes these."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="tag_links")
    tag = models.ForeignKey(Tag, models.PROTECT, related_name="product_links")

    named_by = ("product", "tag")
    is_named_by_others = True

    history = History(owner="product")

    class Meta:
        verbose_name = _("product tag")
        verbose_name_plural = _("product tags")
        base_manager_name = "objects"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["product", "tag"], name="product_tag_unique")
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.tag_id}"


def picture_name(image: ProductImage, filename: str) -> str:
    """Return a name made by the server; the uploaded one is never used."""
    extension = filename.rpartition(".")[2].lower()
    return f"products/{image.uuid.hex}.{extension}"


class ProductImage(UUIDModel, TimestampedModel, Audited):
    """A picture of the gallery; the first one leads."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="images")
    file = models.ImageField(_("picture"), upload_to=picture_name)
    alt_text = models.CharField(
        _("alternative text"), max_length=200, blank=True, help_text=_("What the picture shows.")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    named_by = ("product",)
    history = History(owner="product")

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["position", "id"]
        base_manager_name = "objects"

    def __str__(self) -> str:
        return self.alt_text or f"{_('Picture')} {self.position + 1}"


class ProductStats(models.Model):
    """What traffic writes about a product, kept out of its audited row."""

    product = models.OneToOneField(Product, models.CASCADE, related_name="stats")
    views = models.PositiveBigIntegerField(default=0)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.product_id}: {self.views}"
