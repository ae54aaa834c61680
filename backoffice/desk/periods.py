"""When: the presets of the desk, and moments as its addresses have them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.forms import FIRST_YEAR, LAST_YEAR

PRESETS = {
    "today": _("Today"),
    "yesterday": _("Yesterday"),
    "7d": _("Last 7 days"),
    "30d": _("Last 30 days"),
    "month": _("This month"),
    "last_month": _("Last month"),
    "year": _("This year"),
}
DAYS_BACK = {"today": 0, "7d": 6, "30d": 29}


class NoMoment(ValueError):  # noqa: N818
    """What was typed is neither a day nor a moment of our times."""


def bounds_of(preset: str, *, today: date) -> tuple[date, date]:
    """Return the first and the last day that a preset means."""
    if preset in DAYS_BACK:
        return today - timedelta(days=DAYS_BACK[preset]), today
    if preset == "yesterday":
        return today - timedelta(days=1), today - timedelta(days=1)
    if preset == "year":
        return today.replace(month=1, day=1), today
    first = today.replace(day=1)
    if preset == "month":
        return first, today
    last = first - timedelta(days=1)
    return last.replace(day=1), last


def moment_of(text: str, *, is_end: bool) -> datetime:
    """Return the moment that a day, or a day and a time, begins (is_end: when it is over).

    Raises NoMoment.
    """
    try:
        day = parse_date(text)
        moment = None if day else parse_datetime(text)
    except ValueError as error:
        raise NoMoment(text) from error
    if day is not None:
        _require_our_times(day)
        moment = datetime.combine(day + timedelta(days=int(is_end)), time.min)
    if moment is None:
        raise NoMoment(text)
    _require_our_times(moment.date())
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def _require_our_times(day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise NoMoment(str(day))
