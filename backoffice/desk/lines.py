"""Places of the record in words: who, when, what, old → new, why; a query or two for each table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import OuterRef, Subquery
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from backoffice.adminkit import timeline
from backoffice.adminkit.everything import page_of
from backoffice.adminkit.timeline import Entry
from backoffice.desk.sources import Place, Source
from backoffice.models import AuditEvent, ChangeSet, User
from backoffice.refused import Text


@dataclass
class Line:
    """One row of the record. row: as `?row=` names it; model, pk: whose it is, if anybody's."""

    place: Place
    source: Source
    entry: Entry
    change_set: ChangeSet
    model: Any = None
    pk: Any = None
    step_name: str = ""

    @property
    def row(self) -> str:
        return f"{self.place.source}~{self.place.key}"

    @property
    def kind(self) -> Text:
        if self.model is None:
            return _("Event")
        return str(capfirst(self.model._meta.verbose_name))


def lines_of(places: Sequence[Place], sources: dict[str, Source], *, reader: User) -> list[Line]:
    """Return the rows at these places, in their order, as `reader` may read them."""
    wanted: dict[str, list[int]] = defaultdict(list)
    for place in places:
        wanted[place.source].append(place.key)
    found: dict[tuple[str, int], Line] = {}
    for name, keys in wanted.items():
        source = sources[name]
        read = _events if source.is_events else _history
        for line in read(source, keys, reader):
            found[name, line.place.key] = line
    # A row cannot go: it is missing only where its table was looked at through a test's rollback.
    return [found[p.source, p.key] for p in places if (p.source, p.key) in found]


def _history(source: Source, keys: Sequence[int], reader: User) -> list[Line]:
    rows, before = with_predecessors(source, source.rows().filter(history_id__in=keys))
    entries = timeline.entries_of(source.model, rows, before=before, names=True, reader=reader)
    return [
        Line(
            place=Place(row.history_date, source.name, row.history_id),
            source=source,
            entry=_kept_from(entry, row.change_set, reader),
            change_set=row.change_set,
            model=source.model,
            pk=getattr(row, source.pk),
            step_name=f"{source.name}.{row.step}" if row.step else "",
        )
        for row, entry in zip(rows, entries, strict=True)
    ]


def with_predecessors(source: Source, rows: Any) -> tuple[list[Any], list[Any]]:
    """Return history rows with who and why, and of each the row before it: two statements."""
    earlier = (
        source.rows()
        .filter(**{source.pk: OuterRef(source.pk), "history_id__lt": OuterRef("history_id")})
        .order_by("-history_id")
        .values("history_id")[:1]
    )
    found = list(
        rows.annotate(before_id=Subquery(earlier)).select_related("change_set__origin").order_by()
    )
    before = source.rows().in_bulk([row.before_id for row in found if row.before_id])
    return found, [before.get(row.before_id) for row in found]


def _events(source: Source, keys: Sequence[int], reader: User) -> list[Line]:
    rows = list(AuditEvent.objects.filter(pk__in=keys).select_related("change_set__origin"))
    colleagues = _colleagues_among(rows)
    return [
        Line(
            place=Place(row.at, source.name, row.pk),
            source=source,
            entry=_kept_from(_event_entry(row, colleagues), row.change_set, reader),
            change_set=row.change_set,
            model=_model_called(row.subject_kind),
            pk=row.subject_key,
        )
        for row in rows
    ]


def _event_entry(event: AuditEvent, colleagues: Mapping[str, str]) -> Entry:
    return Entry(
        at=event.at,
        title=event.title,
        who=event.change_set.who,
        channel=event.change_set.get_channel_display(),
        why=event.change_set.why,
        tone="danger" if event.kind.endswith("_failed") else "neutral",
        icon="event_note",
        what=colleagues.get(event.subject_key) or _subject(event),
        body=timeline.in_words(event.detail) if event.detail else "",
        change_set_id=event.change_set_id,
        url=page_of(AuditEvent, event.pk),
    )


def _colleagues_among(events: Sequence[AuditEvent]) -> dict[str, str]:
    """Return the names of staff by key: a customer stays a key for who looks through the record."""
    keys = {event.subject_key for event in events if event.subject_kind == User._meta.label}
    staff = User.objects.filter(pk__in=keys, is_staff=True) if keys else ()
    return {str(user.pk): str(user) for user in staff}


def _subject(event: AuditEvent) -> str:
    model = _model_called(event.subject_kind)
    kind = capfirst(model._meta.verbose_name) if model is not None else event.subject_kind
    return f"{kind} {event.subject_key}".strip()


def _model_called(label: str) -> Any:
    try:
        return apps.get_model(label) if label else None
    except (LookupError, ValueError):
        return None


def _kept_from(entry: Entry, change_set: ChangeSet, reader: User) -> Entry:
    """Keep a customer's name from people who look through the record: they are no colleague."""
    entry.who = actor_of(change_set)
    return entry


def actor_of(change_set: ChangeSet) -> str:
    if change_set.actor_kind == ChangeSet.ActorKind.CUSTOMER:
        return f"{_('Customer')} #{str(change_set.actor_id)[:8]}"
    return change_set.who
