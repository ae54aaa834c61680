"""Goods that come back: asked for, received, looked at, and what became of each unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.history import GuardedQuerySet, History
from backoffice.models import Audited, TimestampedModel, UUIDModel, VersionedModel
from catalog.models import StockLocation
from orders.models.orders import Order, OrderLine
from orders.numbers import luhn_digit, spell_number
from orders.states import RETURN_FLOW, RETURN_REASONS
from orders.states.returns import ANNOUNCED

if TYPE_CHECKING:
    from orders.services.returns.facts import ReturnFacts


class ReturnQuerySet(GuardedQuerySet):
    def announced(self) -> Self:
        """Not looked at yet: their units are on the way, or in the house unopened."""
        return self.filter(status__in=ANNOUNCED)

    def to_receive(self) -> Self:
        return self.filter(status="requested")

    def to_inspect(self) -> Self:
        return self.filter(status="received")

    def to_settle(self) -> Self:
        """Looked at: what is due is to be refunded or exchanged."""
        return self.filter(status="inspected")

    def search(self, words: str) -> Self:
        """By its own number or the order's, with or without dashes."""
        digits = "".join(c for c in words if c.isdigit())
        found = Q(number__iexact=words) | Q(order__number__iexact=words)
        if digits and not set(words.upper()) - set("RMASO-0123456789 "):
            found |= Q(number__icontains=digits) | Q(number=spell_rma(digits))
            found |= Q(order__number__icontains=digits) | Q(order__number=spell_number(digits))
        return self.filter(found)


def spell_rma(digits: str) -> str:
    """Return plain digits (serial and check digit) as a return's number: 104828 → RMA-10482-8."""
    return f"RMA-{digits[:-1]}-{digits[-1:]}"


def rma_for(return_id: int) -> str:
    """Return the number that people write on the parcel: a serial and a check digit."""
    serial = str(10_000 + return_id)
    return spell_rma(serial + luhn_digit(serial))


class Return(UUIDModel, TimestampedModel, VersionedModel, Audited):
    """One customer's parcel on its way back, and what was decided about it."""

    flow: ClassVar = RETURN_FLOW
    facts: ReturnFacts  # put here by orders.services.returns.load_return_facts

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
    fee = models.DecimalField(
        _("restocking fee"),
        max_digits=12,
        decimal_places=2,
        default=0,
        editable=False,
        help_text=_("Kept back from what came back."),
    )

    objects = ReturnQuerySet.as_manager()
    history = History(owner="order")

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        ordering = ["-id"]
        base_manager_name = "objects"
        default_permissions = ("view",)
        permissions = RETURN_FLOW.permissions
        constraints = [
            models.UniqueConstraint(fields=["number"], name="return_number_unique"),
            models.CheckConstraint(condition=Q(fee__gte=0), name="return_fee_not_negative"),
        ]
        indexes = [models.Index(fields=["status", "id"], name="return_queue")]

    def __str__(self) -> str:
        return self.number

    @property
    def is_announced(self) -> bool:
        return self.status in ANNOUNCED


class ReturnLine(Audited):
    """Units of one order line: announced, and after inspection sellable, damaged or missing."""

    of_return = models.ForeignKey(Return, models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="return_lines")
    quantity = models.PositiveIntegerField(_("quantity"))
    sellable = models.PositiveIntegerField(_("sellable"), default=0, editable=False)
    damaged = models.PositiveIntegerField(_("damaged"), default=0, editable=False)
    missing = models.PositiveIntegerField(_("missing"), default=0, editable=False)

    named_by = ("of_return", "line")
    is_named_by_others = True
    history = History(owner="of_return")

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

    @property
    def came_back(self) -> int:
        """Units that inspection found in the parcel; what is missing did not come back."""
        return self.sellable + self.damaged
