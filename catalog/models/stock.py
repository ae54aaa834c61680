"""What is on the shelf: locations, levels, and the ledger of movements that explains them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.history import History
from backoffice.ids import uuid7
from backoffice.models import Audited, TimestampedModel
from backoffice.sealed import sealed
from catalog.models.products import Product


class StockLocation(TimestampedModel, Audited):
    """A place with shelves; orders take from the lowest priority number first."""

    name = models.CharField(_("name"), max_length=80)
    code = models.CharField(_("code"), max_length=20)
    priority = models.PositiveSmallIntegerField(_("priority"), default=10)
    is_active = models.BooleanField(_("active"), default=True)

    history = History()

    class Meta:
        verbose_name = _("stock location")
        verbose_name_plural = _("stock locations")
        ordering = ["priority", "name"]
        base_manager_name = "objects"
        permissions = [
            ("restore_version_stocklocation", "Can restore an earlier version of a stock location")
        ]
        constraints = [models.UniqueConstraint(fields=["code"], name="location_code_unique")]

    def __str__(self) -> str:
        return self.name


class StockLevel(models.Model):
    """A product at a location. Not audited by history: each change is a StockMovement."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="levels")
    location = models.ForeignKey(StockLocation, models.PROTECT, related_name="levels")
    on_hand = models.IntegerField(_("on hand"), default=0)
    committed = models.IntegerField(_("committed"), default=0)
    unavailable = models.IntegerField(_("unavailable"), default=0)

    class Meta:
        verbose_name = _("stock level")
        verbose_name_plural = _("stock levels")
        ordering = ["product", "location"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["product", "location"], name="stock_level_unique"),
            models.CheckConstraint(
                condition=Q(committed__gte=0), name="stock_committed_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(unavailable__gte=0), name="stock_unavailable_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(on_hand__gte=F("committed") + F("unavailable")),
                name="stock_available_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} @ {self.location_id}: {self.available}"

    @property
    def available(self) -> int:
        """Units that can be promised: on hand − committed − unavailable."""
        return self.on_hand - self.committed - self.unavailable


@sealed()
class StockMovement(models.Model):
    """One change of one level; the sum of a level's movements is the level."""

    class Kind(models.TextChoices):
        RECEIVE = "receive", _("Received")
        ADJUST = "adjust", _("Adjusted")
        COMMIT = "commit", _("Committed")
        RELEASE = "release", _("Released")
        SHIP = "ship", _("Shipped")
        RETURN = "return", _("Returned")

    uuid = models.UUIDField(_("public id"), default=uuid7, unique=True, editable=False)
    product = models.ForeignKey(Product, models.PROTECT, related_name="movements")
    location = models.ForeignKey(StockLocation, models.PROTECT, related_name="movements")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    on_hand_delta = models.IntegerField(_("on hand ±"), default=0)
    committed_delta = models.IntegerField(_("committed ±"), default=0)
    unavailable_delta = models.IntegerField(_("unavailable ±"), default=0)
    # No foreign key upward: the ground floors know no orders.
    cause_kind = models.CharField(_("cause"), max_length=30, blank=True)
    cause_uuid = models.UUIDField(_("cause id"), null=True, blank=True)
    at = models.DateTimeField(_("when"), db_index=True)
    change_set = models.ForeignKey(
        "backoffice.ChangeSet",
        models.PROTECT,
        related_name="stock_movements",
        verbose_name=_("change set"),
    )

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["product", "location", "-id"], name="movement_level"),
            models.Index(fields=["cause_uuid"], name="movement_cause"),
        ]

    def __str__(self) -> str:
        units = self.on_hand_delta or self.committed_delta or self.unavailable_delta
        shown = f"{units:+}" if self.kind == self.Kind.ADJUST else abs(units)
        return f"{self.get_kind_display()} {shown}"
