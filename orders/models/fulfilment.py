"""How goods leave the house: parcels, packed and sent, line by line."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.history import GuardedQuerySet, History
from backoffice.models import Audited, VersionedModel
from backoffice.sealed import sealed
from catalog.models import StockLocation
from orders.models.orders import Fact, Order, OrderLine
from orders.states import SHIPMENT_FLOW


class Shipment(VersionedModel, Audited, Fact):
    """A parcel: packed on the bench, then sent, or unpacked again; `at` is when it was packed."""

    flow: ClassVar = SHIPMENT_FLOW

    order = models.ForeignKey(Order, models.PROTECT, related_name="shipments")
    status = models.CharField(
        _("status"), max_length=20, choices=SHIPMENT_FLOW.choices, default="left", editable=False
    )
    location = models.ForeignKey(
        StockLocation,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="shipments",
        verbose_name=_("from"),
    )
    carrier = models.CharField(_("carrier"), max_length=60, blank=True)
    tracking = models.CharField(_("tracking number"), max_length=80, blank=True)
    left_at = models.DateTimeField(_("left"), null=True, editable=False)

    objects = GuardedQuerySet.as_manager()
    named_by = ("order",)
    history = History(owner="order")

    class Meta(Fact.Meta):
        base_manager_name = "objects"
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        indexes = [models.Index(fields=["tracking"], name="shipment_tracking")]

    def __str__(self) -> str:
        label = f"{self.carrier} {self.tracking}".strip()
        return label or _("Parcel {number}").format(number=self.pk or "")


@sealed()
class ShipmentLine(models.Model):
    """How many units of an order line a parcel holds."""

    shipment = models.ForeignKey(Shipment, models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="shipment_lines")
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line_id}"
