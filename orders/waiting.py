"""What waits, on the home page: queues against their targets, one's own work, mentions, the clock.

Found through `cards.py`, which imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.core.cache import cache
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.adminkit.lists import QUEUE_COUNT_UP_TO, capped, capped_count
from backoffice.cards import Figure, Kpi, NavItem, Panel, PanelRow, register
from backoffice.models import User
from orders import services
from orders.clock import Queue, age_of, in_words, pressure_in, rows_of, targets
from orders.inbox import items_of
from orders.models import Order
from orders.panels.people import follow_up_tone, follow_up_word
from orders.percentiles import PASSAGES, percentiles_of
from orders.sight import Sight
from orders.states import ORDER_FLOW
from orders.sums import in_words as money_in_words
from orders.workspace import next_waiting

SALES = gettext_lazy("Sales")
ORDERS = "admin:orders_order_changelist"
PANEL_ROWS = 5
# Thirty days of history change little in five minutes, and the home page is opened all day.
PERCENTILES_KEPT_SECONDS = 300


def url_of(order: Order) -> str:
    return reverse("admin:orders_order_change", args=[order.pk])


# --- Queues against their targets -------------------------------------------------------------


def _in_queue(queue: str) -> Callable[[User], Figure]:
    """Return the figure of a queue: how many wait, and how many of them too long."""

    def figure(_user: User) -> Figure:
        target = targets().get(queue)
        if target is None:
            return Figure(
                capped(capped_count(rows_of(queue), QUEUE_COUNT_UP_TO), QUEUE_COUNT_UP_TO)
            )
        found = pressure_in(target, timezone.now())
        return Figure(found.count, found.sentence or _("none has waited too long"), found.tone)

    return figure


def _next(_user: User) -> Figure:
    """Return the order that has waited longest; the card opens it."""
    order = next_waiting()
    age = age_of(order, targets(), timezone.now()) if order else None
    if order is None or age is None:
        return Figure(None, _("nobody waits"))
    return Figure(
        str(order), _("waiting for %(age)s") % {"age": age.words}, age.tone, url_of(order)
    )


register(
    Kpi(
        name="next_waiting", label=gettext_lazy("Next waiting"), url=ORDERS,
        query="queue=to_process", permission="orders.process_order", value=_next,
        icon="play_arrow", order=5,
    ),
    Kpi(
        name="to_process", label=gettext_lazy("To process"), permission="orders.view_order",
        url=ORDERS, query="queue=to_process", value=_in_queue(Queue.TO_PROCESS),
        icon="hourglass_top", order=40,
    ),
    Kpi(
        name="to_ship", label=gettext_lazy("To ship"), permission="orders.view_order",
        url=ORDERS, query="queue=to_ship", value=_in_queue(Queue.TO_SHIP),
        icon="local_shipping", order=45,
    ),
    Kpi(
        name="on_hold", label=gettext_lazy("On hold"), permission="orders.view_order",
        url=ORDERS, query="queue=on_hold", value=_in_queue(Queue.ON_HOLD), icon="front_hand",
        order=50,
    ),
)  # fmt: skip


# --- Orders that wait for this person ---------------------------------------------------------


def _rows(orders: QuerySet[Order], user: User) -> list[PanelRow]:
    """Say of each order: number, buyer as this role may read them, age, total."""
    sight, now, promised = Sight.of(user), timezone.now(), targets()
    rows = []
    for order in orders.select_related("contact", "customer")[:PANEL_ROWS]:
        age = age_of(order, promised, now)
        state = ORDER_FLOW.state_of(order)
        rows.append(
            PanelRow(
                title=str(order),
                url=url_of(order),
                detail=sight.name(str(order.contact or order.customer)),
                badge=age.words if age else state.label,
                tone=age.tone if age else state.tone,
                amount=money_in_words(order.total, order.currency),
            )
        )
    return rows


def _to_process(user: User) -> Sequence[PanelRow]:
    return _rows(Order.objects.to_process().longest_first(), user)


def _to_ship(user: User) -> Sequence[PanelRow]:
    return _rows(Order.objects.to_ship().longest_first(), user)


def _mine(user: User) -> Sequence[PanelRow]:
    return _rows(Order.objects.open().filter(assignee=user.pk).longest_first(), user)


def _follow_ups(user: User) -> Sequence[PanelRow]:
    sight, today = Sight.of(user), timezone.localdate()
    due = Order.objects.follow_up_by(today).order_by("follow_up_on", "id")
    return [
        PanelRow(
            title=str(order),
            url=url_of(order),
            detail=sight.name(str(order.contact or order.customer)),
            badge=f"{follow_up_word(on, today)} {date_format(on, 'j M')}",
            tone=follow_up_tone(on, today),
        )
        for order in due.select_related("contact", "customer")[:PANEL_ROWS]
        if (on := order.follow_up_on) is not None
    ]


register(
    Panel(
        name="next_waiting", label=gettext_lazy("Next waiting"),
        permission="orders.process_order", url=ORDERS, query="queue=to_process",
        rows=_to_process, empty=gettext_lazy("Nothing waits to be processed."),
        icon="hourglass_top", order=10,
    ),
    Panel(
        name="to_ship", label=gettext_lazy("Next to ship"), permission="orders.ship_order",
        url=ORDERS, query="queue=to_ship", rows=_to_ship,
        empty=gettext_lazy("Nothing waits to be shipped."), icon="local_shipping", order=20,
    ),
    Panel(
        name="mine", label=gettext_lazy("Waiting for me"), permission="orders.note_order",
        rows=_mine, empty=gettext_lazy("No open order is assigned to you."), icon="person",
        order=30,
    ),
    Panel(
        name="follow_up", label=gettext_lazy("Follow up today"), permission="orders.note_order",
        url=ORDERS, query="queue=follow_up", rows=_follow_ups,
        empty=gettext_lazy("No order is to be looked at again today."), icon="event_upcoming",
        order=40,
    ),
)  # fmt: skip


# --- Mentions ---------------------------------------------------------------------------------


def _unread(user: User) -> int:
    return services.unread_by(user).count()


def _mentions(user: User) -> Sequence[PanelRow]:
    unread = services.unread_by(user).select_related(
        "note__order", "note__author", "customer_note__customer", "customer_note__author"
    )
    return [
        PanelRow(
            title=item.title,
            url=item.url,
            detail=f"{item.author}: {''.join(part.text for part in item.parts)[:120]}",
        )
        for item in items_of(list(unread.order_by("-id")[:PANEL_ROWS]), user)
    ]


register(
    NavItem(
        name="mentions", label=gettext_lazy("Mentions"), permission="orders.view_order",
        url="admin:mentions", group=SALES, icon="alternate_email", key="i", order=12,
        badge=_unread, words="inbox notes",
    ),
    Panel(
        name="mentions", label=gettext_lazy("Mentions"), permission="orders.view_order",
        url="admin:mentions", rows=_mentions, icon="alternate_email", order=25,
        empty=gettext_lazy("No colleague waits for your answer."),
    ),
)  # fmt: skip


# --- How long the steps take ------------------------------------------------------------------


def step_times() -> list[dict[str, Any]]:
    """Return for each passage its name, for how many orders, and p50, p90, p95 in words."""
    now = timezone.now()
    return [
        {
            "label": str(found.passage.label),
            "orders": found.orders,
            "spans": [in_words(span) for span in found.spans],
        }
        for found in (percentiles_of(passage, now) for passage in PASSAGES)
    ]


def _step_times(_user: User) -> dict[str, Any]:
    return {
        "step_times": cache.get_or_set("orders.step_times", step_times, PERCENTILES_KEPT_SECONDS)
    }


register(
    Panel(
        name="step_times", label=gettext_lazy("How long the steps take"),
        permission="orders.view_order", template="orders/step_times.html", context=_step_times,
        icon="avg_pace", order=60,
        hint=gettext_lazy("Orders that took the step in the last 30 days, holds included."),
    ),
)  # fmt: skip
