"""Money as lists to look at: facts are written by the orders' verbs, once."""

from __future__ import annotations

import django_filters
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.acts import Act
from backoffice.adminkit.console import ConsoleAdmin, Queue, badge, money
from backoffice.adminkit.filters import ConsoleFilterSet, DayRangeFilter
from backoffice.flows import Ask, Tone
from backoffice.models import ChangeSet
from orders.models import Order, Payment, PaymentIntent, Refund
from orders.services import transfers

KIND_TONES: dict[str, Tone] = {
    Payment.Kind.AUTHORISED: "info",
    Payment.Kind.CAPTURED: "success",
    Payment.Kind.RECEIVED: "success",
    Payment.Kind.VOIDED: "neutral",
    Payment.Kind.FAILED: "danger",
}
STATE_TONES: dict[str, Tone] = {
    PaymentIntent.State.CLAIMED: "info",
    PaymentIntent.State.IN_DOUBT: "warning",
    PaymentIntent.State.SETTLED: "success",
    PaymentIntent.State.DECLINED: "danger",
    PaymentIntent.State.NOT_SENT: "neutral",
}


class FactAdmin(ConsoleAdmin):
    """A list of what happened to orders; nobody adds to it here."""

    list_select_related = ("order", "change_set__origin")
    search_fields = ("order__number", "charge")
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest, *args: object) -> bool:
        return False

    @admin.display(description=_("Order"), ordering="order__number")
    def order_link(self, fact: Payment | Refund | PaymentIntent) -> SafeString:
        return order_link(fact.order)

    @admin.display(description=_("Amount"), ordering="amount")
    def sum(self, fact: Payment | Refund | PaymentIntent) -> SafeString:
        return money(fact.amount, fact.currency)

    @admin.display(description=_("By"))
    def who(self, fact: Payment | Refund) -> str:
        """Staff by name; a customer is the one on the order, masked there as the role asks."""
        change_set = fact.change_set
        if change_set.actor_kind == ChangeSet.ActorKind.CUSTOMER:
            return str(_("Customer"))
        return change_set.who


def order_link(order: Order) -> SafeString:
    """Return a link to an order's workspace."""
    url = reverse("admin:orders_order_change", args=[order.pk])
    return format_html('<a class="bo-link" href="{}">{}</a>', url, order)


class PaymentFilterSet(ConsoleFilterSet):
    kind = django_filters.MultipleChoiceFilter(label=_("Kind"), choices=Payment.Kind.choices)
    at = DayRangeFilter(label=_("When"), field_name="at")

    class Meta:
        model = Payment
        fields: list[str] = []


class RefundFilterSet(ConsoleFilterSet):
    at = DayRangeFilter(label=_("When"), field_name="at")

    class Meta:
        model = Refund
        fields: list[str] = []


class IntentFilterSet(ConsoleFilterSet):
    state = django_filters.MultipleChoiceFilter(
        label=_("State"), choices=PaymentIntent.State.choices
    )
    operation = django_filters.MultipleChoiceFilter(
        label=_("Operation"), choices=PaymentIntent.Operation.choices
    )

    class Meta:
        model = PaymentIntent
        fields: list[str] = []


@admin.register(Payment)
class PaymentAdmin(FactAdmin):
    list_display = ("id", "at", "order_link", "kind_label", "sum", "charge", "message", "who")
    filterset_class = PaymentFilterSet
    fields = (
        "at",
        "order_link",
        "kind",
        "sum",
        "gateway",
        "charge",
        "message",
        "who",
    )
    readonly_fields = fields

    @admin.display(description=_("Kind"), ordering="kind")
    def kind_label(self, payment: Payment) -> SafeString:
        return badge(payment.get_kind_display(), KIND_TONES[payment.kind])


@admin.register(Refund)
class RefundAdmin(FactAdmin):
    """Refunds; those that no gateway could make wait until somebody says that they sent them."""

    list_display = ("id", "at", "order_link", "sum", "way", "reason_code", "note", "who")
    list_select_related = (*FactAdmin.list_select_related, "transfer")
    filterset_class = RefundFilterSet
    queues = (
        Queue("by_hand", _("To transfer by hand"), lambda rows: rows.to_transfer(), tone="warning"),
    )
    fields = (
        "at",
        "order_link",
        "sum",
        "shipping_amount",
        "lowers_due_by",
        "way",
        "charge",
        "reason_code",
        "note",
        "who",
    )
    readonly_fields = fields
    acts = (
        Act(
            "transferred",
            _("Transferred"),
            transfers.PERMISSION,
            asks=(
                Ask(
                    "reference",
                    _("Reference"),
                    "line",
                    required=True,
                    help=_("What the bank statement will say."),
                ),
            ),
            one=transfers.record_transfer,
            refusal=transfers.is_to_transfer,
            applies=lambda refund: refund.is_by_hand,
            tone="success",
            effect=_("notes that you have sent the money by hand"),
            done=_("{row}: noted as sent."),
        ),
    )

    @admin.display(description=_("Way"))
    def way(self, refund: Refund) -> SafeString | str:
        if not refund.is_by_hand:
            return refund.charge or "–"
        transfer = getattr(refund, "transfer", None)
        if transfer is not None:
            return badge(_("Transferred"), "success", title=transfer.reference)
        return badge(_("To transfer by hand"), "warning")


@admin.register(PaymentIntent)
class PaymentIntentAdmin(FactAdmin):
    list_display = (
        "id",
        "claimed_at",
        "order_link",
        "operation",
        "state_label",
        "sum",
        "step",
        "by",
        "answer",
    )
    list_select_related = ("order", "by")
    filterset_class = IntentFilterSet
    fields = (
        "claimed_at",
        "settled_at",
        "order_link",
        "step",
        "operation",
        "state",
        "sum",
        "gateway",
        "charge",
        "by",
        "reason",
        "answer",
    )
    readonly_fields = fields

    @admin.display(description=_("State"), ordering="state")
    def state_label(self, intent: PaymentIntent) -> SafeString:
        return badge(intent.get_state_display(), STATE_TONES[intent.state])
