"""What somebody means to buy: a cart and its lines, until they check out."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.ids import uuid7
from backoffice.refused import Text
from catalog.models import Product
from orders.models.orders import Order


class CartQuerySet(models.QuerySet["Cart"]):
    def open(self) -> Self:
        """Not yet checked out."""
        return self.filter(checked_out_at=None)

    def anonymous(self) -> Self:
        return self.filter(customer=None)

    def with_sums(self) -> Self:
        """Annotate `units` and `products`: how many pieces of how many products lie in it."""
        return self.annotate(
            units=models.functions.Coalesce(models.Sum("lines__units"), 0),
            products=models.Count("lines"),
        )


class Cart(models.Model):
    """What one customer, or one visitor, has laid aside. A price is asked when it is shown."""

    unaudited: ClassVar[Text] = _("Traffic of visitors; what was bought stands in the order.")

    uuid = models.UUIDField(_("public id"), default=uuid7, unique=True, editable=False)
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="carts",
        verbose_name=_("customer"),
    )
    session_key = models.CharField(
        _("visitor"),
        max_length=64,
        blank=True,
        help_text=_("Of whoever has not signed in: a random word that their session carries."),
    )
    created_at = models.DateTimeField(_("begun"), default=timezone.now)
    updated_at = models.DateTimeField(_("last touched"), default=timezone.now)
    checked_out_at = models.DateTimeField(_("checked out"), null=True)
    order = models.OneToOneField(
        Order, models.PROTECT, null=True, related_name="cart", verbose_name=_("order")
    )

    objects = CartQuerySet.as_manager()

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        ordering = ["-updated_at", "-id"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=Q(customer__isnull=True) ^ Q(session_key=""), name="cart_one_owner"
            ),
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(checked_out_at=None, customer__isnull=False),
                name="cart_one_open_of_customer",
            ),
            models.UniqueConstraint(
                fields=["session_key"],
                condition=Q(checked_out_at=None) & ~Q(session_key=""),
                name="cart_one_open_of_visitor",
            ),
        ]
        indexes = [models.Index(fields=["-updated_at", "-id"], name="cart_newest")]

    def __str__(self) -> str:
        return f"{_('Cart')} {self.pk}"


class CartLine(models.Model):
    """So many units of one product; its name and price are the product's of now."""

    unaudited: ClassVar[Text] = Cart.unaudited

    MOST_UNITS: ClassVar = 999

    cart = models.ForeignKey(Cart, models.CASCADE, related_name="lines")
    # A draft that nobody ever sold can still be removed for good: it then leaves the carts, too.
    product = models.ForeignKey(
        Product, models.CASCADE, related_name="cart_lines", verbose_name=_("product")
    )
    units = models.PositiveIntegerField(_("units"))

    class Meta:
        verbose_name = _("cart line")
        verbose_name_plural = _("cart lines")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["cart", "product"], name="cart_line_once"),
            models.CheckConstraint(
                condition=Q(units__gte=1, units__lte=999), name="cart_line_units_bounded"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.units} × {self.product_id}"
