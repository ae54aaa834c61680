"""How long the steps take: percentiles over the orders that took them in the last days.

A step's time is read from the history: from the moment an order last came into the state before
(placed or reopened; processed) to the moment it left it. PostgreSQL computes `percentile_cont`;
SQLite has none, so there the latest MOST_ROWS are read and interpolated the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import (
    Aggregate,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    OuterRef,
    QuerySet,
    Subquery,
)
from django.utils.translation import gettext_lazy as _

from backoffice.refused import Text
from orders.models import Order
from orders.states import ORDER_FLOW

DAYS = 30
FRACTIONS = (0.5, 0.9, 0.95)
MOST_ROWS = 10_000


@dataclass(frozen=True)
class Passage:
    """A way from one state into the next."""

    name: str
    label: Text
    source: str
    target: str


PASSAGES = (
    Passage("processing", _("Pending → processing"), "pending", "processing"),
    Passage("completing", _("Processing → completed"), "processing", "completed"),
)


@dataclass(frozen=True)
class Percentiles:
    """How long a passage took: for how many orders, and the spans at FRACTIONS of them."""

    passage: Passage
    orders: int
    spans: tuple[timedelta, ...]


class PercentileCont(Aggregate):
    """PostgreSQL's percentile_cont: interpolates between the two nearest values."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()

    def __init__(self, expression: Any, fraction: float) -> None:
        super().__init__(expression, fraction=fraction)


def percentiles_of(passage: Passage, now: datetime) -> Percentiles:
    """Return how long a passage took for the orders that made it in the last DAYS days."""
    passed = spans_of(passage, now - timedelta(days=DAYS))
    if connection.vendor == "postgresql":
        names = {f"p{n}": PercentileCont("span", f) for n, f in enumerate(FRACTIONS)}
        found = passed.aggregate(orders=Count("*"), **names)
        spans = tuple(found[name] for name in names if found[name] is not None)
        return Percentiles(passage, found["orders"], spans)
    latest = passed.order_by("-history_id").values_list("span", flat=True)[:MOST_ROWS]
    spans_read = sorted(latest)
    return Percentiles(
        passage, len(spans_read), tuple(interpolate(spans_read, f) for f in FRACTIONS if spans_read)
    )


def spans_of(passage: Passage, since: datetime) -> QuerySet[Any]:
    """Return the history rows of a passage since a moment, each with its `span`."""
    rows = Order.history.model.objects.order_by()
    entered = (
        rows.filter(
            id=OuterRef("id"), step__in=_into(passage.source), history_id__lt=OuterRef("history_id")
        )
        .order_by("-history_id")
        .values("history_date")[:1]
    )
    span = ExpressionWrapper(F("history_date") - F("entered"), output_field=DurationField())
    left = rows.filter(
        step__in=_into(passage.target, passage.source), history_date__gte=since
    ).annotate(entered=Subquery(entered))
    return left.filter(entered__isnull=False).annotate(span=span)


def interpolate(values: Sequence[timedelta], fraction: float) -> timedelta:
    """Return the value at a fraction of a sorted, filled sequence, as percentile_cont does."""
    place = fraction * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (place - below)


def _into(state: str, source: str = "") -> list[str]:
    """Return the names of the steps that lead into a state, or of those from one source."""
    return [
        step.name
        for step in ORDER_FLOW.steps.values()
        if step.target == state and (not source or source in step.sources)
    ]
