"""Money: the facts (payments, refunds) and the claims that move it."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.ids import uuid7
from backoffice.refused import Text
from backoffice.sealed import sealed
from orders.models.orders import Fact, Order, OrderLine
from orders.models.returns import Return
from orders.states import MONEY_BACK_REASONS, step_named


class PaymentIntent(models.Model):
    """A step that moves money, from its claim to its settlement; one open claim per order.

    `uuid` is the idempotency key at the gateway: the same key sent again gives the first answer.
    """

    class Operation(models.TextChoices):
        AUTHORISE = "authorise", _("authorise")
        CAPTURE = "capture", _("capture")
        VOID = "void", _("void")
        REFUND = "refund", _("refund")

    class State(models.TextChoices):
        CLAIMED = "claimed", _("being sent")
        IN_DOUBT = "in_doubt", _("in doubt")
        SETTLED = "settled", _("settled")
        DECLINED = "declined", _("declined")
        NOT_SENT = "not_sent", _("not sent")

    OPEN = (State.CLAIMED, State.IN_DOUBT)

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="intents")
    step = models.CharField(_("step"), max_length=40)
    operation = models.CharField(_("operation"), max_length=12, choices=Operation)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.CLAIMED)
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    gateway = models.CharField(_("gateway"), max_length=40)
    # What the gateway calls the charge that this one works on (capture, void, refund).
    charge = models.CharField(_("charge"), max_length=120, blank=True)
    arguments = models.JSONField(_("arguments"), default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="payment_intents")
    reason = models.TextField(_("reason"), blank=True)
    change_set = models.ForeignKey(
        "backoffice.ChangeSet", models.PROTECT, related_name="payment_intents"
    )
    claimed_at = models.DateTimeField(_("claimed"), default=timezone.now)
    settled_at = models.DateTimeField(_("settled"), null=True)
    answer = models.TextField(_("answer"), blank=True)

    class Meta:
        verbose_name = _("payment intent")
        verbose_name_plural = _("payment intents")
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["order"],
                name="intent_one_open_per_order",
                condition=Q(state__in=("claimed", "in_doubt")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_operation_display()} {self.amount} {self.currency}"

    @property
    def step_label(self) -> Text:
        return step_named(self.step).label


@sealed()
class Payment(Fact):
    """What happened to the customer's money; the payment state is computed from these."""

    class Kind(models.TextChoices):
        AUTHORISED = "authorised", _("Authorised")
        CAPTURED = "captured", _("Captured")
        VOIDED = "voided", _("Voided")
        RECEIVED = "received", _("Received")  # money that did not come through a gateway
        FAILED = "failed", _("Failed")

    order = models.ForeignKey(Order, models.PROTECT, related_name="payments")
    intent = models.ForeignKey(PaymentIntent, models.PROTECT, null=True, related_name="payments")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    gateway = models.CharField(_("gateway"), max_length=40, blank=True)
    charge = models.CharField(_("charge"), max_length=120, blank=True, db_index=True)
    message = models.CharField(_("message"), max_length=300, blank=True)

    class Meta(Fact.Meta):
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_positive")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount} {self.currency}"


class RefundQuerySet(models.QuerySet["Refund"]):
    def to_transfer(self) -> Self:
        """To be transferred by hand, and nobody has said that they did."""
        return self.filter(is_by_hand=True, transfer=None)


@sealed()
class Refund(Fact):
    """Money that went back to the customer."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="refunds")
    intent = models.ForeignKey(PaymentIntent, models.PROTECT, null=True, related_name="refunds")
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    charge = models.CharField(_("charge"), max_length=120, blank=True)
    shipping_amount = models.DecimalField(
        _("of it shipping"), max_digits=12, decimal_places=2, default=0
    )
    lowers_due_by = models.DecimalField(
        _("of it no longer due"),
        max_digits=12,
        decimal_places=2,
        default=0,
        help_text=_(
            "What the customer need not pay any more; nothing for money that a cancellation gives "
            "back, or that was paid too much."
        ),
    )
    of_return = models.ForeignKey(
        Return, models.PROTECT, null=True, related_name="refunds", verbose_name=_("return")
    )
    reason_code = models.CharField(
        _("reason"), max_length=40, blank=True, choices=MONEY_BACK_REASONS
    )
    note = models.TextField(_("note"), blank=True)
    is_by_hand = models.BooleanField(
        _("to be transferred by hand"),
        default=False,
        help_text=_("It did not come through a gateway, so none can return it."),
    )

    objects = RefundQuerySet.as_manager()

    class Meta(Fact.Meta):
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_positive"),
            # Within half a cent: SQLite keeps decimals as binary fractions.
            models.CheckConstraint(
                condition=Q(lowers_due_by__gte=0, lowers_due_by__lt=F("amount") + Decimal("0.005")),
                name="refund_lowers_due_within_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


@sealed()
class Transfer(Fact):
    """Somebody has sent a refund by hand: a bank transfer, cash."""

    refund = models.OneToOneField(Refund, models.PROTECT, related_name="transfer")
    reference = models.CharField(
        _("reference"), max_length=120, help_text=_("What the bank statement will say.")
    )

    class Meta(Fact.Meta):
        default_permissions = ()
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")

    def __str__(self) -> str:
        return self.reference


@sealed()
class RefundLine(models.Model):
    """What part of a refund was for units of one line."""

    refund = models.ForeignKey(Refund, models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="refund_lines")
    quantity = models.PositiveIntegerField(_("quantity"))
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line_id}: {self.amount}"


class WebhookEvent(models.Model):
    """What a gateway told us by itself: stored by its id before it is understood."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DONE = "done", _("done")
        UNKNOWN = "unknown", _("not ours")
        FAILED = "failed", _("failed")

    gateway = models.CharField(_("gateway"), max_length=40)
    event_id = models.CharField(_("event"), max_length=120)
    kind = models.CharField(_("kind"), max_length=80)
    payload = models.JSONField(_("payload"))
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    handled_at = models.DateTimeField(_("handled"), null=True)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.WAITING)
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="webhook_events")
    outcome = models.CharField(_("outcome"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("handle_webhookevent", "Can handle webhook events again")]
        constraints = [
            models.UniqueConstraint(fields=["gateway", "event_id"], name="webhook_event_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"


class SandboxCharge(models.Model):
    """The sandbox bank's own book: an answer for every idempotency key it has seen."""

    key = models.CharField(max_length=64, unique=True)
    operation = models.CharField(max_length=12)
    charge = models.CharField(max_length=64, db_index=True)
    card = models.CharField(max_length=24, blank=True)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    is_done = models.BooleanField(default=False)
    is_approved = models.BooleanField(default=False)
    code = models.CharField(max_length=40, blank=True)
    message = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.operation} {self.amount} {self.currency}"
