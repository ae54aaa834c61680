"""Sample data between colleagues: tags, mentions, follow-ups, a hold with an end, notes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta

from django.utils import timezone

from backoffice import changes, demo
from backoffice.models import User
from orders import services
from orders.models import Order, OrderTag, PaymentIntent

# Which orders get which tags: every nth of the open ones.
TAGS = ((2, "gift"), (3, "call first"), (5, "vip"), (7, "fragile"))
MENTIONS = (
    ("support", "@femi.adeyemi can this still go out today? She is leaving for the holidays."),
    (
        "fulfilment",
        "One plate is chipped, @sofia.lindqvist – send five, or wait for the sixth?",
    ),
    ("support", "@mateo.ferrari he asks for 10 % off for the late parcel.\nI would say yes."),
    ("manager", "Agreed with the customer, @sofia.lindqvist: process it as it is."),
)
CUSTOMER_NOTES = (
    "Prefers to be called after four. Speaks German and some French.",
    "Buys for her restaurant: invoices go to the bookkeeper, see her first order.\n"
    "@felix.brandt she pays by transfer, always within the week.",
)


@demo.part("colleagues")
def load_colleagues() -> str:
    if OrderTag.objects.exists():
        return "already there"
    waiting = list(Order.objects.open().longest_first()[:40])
    for every, name in TAGS:
        by = demo.account("support")
        with _click(by):
            services.tag_orders(
                order_ids=[order.pk for order in waiting[::every]], names=[name], by=by, reason=""
            )
    for order, (role, body) in zip(waiting[1::4], MENTIONS, strict=False):
        by = demo.account(role)
        with _click(by):
            services.add_note(order_id=order.pk, body=body, by=by)
    by, today = demo.account("support"), timezone.localdate()
    for days, order in enumerate(waiting[2:12:3]):
        with _click(by):
            services.set_follow_up(
                order_id=order.pk, on=today + timedelta(days=days), by=by, reason="Ask again"
            )
    free = next((order for order in waiting if not order.is_held and not _is_claimed(order)), None)
    if free is not None:
        with _click(by):
            services.hold_order(
                order_id=free.pk,
                by=by,
                reason="Customer is away; deliver from Monday on.",
                until=timezone.now() + timedelta(days=2),
            )
    for order, body in zip(waiting[::6], CUSTOMER_NOTES, strict=False):
        with _click(by):
            services.add_customer_note(customer_id=order.customer_id, body=body, by=by)
    return f"{OrderTag.objects.count()} tags, {len(MENTIONS)} mentions"


def _is_claimed(order: Order) -> bool:
    return order.intents.filter(state__in=PaymentIntent.OPEN).exists()


def _click(by: User) -> AbstractContextManager[changes.Change]:
    return changes.change(channel="admin", by=by, separate=True)
