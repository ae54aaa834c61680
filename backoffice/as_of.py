"""How rows were at any instant, read off their history and off facts that carry a time.

An app puts its aggregates together from `standing` and `Instant.q`; nothing here writes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db import models
from django.db.models import Q

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class Instant:
    """A point of the record: everything until `at`; with `before`, without what that click wrote.

    before: the id of a change set whose first trace, or last one, is at `at`. What other clicks
    wrote at the very same moment is parted by the order in which they began.
    """

    at: datetime
    before: int | None = None

    def covers(self, at: datetime, change_set_id: int) -> bool:
        """Tell whether something that a change set wrote at `at` had happened by then."""
        if self.before is None:
            return at <= self.at
        if change_set_id == self.before:
            return False
        return at < self.at or (at == self.at and change_set_id < self.before)

    def q(self, at: str) -> Q:
        """Return the same as a condition. at: the column with the time."""
        if self.before is None:
            return Q(**{f"{at}__lte": self.at})
        earlier = Q(**{f"{at}__lt": self.at}) & ~Q(change_set=self.before)
        return earlier | Q(**{at: self.at, "change_set__lt": self.before})


@dataclass(frozen=True)
class Trace:
    """That a click left something on an aggregate, and when."""

    at: datetime
    change_set_id: int

    @property
    def instant_before(self) -> Instant:
        return Instant(self.at, self.change_set_id)

    @property
    def instant_after(self) -> Instant:
        return Instant(self.at)


def query_of(instant: Instant) -> str:
    """Return an instant as it stands in an address, the same for readers of every time zone."""
    said = {"at": instant.at.astimezone(UTC).isoformat().replace("+00:00", "Z")}
    if instant.before is not None:
        said["before"] = str(instant.before)
    return urlencode(said, safe=":")


def had_happened(instant: Instant | None, fact: Any) -> bool:
    """Tell whether a fact with `at` and a change set was there. instant: None: now."""
    return instant is None or instant.covers(fact.at, fact.change_set_id)


def standing(rows: Iterable[Any], instant: Instant | None) -> dict[Any, Any]:
    """Return of each object the history row that says how it was then, by the object's key.

    rows: history rows of one model in the order of their ids, which is the order of writing: of
    several rows of one transaction the last one holds. instant: None: now.
    What did not exist yet, or was deleted by then, is left out.
    """
    last: dict[Any, Any] = {}
    for row in rows:
        if instant is None or instant.covers(row.history_date, row.change_set_id):
            last[row.object_key] = row
    return {key: row for key, row in last.items() if row.history_type != "-"}


def history_of(model: type[models.Model], **of: Any) -> list[Any]:
    """Return the history rows of a model's objects, oldest first, ready for `standing`."""
    history = model.history.model  # type: ignore[attr-defined]
    key = model._meta.pk.attname
    rows = list(history.objects.filter(**of).order_by("history_id"))
    for row in rows:
        row.object_key = getattr(row, key)
    return rows


def row_as_of(model: type[models.Model], pk: Any, instant: Instant | None) -> Any:
    """Return the history row that says how one object was then; None: it was not there."""
    rows = model.history.model.objects.filter(**{model._meta.pk.attname: pk})  # type: ignore[attr-defined]
    if instant is not None:
        rows = rows.filter(instant.q("history_date"))
    row = rows.order_by("-history_id").first()
    return None if row is None or row.history_type == "-" else row


def as_model(model: type[M], row: Any) -> M:
    """Return a history row as an object of its model: for reading, never to be saved.

    simple-history's `instance` asks the database once for each row.
    """
    fields = model.history.model.tracked_fields  # type: ignore[attr-defined]
    return model(**{f.attname: getattr(row, f.attname) for f in fields})


def traces_of(histories: Iterable[Iterable[Any]], facts: Iterable[Any] = ()) -> list[Trace]:
    """Return every click that left something on an aggregate, in order, each once.

    A click that left several things stands at the time of the last of them.
    """
    last: dict[int, datetime] = {}
    for rows in histories:
        for row in rows:
            at = last.get(row.change_set_id)
            last[row.change_set_id] = max(at, row.history_date) if at else row.history_date
    for fact in facts:
        at = last.get(fact.change_set_id)
        last[fact.change_set_id] = max(at, fact.at) if at else fact.at
    found = [Trace(at, change_set_id) for change_set_id, at in last.items()]
    return sorted(found, key=lambda trace: (trace.at, trace.change_set_id))
