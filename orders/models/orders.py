"""What was bought: orders, their frozen lines, shipments, cancellations and notes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice import changes
from backoffice.history import History
from backoffice.ids import uuid7
from backoffice.models import Audited, TimestampedModel, UUIDModel, VersionedModel
from backoffice.sealed import sealed
from catalog.models import Product, StockLocation
from catalog.models.products import default_currency
from orders.models.people import Address, Contact, Customer
from orders.models.queues import OrderQuerySet
from orders.states import CANCELLATION_REASONS, ORDER_FLOW

if TYPE_CHECKING:
    from orders.facts import OrderFacts


class Order(UUIDModel, TimestampedModel, VersionedModel, Audited):
    """What a customer bought. Paid and fulfilled are computed from its facts, never set."""

    flow: ClassVar = ORDER_FLOW
    facts: OrderFacts  # put here by orders.facts.load_facts

    class Channel(models.TextChoices):
        PHONE = "phone", _("Phone")
        WEB = "web", _("Web shop")
        EMAIL = "email", _("E-mail")
        COUNTER = "counter", _("Counter")
        SHEET = "sheet", _("Sheet")

    number = models.CharField(
        _("number"),
        max_length=40,
        null=True,
        blank=True,
        editable=False,
        help_text=_("Given when the order is placed."),
    )
    status = models.CharField(
        _("status"), max_length=20, choices=ORDER_FLOW.choices, default="draft", editable=False
    )
    state_since = models.DateTimeField(
        _("in this state since"), default=changes.moment, editable=False
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="orders", verbose_name=_("customer")
    )
    contact = models.ForeignKey(
        Contact,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="orders",
        verbose_name=_("contact"),
    )
    billing_address = models.ForeignKey(
        Address,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="billed_orders",
        verbose_name=_("billing address"),
    )
    shipping_address = models.ForeignKey(
        Address,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="shipped_orders",
        verbose_name=_("shipping address"),
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.PHONE)
    currency = models.CharField(_("currency"), max_length=3, default=default_currency)
    subtotal = models.DecimalField(
        _("subtotal"), max_digits=12, decimal_places=2, default=0, editable=False
    )
    discount = models.DecimalField(
        _("discount"), max_digits=12, decimal_places=2, default=0, editable=False
    )
    discount_percent = models.DecimalField(
        _("discount in percent"),
        max_digits=5,
        decimal_places=2,
        null=True,
        editable=False,
        help_text=_("A share follows the sum that it is off; blank: a fixed amount."),
    )
    discount_reason = models.CharField(
        _("reason of the discount"), max_length=200, blank=True, editable=False
    )
    shipping_fee = models.DecimalField(_("shipping"), max_digits=12, decimal_places=2, default=0)
    tax = models.DecimalField(
        _("tax"),
        max_digits=12,
        decimal_places=2,
        default=0,
        editable=False,
        help_text=_("Charged on top of the prices elsewhere; our own prices include it."),
    )
    total = models.DecimalField(
        _("total"), max_digits=12, decimal_places=2, default=0, editable=False
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assigned_orders",
        verbose_name=_("assignee"),
    )
    is_held = models.BooleanField(_("on hold"), default=False, editable=False)
    hold_reason = models.TextField(_("hold reason"), blank=True, editable=False)
    held_since = models.DateTimeField(_("held since"), null=True, editable=False)
    hold_until = models.DateTimeField(_("held until"), null=True, editable=False)
    follow_up_on = models.DateField(_("follow up on"), null=True, blank=True, editable=False)
    copied_from = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="copies",
        verbose_name=_("copied from"),
    )
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="merged",
        verbose_name=_("merged into"),
    )
    placed_at = models.DateTimeField(_("placed"), null=True, editable=False)
    completed_at = models.DateTimeField(_("completed"), null=True, editable=False)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, editable=False)

    objects = OrderQuerySet.as_manager()
    history = History()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-placed_at", "-id"]
        base_manager_name = "objects"
        default_permissions = ("add", "change", "view", "export")
        permissions = [
            *ORDER_FLOW.permissions,
            ("note_order", "Can write notes on orders"),
            ("import_order", "Can load sheets of orders"),
            ("take_in_order", "Can create orders from a sheet"),
            ("take_payment_order", "Can take a card payment for an order"),
            ("record_payment_order", "Can record a payment that arrived"),
            ("capture_payment_order", "Can capture or void a card payment"),
            ("audit_order", "Can look through the record of orders"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["number"], name="order_number_unique"),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(status="cancelled") | Q(number__isnull=False),
                name="order_placed_has_number",
            ),
            models.CheckConstraint(condition=Q(total__gte=0), name="order_total_not_negative"),
            models.CheckConstraint(
                condition=Q(discount__gte=0), name="order_discount_not_negative"
            ),
            models.CheckConstraint(condition=Q(tax__gte=0), name="order_tax_not_negative"),
            # Within half a cent: SQLite keeps decimals as binary fractions, where 0.07 + 4.90 is
            # not quite 4.97.
            models.CheckConstraint(
                condition=Q(
                    total__gt=F("subtotal")
                    - F("discount")
                    + F("shipping_fee")
                    + F("tax")
                    - Decimal("0.005"),
                    total__lt=F("subtotal")
                    - F("discount")
                    + F("shipping_fee")
                    + F("tax")
                    + Decimal("0.005"),
                ),
                name="order_total_adds_up",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "placed_at"], name="order_queue"),
            models.Index(fields=["-placed_at", "-id"], name="order_newest"),
            models.Index(fields=["customer", "-placed_at"], name="order_customer"),
            models.Index(fields=["status", "state_since"], name="order_ageing"),
            models.Index(fields=["held_since"], name="order_held", condition=Q(is_held=True)),
            models.Index(fields=["hold_until"], name="order_hold_due", condition=Q(is_held=True)),
            models.Index(
                fields=["follow_up_on"],
                name="order_follow_up",
                condition=Q(follow_up_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"{_('Draft')} {self.pk}"

    @property
    def waiting_since(self) -> datetime | None:
        return self.placed_at if self.status in {"pending", "processing"} else None


class OrderLine(Audited):
    """One product of an order; name and price are frozen when the order is placed."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="order_lines", verbose_name=_("product")
    )
    location = models.ForeignKey(
        StockLocation,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="order_lines",
        verbose_name=_("taken from"),
    )
    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    sku = models.CharField(_("SKU"), max_length=64, editable=False)
    name = models.CharField(_("name"), max_length=200, editable=False)
    unit_price = models.DecimalField(
        _("unit price"), max_digits=12, decimal_places=2, default=0, editable=False
    )
    discount = models.DecimalField(
        _("discount"),
        max_digits=12,
        decimal_places=2,
        default=0,
        editable=False,
        help_text=_("Off the whole line, not off each unit."),
    )
    discount_percent = models.DecimalField(
        _("discount in percent"),
        max_digits=5,
        decimal_places=2,
        null=True,
        editable=False,
        help_text=_("A share follows the sum that it is off; blank: a fixed amount."),
    )
    discount_reason = models.CharField(
        _("reason of the discount"), max_length=200, blank=True, editable=False
    )
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    committed = models.PositiveIntegerField(_("committed"), default=0, editable=False)
    shipped = models.PositiveIntegerField(_("shipped"), default=0, editable=False)
    cancelled = models.PositiveIntegerField(_("cancelled"), default=0, editable=False)
    returned = models.PositiveIntegerField(_("returned"), default=0, editable=False)

    named_by = ("order",)
    history = History(owner="order")

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["id"]
        base_manager_name = "objects"
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="line_quantity_positive"),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("committed") + F("shipped") + F("cancelled")),
                name="line_quantities_add_up",
            ),
            models.CheckConstraint(
                condition=Q(returned__lte=F("shipped")), name="line_returned_was_shipped"
            ),
            models.CheckConstraint(condition=Q(discount__gte=0), name="line_discount_not_negative"),
            # Within half a cent, as for the order's total.
            models.CheckConstraint(
                condition=Q(discount__lt=F("unit_price") * F("quantity") + Decimal("0.005")),
                name="line_discount_within_line",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"

    @property
    def gross(self) -> Decimal:
        """What the units cost before the line's discount."""
        return self.unit_price * self.quantity

    @property
    def total(self) -> Decimal:
        return self.gross - self.discount


class Fact(models.Model):
    """Something that happened to an order: written once, under the change set that did it."""

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    at = models.DateTimeField(_("when"), default=changes.moment)
    change_set = models.ForeignKey(
        "backoffice.ChangeSet",
        models.PROTECT,
        related_name="%(app_label)s_%(class)ss",
        verbose_name=_("change set"),
    )

    class Meta:
        abstract = True
        ordering = ["-id"]
        default_permissions = ("view",)


@sealed()
class Cancellation(Fact):
    """Why an order was cancelled, and what was asked for with it."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="cancellations")
    reason_code = models.CharField(_("reason"), max_length=20, choices=CANCELLATION_REASONS)
    note = models.TextField(_("note"), blank=True)
    is_restocked = models.BooleanField(_("stock back on sale"), default=True)
    is_refunded = models.BooleanField(_("money returned"), default=True)
    is_notified = models.BooleanField(_("customer told"), default=True)

    class Meta(Fact.Meta):
        verbose_name = _("cancellation")
        verbose_name_plural = _("cancellations")

    def __str__(self) -> str:
        return self.get_reason_code_display()
