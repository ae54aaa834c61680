"""Goods that come back: asked for, received, looked at, and what became of each unit."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.history import GuardedQuerySet, History
from backoffice.models import Audited, TimestampedModel, UUIDModel, VersionedModel
from catalog.models import StockLocation
from orders.models.orders import Order, OrderLine
from orders.states import RETURN_FLOW, RETURN_REASONS


class Return(UUIDModel, TimestampedModel, VersionedModel, Audited):
    """One customer's parcel on its way back, and what was decided about it."""

    flow: ClassVar = RETURN_FLOW

    order = models.ForeignKey(Order, models.PROTECT, related_name="returns")
    number = models.CharField(_("number"), max_length=24, editable=False)
    status = models.CharField(
        _("status"), max_length=20, choices=RETURN_FLOW.choices, default="requested", editable=False
    )
    reason_code = models.CharField(_("reason"), max_length=20, choices=RETURN_REASONS)
    note = models.TextField(_("note"), blank=True)
    location = models.ForeignKey(
        StockLocation,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="returns",
        verbose_name=_("received at"),
    )
    received_at = models.DateTimeField(_("received"), null=True, editable=False)
    inspected_at = models.DateTimeField(_("inspected"), null=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    exchange = models.OneToOneField(
        Order,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="exchange_of",
        verbose_name=_("exchanged for"),
    )

    objects = GuardedQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        ordering = ["-id"]
        base_manager_name = "objects"
        default_permissions = ("view",)
        permissions = RETURN_FLOW.permissions
        constraints = [models.UniqueConstraint(fields=["number"], name="return_number_unique")]
        indexes = [models.Index(fields=["status", "id"], name="return_queue")]

    def __str__(self) -> str:
        return self.number


class ReturnLine(Audited):
    """Units of one order line: announced, and after inspection sellable, damaged or missing."""

    of_return = models.ForeignKey(Return, models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="return_lines")
    quantity = models.PositiveIntegerField(_("quantity"))
    sellable = models.PositiveIntegerField(_("sellable"), default=0, editable=False)
    damaged = models.PositiveIntegerField(_("damaged"), default=0, editable=False)
    missing = models.PositiveIntegerField(_("missing"), default=0, editable=False)

    history = History()

    class Meta:
        verbose_name = _("return line")
        verbose_name_plural = _("return lines")
        ordering = ["id"]
        base_manager_name = "objects"
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="return_quantity_positive"),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("sellable") + F("damaged") + F("missing")),
                name="return_quantities_add_up",
            ),
            models.UniqueConstraint(fields=["of_return", "line"], name="return_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line_id}"
