"""Prices for a while, beside the list price that a product carries itself."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.history import GuardedQuerySet, History
from backoffice.models import Audited, TimestampedModel
from catalog.models.products import Product


class PriceChangeQuerySet(GuardedQuerySet):
    def running_at(self, moment: datetime) -> Self:
        return self.filter(
            Q(ends_at=None) | Q(ends_at__gt=moment),
            Q(withdrawn_at=None) | Q(withdrawn_at__gt=moment),
            starts_at__lte=moment,
        )


class PriceChange(TimestampedModel, Audited):
    """A price for a while; it begins and ends by the clock and leaves the list price alone."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="price_changes")
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=2)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True, editable=False)

    objects = PriceChangeQuerySet.as_manager()
    named_by = ("product",)
    history = History(owner="product")

    class Meta:
        verbose_name = _("scheduled price")
        verbose_name_plural = _("scheduled prices")
        ordering = ["-starts_at"]
        base_manager_name = "objects"
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0), name="price_change_not_negative"),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="price_change_ends_after_start",
            ),
        ]
        indexes = [models.Index(fields=["product", "starts_at"], name="price_change_running")]

    def __str__(self) -> str:
        return f"{self.price} {_('from')} {self.starts_at:%Y-%m-%d}"
