"""Sample returns: some in every state, one exchanged, told by the same verbs that staff use."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import cycle
from typing import Any

from django.utils import timezone

from backoffice import demo
from orders import services
from orders.demo import Story
from orders.models import Order, Return
from orders.services import Inspected, LineDraft

# How far each return has come; the oldest orders first.
ROADS = (
    "closed", "closed", "exchanged", "withdrawn", "inspected", "inspected", "received", "received",
    "received", "requested", "requested", "requested",
)  # fmt: skip
SAYS = (
    ("wrong_item", "Ordered the green one, got the blue one."),
    ("changed_mind", ""),
    ("damaged", "The box was open when it came."),
    ("faulty", "The lid does not close."),
    ("too_late", "Was meant for Saturday."),
)
# Small enough that no second person is asked.
MOST = Decimal(150)


@demo.part("returns")
def load_returns() -> str:
    if Return.objects.exists():
        return "already there"
    # Of orders that a sheet brought in nothing is known of cards; these were paid by one.
    orders = Order.objects.filter(
        status="completed", total__lt=MOST, payments__charge__gt="", customer__is_active=True
    ).distinct()
    lately = list(orders.order_by("-placed_at", "-pk")[: 2 * len(ROADS)])
    story, says = Story(), cycle(SAYS)
    for road, order in zip(ROADS, reversed(lately[::2]), strict=False):
        _tell(story, order, road, *next(says))
    return f"{Return.objects.count()} made"


def _tell(story: Story, order: Order, road: str, reason_code: str, said: str) -> None:
    """Take one return as far as its road goes, a day or so between the steps."""
    moment = (order.completed_at or timezone.now()) + timedelta(days=2)
    line = order.lines.order_by("pk")[0]
    with story.at(moment, "support") as who:
        row = services.request_return(
            order_id=order.pk,
            lines={line.pk: line.shipped},
            reason_code=reason_code,
            by=who["by"],
            reason=said,
        )
    named = {"return_id": row.pk}
    if road == "withdrawn":
        with story.at(moment + timedelta(days=1), "support") as who:
            services.withdraw_return(**named, by=who["by"], reason="Customer keeps it.")
    if road in {"requested", "withdrawn"}:
        return
    moment += timedelta(days=2)
    with story.at(moment, "fulfilment") as who:
        services.receive_return(**named, **who)
    if road == "received":
        return
    damaged = int(reason_code in {"damaged", "faulty"})
    with story.at(moment + timedelta(hours=3), "fulfilment") as who:
        found = Inspected(sellable=line.shipped - damaged, damaged=damaged)
        services.inspect_return(**named, results={line.pk: found}, **who)
    _settle(story, named, line.product_id, road, moment + timedelta(hours=20))


def _settle(
    story: Story, named: dict[str, Any], product_id: int, road: str, moment: datetime
) -> None:
    if road == "closed":
        with story.at(moment, "support") as who:
            services.refund_return(**named, notify=False, **who)
    elif road == "exchanged":
        with story.at(moment, "support") as who:
            services.exchange_return(**named, lines=[LineDraft(product_id, 1)], **who)
