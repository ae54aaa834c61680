"""Figures of the home page: orders and revenue by day, and who waits for what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from backoffice.adminkit.filters import within_days
from orders.models import Order


@dataclass(frozen=True)
class Day:
    """What was placed on one day, in the reader's time zone; cancelled orders do not count."""

    on: date
    orders: int = 0
    revenue: Decimal = Decimal(0)


def sold(first: date, last: date) -> QuerySet[Order]:
    """Return the orders placed on the days first to last that were not cancelled since."""
    placed = Order.objects.placed().exclude(status="cancelled").order_by()
    found: QuerySet[Order] = within_days(placed, "placed_at", first, last)
    return found


def days_up_to(today: date, *, days: int) -> list[Day]:
    """Return the last `days` days, oldest first, those without orders too."""
    first = today - timedelta(days=days - 1)
    found = {
        row["day"]: Day(row["day"], row["n"], row["sum"])
        for row in sold(first, today)
        .annotate(day=TruncDate("placed_at"))
        .values("day")
        .annotate(n=Count("pk"), sum=Sum("total"))
    }
    every = (first + timedelta(days=n) for n in range(days))
    return [found.get(day) or Day(day) for day in every]


def revenue(first: date, last: date) -> Decimal:
    return sold(first, last).aggregate(sum=Sum("total"))["sum"] or Decimal(0)


def revenue_of_week(today: date) -> tuple[Decimal, Decimal]:
    """Return the revenue of the last seven days, and of the seven before them."""
    start = today - timedelta(days=6)
    before = revenue(start - timedelta(days=7), start - timedelta(days=1))
    return revenue(start, today), before


def today() -> date:
    return timezone.localdate()
