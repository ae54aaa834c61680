"""How long orders wait: in each state, in each queue, and against the queue's own target.

An order waits in one queue at a time. In “To process” and “To ship” the clock runs from the moment
it came into its state, a hold in between included: the customer waits just the same. In “On hold”
it runs from the moment it was held.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from backoffice.adminkit.lists import Deadline, Pressure, pressure_of
from backoffice.flows import Tone
from orders.models import Order, QueueTarget

Queue = QueueTarget.Queue

# Which column says since when an order waits in a queue.
SINCE: Mapping[str, str] = {
    Queue.TO_PROCESS: "state_since",
    Queue.TO_SHIP: "state_since",
    Queue.ON_HOLD: "held_since",
}
TONES: Mapping[str, Tone] = {"in_time": "success", "soon": "warning", "late": "danger"}


@dataclass(frozen=True)
class Target:
    """One queue's promise: amber after so long, red after so long."""

    queue: str
    warn: timedelta
    breach: timedelta

    @classmethod
    def of(cls, queue: str, warn_hours: int, breach_hours: int) -> Target:
        return cls(queue, timedelta(hours=warn_hours), timedelta(hours=breach_hours))

    @property
    def since(self) -> str:
        return SINCE[self.queue]

    def verdict(self, waited: timedelta) -> str:
        """Return "in_time", "soon" or "late", a key of TONES."""
        if waited >= self.breach:
            return "late"
        return "soon" if waited >= self.warn else "in_time"

    def deadline(self, now: datetime) -> Deadline:
        """Return which rows of a list of the queue are amber and red."""
        return Deadline(self.since, soon=now - self.warn, late=now - self.breach)


@dataclass(frozen=True)
class Age:
    """How long an order has waited where it is, and what its queue's target says to that."""

    since: datetime
    waited: timedelta
    tone: Tone = "neutral"
    target: Target | None = None

    @property
    def words(self) -> str:
        return in_words(self.waited)

    @property
    def sentence(self) -> str:
        """What the colour means: "To ship: amber after 1 d, red after 3 d"."""
        if self.target is None:
            return ""
        return _("%(queue)s: amber after %(warn)s, red after %(breach)s") % {
            "queue": Queue(self.target.queue).label,
            "warn": in_words(self.target.warn),
            "breach": in_words(self.target.breach),
        }


def targets() -> dict[str, Target]:
    """Return the targets by queue; a queue without one has no colours. One query."""
    rows = QueueTarget.objects.values_list("queue", "warn_hours", "breach_hours")
    return {queue: Target.of(queue, warn, breach) for queue, warn, breach in rows}


def queue_of(order: Order) -> str | None:
    """Return the queue that an order waits in, or None: drafts and closed orders wait in none."""
    if order.status not in {"pending", "processing"}:
        return None
    if order.is_held:
        return str(Queue.ON_HOLD)
    return str(Queue.TO_PROCESS if order.status == "pending" else Queue.TO_SHIP)


def age_of(order: Order, targets: Mapping[str, Target], now: datetime) -> Age | None:
    """Return how long an order has waited in its queue, or None when it is in none.

    What is shipped and only waits for its money has no target: nobody in “To ship” can hurry it.
    """
    queue = queue_of(order)
    if queue is None:
        return None
    since = getattr(order, SINCE[queue]) or order.state_since
    waited = max(now - since, timedelta(0))
    facts = getattr(order, "facts", None)
    is_sent = queue == Queue.TO_SHIP and facts is not None and not facts.committed_units
    target = None if is_sent else targets.get(queue)
    tone = TONES[target.verdict(waited)] if target else "neutral"
    return Age(since, waited, tone, target)


def rows_of(queue: str) -> QuerySet[Order]:
    """Return the orders that wait in a queue with a target."""
    match queue:
        case Queue.TO_PROCESS:
            return Order.objects.to_process()
        case Queue.TO_SHIP:
            return Order.objects.to_ship()
        case _:
            return Order.objects.held()


def pressure_in(target: Target, now: datetime) -> Pressure:
    """Return how many orders wait in a queue, and how many of them too long. One query."""
    return pressure_of(rows_of(target.queue), target.deadline(now))


def time_in_states(rows: Iterable[tuple[datetime, str]], until: datetime) -> dict[str, timedelta]:
    """Return how long an order was in each state, from its history: (moment, state), oldest first.

    until: the clock; the last state lasts until then. A state that was entered twice adds up.
    """
    spent: dict[str, timedelta] = {}
    before: tuple[datetime, str] | None = None
    for moment, state in [*rows, (until, "")]:
        if before is not None:
            since, was = before
            spent[was] = spent.get(was, timedelta(0)) + max(moment - since, timedelta(0))
        before = moment, state
    return spent


def in_words(span: timedelta) -> str:
    """Return a span in its two largest units: 2 d 3 h, 3 h 12 min, 12 min, under a minute."""
    minutes = int(span.total_seconds()) // 60
    if minutes < 1:
        return _("under a minute")
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    of_days = [(days, _("d")), (hours, _("h"))]
    units = of_days if days else [(hours, _("h")), (minutes, _("min"))]
    return " ".join(f"{count} {unit}" for count, unit in units if count)
