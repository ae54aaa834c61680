"""What was deleted and can be looked at, and perhaps brought back; what is archived, by link."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Exists, OuterRef
from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst

from backoffice import restoring
from backoffice.adminkit import timeline
from backoffice.as_of import as_model
from backoffice.models import User
from backoffice.refused import Text

ROWS = 50


@dataclass(frozen=True)
class Removed:
    """A row that is gone. back_url: where it is brought back, for those who may."""

    kind: Text
    name: str
    entry: timeline.Entry
    history_url: str
    back_url: str


@dataclass(frozen=True)
class Archived:
    """A kind of row that is archived instead of deleted."""

    label: Text
    count: int
    url: str


def kinds_for(user: User) -> list[type[models.Model]]:
    """Return the audited models with a page whose rows this person may see."""
    return [
        model
        for model in admin.site._registry
        if timeline.history_model_of(model) is not None
        and not model._meta.proxy
        and user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")
    ]


def deleted_rows(
    user: User, *, kind: str = "", before: int | None = None
) -> tuple[list[Removed], bool]:
    """Return what was deleted last, newest first, and whether there is more.

    kind: the label of one model; blank: of all, the newest of each.
    before: of one model, only history rows before this one.
    """
    found: list[Removed] = []
    has_more = False
    for model in kinds_for(user):
        if kind and model._meta.label_lower != kind:
            continue
        rows = list(_gone(model, before if kind else None)[: ROWS + 1])
        has_more = has_more or len(rows) > ROWS
        entries = timeline.entries_of(model, rows[:ROWS], before=[], reader=user)
        for row, entry in zip(rows, entries, strict=False):
            entry.version_id = row.history_id
            found.append(_removed(model, row, entry, user))
    found.sort(key=lambda removed: removed.entry.at, reverse=True)
    return found[:ROWS], has_more or len(found) > ROWS


def _gone(model: type[models.Model], before: int | None) -> Any:
    history, key = timeline.history_model_of(model), model._meta.pk.attname
    again = history.objects.filter(
        **{key: OuterRef(key)}, history_id__gt=OuterRef("history_id")
    ).order_by()
    rows = history.objects.filter(~Exists(again), history_type="-")
    if before is not None:
        rows = rows.filter(history_id__lt=before)
    return rows.select_related("change_set__origin").order_by("-history_id")


def _removed(model: Any, row: Any, entry: timeline.Entry, user: User) -> Removed:
    key = getattr(row, model._meta.pk.attname)
    original = as_model(model, row)
    name = str(original) if timeline.may_be_named(original, user) else f"#{key}"
    way = restoring.restoring_of(model)
    may = way is not None and way.add is not None and user.has_perm(way.add_permission)
    return Removed(
        kind=capfirst(model._meta.verbose_name),
        name=name,
        entry=entry,
        history_url=_path(model, "history", key),
        back_url=reverse("admin:bring_back", args=[model._meta.label_lower, key]) if may else "",
    )


def _path(model: type[models.Model], what: str, *args: Any) -> str:
    try:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{what}", args=args)
    except NoReverseMatch:
        return ""


def archived_kinds(user: User) -> Iterator[Archived]:
    """Yield the kinds of rows that are archived by a step, each with its list of those."""
    for model in kinds_for(user):
        flow = getattr(model, "flow", None)
        if flow is None or "archived" not in flow.states:
            continue
        rows = model._default_manager.filter(**{flow.field: "archived"})
        url = f"{_path(model, 'changelist')}?{flow.field}=archived"
        yield Archived(capfirst(model._meta.verbose_name_plural), rows.count(), url)


def choices_for(user: User) -> Sequence[tuple[str, str]]:
    kinds = kinds_for(user)
    named = [(m._meta.label_lower, str(capfirst(m._meta.verbose_name_plural))) for m in kinds]
    return sorted(named, key=lambda choice: choice[1])
