"""Why things were done: counts by reason, person and week, of what apps registered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.db.models.functions import TruncWeek
from django.utils.translation import gettext as _

from backoffice.cards import Series
from backoffice.desk import trails
from backoffice.models import User
from backoffice.refused import Text

SHOWN_REASONS = 10
MOST_GROUPS = 5_000


@dataclass(frozen=True, kw_only=True)
class Reasoned:
    """A kind of thing that is done for a reason.

    permission: of the trail it belongs to. rows: all of them, with `change_set` and the column
    `at`. code: the column of the reason; labels: its words. look: the desk's filters that show
    such rows, given a reason's code or ""; None: the desk has none, `url` leads elsewhere.
    """

    name: str
    label: Text
    permission: str
    rows: Callable[[], Any]
    code: str
    labels: dict[str, Text] = field(default_factory=dict)
    look: Callable[[str], dict[str, str]] | None = None
    at: str = "at"
    order: int = 100


@dataclass(frozen=True)
class Tally:
    """So many, for one reason, by one person, in one week."""

    week: date
    code: str
    actor: Any
    count: int


@dataclass(frozen=True)
class Row:
    label: str
    count: int
    share: int
    url: str


@dataclass(frozen=True)
class Statistics:
    """What is known of one kind in one period."""

    kind: Reasoned
    total: int
    weeks: Series
    reasons: list[Row]
    people: list[Row]
    table: list[tuple[str, str, list[int], int, str]]
    week_labels: list[date]


_kinds: dict[str, Reasoned] = {}


def register(*kinds: Reasoned) -> None:
    """Put kinds on the page of reasons; the same name replaces."""
    for kind in kinds:
        _kinds[kind.name] = kind


def kinds_for(user: User) -> list[Reasoned]:
    """Return the kinds that somebody may see."""
    found = sorted(_kinds.values(), key=lambda kind: (kind.order, kind.name))
    everything = trails.sees_all(user)
    return [k for k in found if everything or (user.is_active and user.has_perm(k.permission))]


def statistics_of(
    kind: Reasoned, *, since: datetime, until: datetime, weeks: Sequence[date]
) -> Statistics:
    """Count what happened from `since` until before `until`: one statement, and one for names.

    weeks: the Mondays of the period, in order: the columns of the table.
    """
    tallies = _tallies(kind, since, until)
    people = _people(tallies)
    period = {"since": since.isoformat(), "until": until.isoformat()}

    def url(code: str = "", actor: Any = None) -> str:
        if kind.look is None:
            return ""
        asked = {**kind.look(code), **period}
        if actor:
            asked["who"] = str(actor)
        return urlencode(asked)

    by_week, by_code, by_actor = Counter[date](), Counter[str](), Counter[Any]()
    cells: dict[tuple[str, Any], Counter[date]] = {}
    for tally in tallies:
        by_week[tally.week] += tally.count
        by_code[tally.code] += tally.count
        by_actor[tally.actor] += tally.count
        cells.setdefault((tally.code, tally.actor), Counter())[tally.week] += tally.count
    total = by_code.total()
    return Statistics(
        kind=kind,
        total=total,
        weeks=Series(labels=list(weeks), values=[by_week[week] for week in weeks]),
        reasons=[
            Row(words_of(kind, code), count, _share(count, total), url(code))
            for code, count in by_code.most_common(SHOWN_REASONS)
        ],
        people=[
            Row(people[actor], count, _share(count, total), url(actor=actor) if actor else "")
            for actor, count in by_actor.most_common(SHOWN_REASONS)
        ],
        table=[
            (
                words_of(kind, code),
                people[actor],
                [found[week] for week in weeks],
                found.total(),
                url(code, actor),
            )
            for (code, actor), found in sorted(cells.items(), key=lambda item: -item[1].total())
        ],
        week_labels=list(weeks),
    )


def words_of(kind: Reasoned, code: str) -> str:
    if not code:
        return _("(no reason)")
    return str(kind.labels.get(code, code if " " in code else code.replace("_", " ").capitalize()))


def _share(count: int, total: int) -> int:
    return round(count * 100 / total) if total else 0


def _tallies(kind: Reasoned, since: datetime, until: datetime) -> list[Tally]:
    rows = (
        kind.rows()
        .filter(**{f"{kind.at}__gte": since, f"{kind.at}__lt": until})
        .annotate(week=TruncWeek(kind.at))
        .order_by()
        .values_list("week", kind.code, "change_set__actor")
        .annotate(count=Count("pk"))
    )
    return [
        Tally(week.date(), (code or "")[:80], actor, count)
        for week, code, actor, count in rows[:MOST_GROUPS]
    ]


def _people(tallies: Iterable[Tally]) -> dict[Any, str]:
    names: dict[Any, str] = {None: _("System")}
    for person in User.objects.filter(pk__in={tally.actor for tally in tallies} - {None}):
        names[person.pk] = person.get_full_name() if person.is_staff else _("A customer")
    return names


def mondays(first: date, last: date) -> list[date]:
    """Return the Monday of each week from the first day's to the last day's."""
    monday = first - timedelta(days=first.weekday())
    return [monday + timedelta(weeks=n) for n in range((last - monday).days // 7 + 1)]
