"""Facets: how what was asked for divides, counted among the newest rows and never among all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.desk.asking import Asked
from backoffice.desk.finding import branches_of, union_of
from backoffice.desk.form import HOW, SYSTEM
from backoffice.models import ChangeSet, User
from backoffice.refused import Text

# Rows of each table that are counted.
COUNTED_ROWS = 1_000
SHOWN_VALUES = 8


@dataclass(frozen=True)
class Value:
    """One value of a facet. name, value: the filter that keeps only its rows."""

    name: str
    value: str
    label: Text
    count: str


@dataclass(frozen=True)
class Facet:
    label: Text
    values: list[Value]
    more: int = 0


@dataclass(frozen=True)
class Facets:
    """is_whole: all that was asked for is counted; otherwise the newest of each kind."""

    facets: list[Facet]
    is_whole: bool
    counted_rows: int = COUNTED_ROWS


@dataclass(frozen=True)
class Group:
    """Rows alike in everything that is counted."""

    source: str
    how: str
    step: str
    actor: Any
    kind: str
    channel: str
    reason: str
    count: int


def facets_of(asked: Asked) -> Facets:
    """Count what was asked for by table, person, door, kind, step and reason: one statement."""
    groups = _groups(asked)
    per_source = Counter[str]()
    for group in groups:
        per_source[group.source] += group.count
    full = {name for name, count in per_source.items() if count > COUNTED_ROWS}
    labels = {s.name: s.label for s in asked.sources}
    hows = {sign: (name, label) for name, (sign, label) in HOW.items()}
    steps = _step_labels(asked)
    names = _names(groups)

    def facet(
        label: Text, name: str, of: Callable[[Group], Any], told: Callable[[Any], Text]
    ) -> Facet:
        counts, tops = Counter[Any](), set()
        for group in groups:
            key = of(group)
            if key not in (None, ""):
                counts[key] += group.count
                if group.source in full:
                    tops.add(key)
        common = counts.most_common()
        values = [
            Value(name, str(key), told(key), _count(count, is_more=key in tops))
            for key, count in common[:SHOWN_VALUES]
        ]
        return Facet(label, values, max(len(common) - SHOWN_VALUES, 0))

    found = [
        facet(gettext_lazy("What"), "what", lambda g: g.source, lambda key: labels[key]),
        facet(
            gettext_lazy("Who"),
            "who",
            lambda g: str(g.actor) if g.actor else SYSTEM,
            lambda key: names.get(key, f"#{key[:8]}"),
        ),
        facet(
            gettext_lazy("Door"),
            "channel",
            lambda g: g.channel,
            lambda key: ChangeSet.Channel(key).label,
        ),
        facet(
            gettext_lazy("How"),
            "how",
            lambda g: hows[g.how][0] if g.how in hows else "",
            lambda key: HOW[key][1],
        ),
        facet(
            gettext_lazy("Step"),
            "step",
            lambda g: f"{g.source}.{g.step}" if f"{g.source}.{g.step}" in steps else "",
            lambda key: steps[key],
        ),
        facet(
            gettext_lazy("Event"),
            "event",
            lambda g: g.how if g.how not in hows else "",
            lambda key: key.replace("_", " ").capitalize(),
        ),
        facet(
            gettext_lazy("Reason"),
            "reason",
            lambda g: g.reason,
            lambda key: key.replace("_", " ").capitalize(),
        ),
    ]
    return Facets([one for one in found if one.values], is_whole=not full and not _is_sifted(asked))


def _is_sifted(asked: Asked) -> bool:
    return any(asked.sieve_of(source) is not None for source in asked.sources)


def _count(count: int, *, is_more: bool) -> str:
    """Return a count for people; one more than the cap was only read to know that there is more."""
    return f"{count - 1:,}+" if is_more else f"{count:,}"


def _groups(asked: Asked) -> list[Group]:
    columns = ("set_id", "how", "step")
    branches = branches_of(asked, after=None, limit=COUNTED_ROWS + 1, columns=columns)
    if not branches:
        return []
    union, params = union_of(branches, columns)
    q = connection.ops.quote_name
    sets = q(ChangeSet._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT f.src, f.how, f.step, c.actor_id, c.actor_kind, c.channel, c.reason_code,"
            f" COUNT(*) FROM ({union}) f JOIN {sets} c ON c.id = f.set_id"
            " GROUP BY f.src, f.how, f.step, c.actor_id, c.actor_kind, c.channel, c.reason_code",
            params,
        )
        rows = cursor.fetchall()
    return [
        Group(branches[src].source.name, how, step, _uuid(actor), kind, channel, reason, count)
        for src, how, step, actor, kind, channel, reason, count in rows
    ]


def _uuid(value: Any) -> UUID | None:
    """Return a key as a raw statement gives it: SQLite has 32 letters."""
    return value if value is None or isinstance(value, UUID) else UUID(str(value))


def _names(groups: Iterable[Group]) -> dict[str, str]:
    """Return what people are called; a customer is not named in a list of counts."""
    ids = {group.actor for group in groups if group.actor}
    names = {SYSTEM: str(_("System"))}
    for person in User.objects.filter(pk__in=ids):
        key = str(person.pk)
        names[key] = person.get_full_name() if person.is_staff else f"{_('Customer')} #{key[:8]}"
    return names


def _step_labels(asked: Asked) -> dict[str, Text]:
    return {
        value: label
        for _group, steps in asked.form.fields["step"].choices[1:]  # type: ignore[attr-defined]
        for value, label in steps
    }
