"""What was bought: orders, their frozen lines, shipments, cancellations and notes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice import changes
from backoffice.history import GuardedQuerySet, History
from backoffice.ids import uuid7
from backoffice.models import Audited, TimestampedModel, UUIDModel, VersionedModel
from backoffice.sealed import sealed
from catalog.models import Product, StockLocation
from catalog.models.products import default_currency
from orders.models.people import Address, Contact, Customer
from orders.states import CANCEL_REASONS, ORDER_FLOW

if TYPE_CHECKING:
    from orders.facts import OrderFacts


class OrderQuerySet(GuardedQuerySet):
    def open(self) -> Self:
        """Placed and neither completed nor cancelled."""
        return self.filter(status__in=("pending", "processing"))

    def to_process(self) -> Self:
        """Waiting for staff: pending and not held."""
        return self.filter(status="pending", is_held=False)

    def to_ship(self) -> Self:
        return self.filter(status="processing", is_held=False, lines__committed__gt=0).distinct()

    def held(self) -> Self:
        return self.open().filter(is_held=True)

    def drafts(self) -> Self:
        return self.filter(status="draft")

    def placed(self) -> Self:
        return self.exclude(status="draft")

    def oldest_first(self) -> Self:
        return self.order_by("placed_at", "id")

    def search(self, words: str, *, by_name: bool = True) -> Self:
        """By number (with or without dashes), the customer's whole e-mail address, or a name.

        by_name: False for whoever sees names masked: letter by letter, a search tells them.
        """
        digits = "".join(c for c in words if c.isdigit())
        found = Q(contact__email__iexact=words)
        if by_name:
            found |= Q(contact__name__icontains=words)
        if digits and not set(words.upper()) - set("SO-0123456789 "):
            found |= Q(number__icontains=digits) | Q(number=spell_number(digits))
        return self.filter(found)


def luhn_digit(digits: str) -> str:
    """Return the check digit of ISO/IEC 7812-1 (Luhn): it catches one wrong digit, and swaps."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        total += sum(divmod(int(digit) * (2 if place % 2 == 0 else 1), 10))
    return str(-total % 10)


def spell_number(digits: str) -> str:
    """Return plain digits (serial and check digit) as an order number: 104828 → SO-10482-8."""
    return f"SO-{digits[:-1]}-{digits[-1:]}"


def number_for(order_id: int) -> str:
    """Return the number that people read out on the phone: a serial and a check digit."""
    serial = str(10_000 + order_id)
    return spell_number(serial + luhn_digit(serial))


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
        max_length=24,
        null=True,
        blank=True,
        editable=False,
        help_text=_("Given when the order is placed."),
    )
    external_number = models.CharField(
        _("number elsewhere"),
        max_length=60,
        null=True,
        blank=True,
        editable=False,
        help_text=_("What the shop or marketplace that it came from calls it."),
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
    discount_reason = models.CharField(
        _("reason of the discount"), max_length=200, blank=True, editable=False
    )
    shipping_fee = models.DecimalField(_("shipping"), max_digits=12, decimal_places=2, default=0)
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
            ("take_payment_order", "Can take a card payment for an order"),
            ("record_payment_order", "Can record a payment that arrived"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["number"], name="order_number_unique"),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(status="cancelled") | Q(number__isnull=False),
                name="order_placed_has_number",
            ),
            models.UniqueConstraint(
                fields=["external_number"], name="order_external_number_unique"
            ),
            models.CheckConstraint(condition=Q(total__gte=0), name="order_total_not_negative"),
            models.CheckConstraint(
                condition=Q(discount__gte=0), name="order_discount_not_negative"
            ),
            # Within half a cent: SQLite keeps decimals as binary fractions, where 0.07 + 4.90 is
            # not quite 4.97.
            models.CheckConstraint(
                condition=Q(
                    total__gt=F("subtotal") - F("discount") + F("shipping_fee") - Decimal("0.005"),
                    total__lt=F("subtotal") - F("discount") + F("shipping_fee") + Decimal("0.005"),
                ),
                name="order_total_adds_up",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "placed_at"], name="order_queue"),
            models.Index(fields=["-placed_at", "-id"], name="order_newest"),
            models.Index(fields=["customer", "-placed_at"], name="order_customer"),
            models.Index(fields=["status", "state_since"], name="order_ageing"),
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
    discount_reason = models.CharField(
        _("reason of the discount"), max_length=200, blank=True, editable=False
    )
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    committed = models.PositiveIntegerField(_("committed"), default=0, editable=False)
    shipped = models.PositiveIntegerField(_("shipped"), default=0, editable=False)
    cancelled = models.PositiveIntegerField(_("cancelled"), default=0, editable=False)
    returned = models.PositiveIntegerField(_("returned"), default=0, editable=False)

    history = History()

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
            models.UniqueConstraint(fields=["order", "product"], name="line_product_once"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"

    @property
    def total(self) -> Decimal:
        return self.unit_price * self.quantity - self.discount


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
    reason_code = models.CharField(_("reason"), max_length=20, choices=CANCEL_REASONS)
    note = models.TextField(_("note"), blank=True)
    is_restocked = models.BooleanField(_("stock back on sale"), default=True)
    is_refunded = models.BooleanField(_("money returned"), default=True)
    is_notified = models.BooleanField(_("customer told"), default=True)

    class Meta(Fact.Meta):
        verbose_name = _("cancellation")
        verbose_name_plural = _("cancellations")

    def __str__(self) -> str:
        return self.get_reason_code_display()
