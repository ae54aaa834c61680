"""Where the record's rows stand: the history of each audited model, and the events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.timeline import SILENT_FIELDS, history_model_of
from backoffice.desk import trails
from backoffice.models import AuditEvent, User
from backoffice.refused import Text

EVENTS = "event"


@dataclass(frozen=True)
class Source:
    """One table of the record.

    name: in addresses. model: the audited model; None for the events. at, key: the columns that
    order it. subjects: of the events, only those about these kinds of rows; None: all.
    """

    name: str
    label: Text
    table: type[models.Model]
    at: str
    key: str
    model: type[models.Model] | None = None
    subjects: tuple[str, ...] | None = None

    @property
    def is_events(self) -> bool:
        return self.model is None

    @property
    def pk(self) -> str:
        """The column of a history that says whose it is."""
        assert self.model is not None
        return str(self.model._meta.pk.attname)

    @property
    def fields(self) -> dict[str, Any]:
        """The columns whose changes are worth looking for."""
        if self.model is None:
            return {}
        tracked = history_model_of(self.model).tracked_fields
        return {f.name: f for f in tracked if f.name not in SILENT_FIELDS}

    def rows(self) -> Any:
        return self.table._default_manager.all()


@dataclass(frozen=True)
class Place:
    """Where a row stands in the one order of the whole record: newest first."""

    at: datetime
    source: str
    key: int


@cache
def _histories() -> dict[str, Source]:
    found = {}
    for model in apps.get_models():
        history = history_model_of(model)
        if history is not None:
            name = model._meta.label_lower
            label = capfirst(model._meta.verbose_name_plural)
            found[name] = Source(name, label, history, "history_date", "history_id", model)
    return found


def sources_for(user: User) -> dict[str, Source]:
    """Return the tables of the record that somebody may look through, by name, in their order."""
    histories = _histories()
    if trails.sees_all(user):
        seen = dict(histories)
        if user.has_perm(trails.SEES_EVENTS):
            seen[EVENTS] = Source(EVENTS, _("Events"), AuditEvent, "at", "id")
        return dict(sorted(seen.items()))
    own = [m for trail in trails.trails_of(user) for m in trail.models]
    seen = {m._meta.label_lower: histories[m._meta.label_lower] for m in own}
    if seen:
        about = tuple(sorted({m._meta.label for m in own}))
        seen[EVENTS] = Source(EVENTS, _("Events"), AuditEvent, "at", "id", subjects=about)
    return dict(sorted(seen.items()))
