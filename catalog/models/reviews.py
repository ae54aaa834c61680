"""What customers say about products."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.history import History
from backoffice.models import Audited, TimestampedModel, UUIDModel, VersionedModel
from catalog.models.products import Product
from catalog.states import REVIEW_FLOW


class Review(UUIDModel, TimestampedModel, VersionedModel, Audited):
    """What a customer thinks of a product; customers see it once it is approved."""

    flow: ClassVar = REVIEW_FLOW

    product = models.ForeignKey(Product, models.PROTECT, related_name="reviews")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="reviews", verbose_name=_("author")
    )
    rating = models.PositiveSmallIntegerField(
        _("rating"), validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    title = models.CharField(_("title"), max_length=120, blank=True)
    body = models.TextField(_("review"), blank=True)
    status = models.CharField(
        _("status"), max_length=20, choices=REVIEW_FLOW.choices, default="pending", editable=False
    )

    history = History()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["-created_at"]
        base_manager_name = "objects"
        default_permissions = ("add", "view")
        permissions = REVIEW_FLOW.permissions
        constraints = [
            models.UniqueConstraint(fields=["product", "author"], name="review_once"),
            models.CheckConstraint(condition=Q(rating__range=(1, 5)), name="review_rating_range"),
        ]

    def __str__(self) -> str:
        return self.title or f"{self.rating}/5"

    def clean(self) -> None:
        self.title = self.title.strip()
