"""What money puts on the home page and into the sidebar: finance's own panel, and the webhooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.cards import NavItem, Panel, PanelRow, register
from backoffice.models import User
from orders.facts import load_facts
from orders.filters import with_payment_state
from orders.models import Order, PaymentIntent, Refund, WebhookEvent
from orders.services import transfers
from orders.sums import in_words

SALES = gettext_lazy("Sales")
ROWS_OF_EACH = 5


def _order_url(order: Order) -> str:
    return reverse("admin:orders_order_change", args=[order.pk])


def _in_doubt() -> Iterator[PanelRow]:
    found = PaymentIntent.objects.filter(state__in=PaymentIntent.OPEN).select_related("order")
    for intent in found.order_by("claimed_at", "pk")[:ROWS_OF_EACH]:
        yield PanelRow(
            title=str(intent.order),
            url=_order_url(intent.order),
            detail=" · ".join(
                [intent.get_operation_display(), timesince(intent.claimed_at, depth=1)]
            ),
            badge=intent.get_state_display(),
            tone="danger" if intent.state == PaymentIntent.State.IN_DOUBT else "info",
            amount=in_words(intent.amount, intent.currency),
        )


def _to_transfer() -> Iterator[PanelRow]:
    found = Refund.objects.to_transfer().select_related("order").order_by("at", "pk")
    for refund in found[:ROWS_OF_EACH]:
        yield PanelRow(
            title=str(refund.order),
            url=reverse("admin:orders_refund_change", args=[refund.pk]),
            detail=timesince(refund.at, depth=1),
            badge=_("To transfer by hand"),
            tone="warning",
            amount=in_words(refund.amount, refund.currency),
        )


def _unpaid() -> Iterator[PanelRow]:
    waiting = with_payment_state(Order.objects.open()).filter(
        payment_state__in=("unpaid", "partly_paid")
    )
    orders = list(waiting.oldest_first()[:ROWS_OF_EACH])
    load_facts(orders)
    for order in orders:
        yield PanelRow(
            title=str(order),
            url=_order_url(order),
            detail=timesince(order.placed_at or order.created_at, depth=1),
            badge=_("Unpaid") if not order.facts.captured else _("Partly paid"),
            tone="neutral",
            amount=in_words(order.facts.due, order.currency),
        )


def _to_look_after(_user: User) -> Sequence[PanelRow]:
    """What the bank has not answered, what goes back by hand, what has not come in."""
    return [*_in_doubt(), *_to_transfer(), *_unpaid()]


def _failed_events(_user: User) -> int | None:
    return WebhookEvent.objects.filter(state=WebhookEvent.State.FAILED).count() or None


register(
    Panel(
        name="money", label=gettext_lazy("Money to look after"), permission=transfers.PERMISSION,
        url="admin:orders_paymentintent_changelist", rows=_to_look_after, icon="account_balance",
        empty=gettext_lazy("Nothing is in doubt, unpaid, or to be transferred by hand."), order=15,
    ),
    NavItem(
        name="webhooks", label=gettext_lazy("Webhook events"),
        permission="orders.view_webhookevent", url="admin:orders_webhookevent_changelist",
        group=SALES, icon="webhook", order=55, badge=_failed_events, words="stripe gateway",
    ),
)  # fmt: skip
