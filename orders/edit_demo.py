"""Sample edits: discounts, an order that grew, one that came again, two that became one."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from backoffice import demo
from orders import services
from orders.demo import Story
from orders.models import Order
from orders.services import LineDraft

DISCOUNTED = 6
REASONS = ("Loyal customer", "Scratched box", "Price match", "Late delivery last time")


@demo.part("edits")
def load_edits() -> str:
    if Order.objects.filter(copied_from__isnull=False).exists():
        return "already there"
    story = Story()
    waiting = list(
        Order.objects.to_process()
        .filter(intents__isnull=True)
        .exclude(channel=Order.Channel.SHEET)
        .order_by("-placed_at", "-pk")[: DISCOUNTED + 2]
    )
    for order, reason in zip(waiting[:DISCOUNTED], REASONS, strict=False):
        _discount(story, order, reason)
    if waiting:
        _grow(story, waiting[-1])
        _merge(story, waiting[0])
    return f"{len(waiting)} orders touched"


def _discount(story: Story, order: Order, reason: str) -> None:
    with story.at(_soon(order, 10), "support") as who:
        services.discount_order(order_id=order.pk, percent=Decimal(10), by=who["by"], reason=reason)


def _grow(story: Story, order: Order) -> None:
    """Let the customer call again: one more of the first line."""
    first, *rest = order.lines.order_by("pk")
    lines = [LineDraft(first.product_id, first.quantity + 1, line_id=first.pk)]
    lines += [LineDraft(line.product_id, line.quantity, line_id=line.pk) for line in rest]
    with story.at(_soon(order, 25), "support") as who:
        services.edit_order(
            order_id=order.pk, lines=lines, by=who["by"], reason="Called: one more, please."
        )


def _merge(story: Story, order: Order) -> None:
    """Let the customer order the same again, and put both in one parcel."""
    with story.at(_soon(order, 30), "support") as who:
        again = services.duplicate_order(order_id=order.pk, **who).order
    with story.at(_soon(order, 32), "support") as who:
        services.place_order(order_id=again.pk, notify=False, **who)
    with story.at(_soon(order, 40), "support") as who:
        services.merge_orders(
            keep_id=order.pk, absorb_id=again.pk, by=who["by"], reason="One parcel, she says."
        )


def _soon(order: Order, minutes: int) -> datetime:
    return (order.placed_at or timezone.now()) + timedelta(minutes=minutes)
