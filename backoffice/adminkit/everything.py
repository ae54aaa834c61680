"""Everything one change set did: history rows of all models, facts and events, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import OuterRef, Subquery
from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst

from backoffice.adminkit import timeline
from backoffice.adminkit.lists import COUNT_UP_TO, capped, capped_count
from backoffice.adminkit.timeline import Entry
from backoffice.models import AuditEvent, ChangeSet, PersonalRecord, User

ROWS_PER_KIND = 100


@dataclass
class Section:
    """What a change set did to one kind of row.

    more: how many are not shown, as people read it; look: what the desk calls this kind of row.
    """

    title: str
    entries: list[Entry] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    more: str = ""
    look: str = ""

    @property
    def count(self) -> str:
        shown = len(self.entries) or len(self.facts)
        return f"{shown}+" if self.more else str(shown)


@dataclass(frozen=True)
class Fact:
    title: str
    values: list[tuple[str, str]]
    url: str = ""


def audited_models() -> list[type[models.Model]]:
    return [m for m in apps.get_models() if timeline.history_model_of(m) is not None]


def fact_models() -> list[tuple[type[models.Model], str]]:
    """Return the models that refer to a change set without being history, with the field."""
    histories = {timeline.history_model_of(m) for m in audited_models()}
    return [
        (relation.related_model, relation.field.name)
        for relation in ChangeSet._meta.get_fields(include_hidden=True)
        if relation.one_to_many and relation.auto_created
        if relation.related_model not in {*histories, AuditEvent}
    ]


def sections_of(change_set: ChangeSet, *, reader: User) -> list[Section]:
    """Return all that this change set wrote, by kind of row, as `reader` may see it."""
    sections = [_history_section(model, change_set, reader) for model in audited_models()]
    sections += [_fact_section(model, name, change_set, reader) for model, name in fact_models()]
    return [section for section in sections if section is not None]


def _history_section(
    model: type[models.Model], change_set: ChangeSet, reader: User
) -> Section | None:
    history = timeline.history_model_of(model)
    key = model._meta.pk.attname
    before = (
        history.objects.filter(**{key: OuterRef(key)}, history_id__lt=OuterRef("history_id"))
        .order_by("-history_id")
        .values("history_id")[:1]
    )
    found = history.objects.filter(change_set=change_set)
    rows = list(
        found.annotate(before_id=Subquery(before))
        .select_related("change_set", "change_set__origin")
        .order_by("history_date", "history_id")[: ROWS_PER_KIND + 1]
    )
    if not rows:
        return None
    more = _more(found) if len(rows) > ROWS_PER_KIND else ""
    rows = rows[:ROWS_PER_KIND]
    earlier = history.objects.in_bulk([row.before_id for row in rows if row.before_id])
    entries = timeline.entries_of(
        model,
        rows,
        before=[earlier.get(row.before_id) for row in rows],
        names=True,
        reader=reader,
    )
    may_open = reader.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")
    for entry, row in zip(entries, rows, strict=True):
        pk = getattr(row, key)
        entry.page_url = page_of(model, pk) if may_open else ""
        entry.before_url = timeline.before_url(model, pk, entry, reader)
    title = str(capfirst(model._meta.verbose_name_plural))
    return Section(title, entries=entries, more=more, look=model._meta.label_lower)


def _fact_section(
    model: type[models.Model], field_name: str, change_set: ChangeSet, reader: User
) -> Section | None:
    found = model._base_manager.filter(**{field_name: change_set}).order_by("pk")
    rows = list(found[: ROWS_PER_KIND + 1])
    if not rows:
        return None
    more = _more(found) if len(rows) > ROWS_PER_KIND else ""
    columns = [
        f
        for f in model._meta.concrete_fields
        if f.name not in {*timeline.SILENT_FIELDS, *_hidden(model, reader), field_name, "at"}
    ]
    words = timeline.Words(columns, rows, reader)
    facts = []
    for row in rows[:ROWS_PER_KIND]:
        values = [(str(capfirst(f.verbose_name)), words.of(f, row)) for f in columns]
        shown = [(label, value) for label, value in values if value != timeline.EMPTY]
        facts.append(Fact(str(row), shown, page_of(model, row.pk)))
    return Section(str(capfirst(model._meta.verbose_name_plural)), facts=facts, more=more)


def _more(found: Any) -> str:
    """Return how many rows stand beyond those shown, counted up to a cap."""
    count = capped_count(found, COUNT_UP_TO)
    return capped(count - ROWS_PER_KIND, COUNT_UP_TO - ROWS_PER_KIND)


def _hidden(model: type[models.Model], reader: User) -> set[str]:
    """Return the columns that `reader` may not see: a seal's salt never, personal data by role."""
    if not issubclass(model, PersonalRecord):
        return set()
    own = set() if timeline.may_be_named(model(), reader) else set(model.personal_fields)
    return {*own, "salt", "commitment"}


def page_of(model: type[models.Model], pk: Any) -> str:
    """Return the path of a row's page in the console, or nothing."""
    try:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])
    except NoReverseMatch:
        return ""
