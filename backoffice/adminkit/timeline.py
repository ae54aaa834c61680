"""What happened to a row: its history rows in words, newest first, old → new per field.

One query for the rows of a page, one for each kind of row they refer to; no diff per row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils import formats, timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from backoffice.as_of import Instant, query_of
from backoffice.flows import Flow, Tone, all_flows
from backoffice.history import UNTRACKED
from backoffice.models import PersonalRecord, User
from backoffice.refused import Text

PAGE_ROWS = 50
EMPTY = "–"
# Bookkeeping, not what somebody did.
SILENT_FIELDS = frozenset({"id", "uuid", "version", "created_at", "updated_at"})
KINDS: dict[str, tuple[Text, Tone]] = {
    "+": (_("Created"), "success"),
    "~": (_("Changed"), "info"),
    "-": (_("Deleted"), "danger"),
}


@dataclass(frozen=True)
class FieldChange:
    label: str
    old: str
    new: str


@dataclass
class Entry:
    """One line of a timeline. Other kinds of lines (payments, notes) use the same shape."""

    at: datetime
    title: Text
    who: str = ""
    channel: str = ""
    why: str = ""
    changes: list[FieldChange] = field(default_factory=list)
    tone: Tone = "neutral"
    icon: str = "edit"
    what: str = ""
    body: str = ""
    change_set_id: int | None = None
    url: str = ""
    # Where it is not the page itself: the row's own page, and the whole as it was before this.
    page_url: str = ""
    before_url: str = ""
    step: str = ""
    # Of what can be compared with others on its page: the history row.
    version_id: int | None = None

    @property
    def before_query(self) -> str:
        """What leads to the whole as it was before this, after the address of that page."""
        return query_of(Instant(self.at, self.change_set_id))

    @property
    def change_set_url(self) -> str:
        if self.change_set_id is None:
            return ""
        return reverse("admin:backoffice_changeset_change", args=[self.change_set_id])


def history_model_of(model: type[models.Model]) -> Any:
    """Return the history table of an audited model, or None."""
    name = getattr(model._meta, "simple_history_manager_attribute", None)
    return getattr(model, name).model if name else None


def history_rows(model: type[models.Model], pk: Any) -> Any:
    """Return the history rows of one row, newest first, with who and why joined in."""
    history = history_model_of(model)
    return (
        history.objects.filter(**{model._meta.pk.attname: pk})
        .select_related("change_set", "change_set__origin")
        .order_by("-history_id")
    )


def page_of(
    model: type[models.Model], pk: Any, number: int = 1, *, reader: User | None = None
) -> tuple[list[Entry], bool]:
    """Return one page of a row's timeline as `reader` may see it, and whether there is more."""
    start = max(number - 1, 0) * PAGE_ROWS
    # One more than shown: the last line needs its predecessor for old → new.
    rows = list(history_rows(model, pk)[start : start + PAGE_ROWS + 1])
    entries = entries_of(model, rows[:PAGE_ROWS], before=rows[1:], reader=reader)
    for entry, row in zip(entries, rows, strict=False):
        entry.version_id = row.history_id
    return entries, len(rows) > PAGE_ROWS


def entries_of(
    model: type[models.Model],
    rows: Sequence[Any],
    *,
    before: Sequence[Any],
    names: bool = False,
    reader: User | None = None,
) -> list[Entry]:
    """Return history rows in words.

    before: the predecessor of each row, at the same place (None or missing: the first).
    names: say which row it is, for lists over several rows.
    reader: who looks; without one, personal data stay hidden.
    """
    pairs = [(row, before[i] if i < len(before) else None) for i, row in enumerate(rows)]
    fields = [f for f in history_model_of(model).tracked_fields if f.name not in SILENT_FIELDS]
    words = Words(fields, [row for pair in pairs for row in pair if row is not None], reader)
    flow = getattr(model, "flow", None)
    called = _names(model, rows, fields, words) if names else {}
    return [_entry(model, row, old, fields, words, flow, called) for row, old in pairs]


def _entry(
    model: type[models.Model],
    row: Any,
    old: Any,
    fields: Sequence[Any],
    words: Words,
    flow: Flow | None,
    called: Mapping[int, str],
) -> Entry:
    title, tone = KINDS[row.history_type]
    step = flow.steps.get(row.step) if flow is not None and row.step else None
    if step is not None:
        title, tone = step.label, step.tone
        if tone == "neutral" and step.target and flow is not None:
            tone = flow.states[step.target].tone
    changes = []
    if old is not None and row.history_type == "~":
        changes = [
            FieldChange(str(capfirst(f.verbose_name)), words.of(f, old), words.of(f, row))
            for f in fields
            if getattr(old, f.attname) != getattr(row, f.attname)
        ]
    pk = getattr(row, model._meta.pk.attname)
    return Entry(
        at=row.history_date,
        title=title,
        who=row.change_set.who,
        channel=row.change_set.get_channel_display(),
        why=row.change_set.why,
        changes=changes,
        tone=tone,
        icon={"+": "add", "-": "delete"}.get(row.history_type, "bolt" if step else "edit"),
        what=called.get(row.history_id, ""),
        change_set_id=row.change_set_id,
        url=_version_url(model, pk, row.history_id),
        step=row.step,
    )


def _names(
    model: type[models.Model], rows: Sequence[Any], fields: Sequence[Any], words: Words
) -> dict[int, str]:
    """Return what each history row's original called itself then, with its kind.

    `named_by` of a model names the relations that tell its rows apart better than their own words.
    """
    kind, key = str(capfirst(model._meta.verbose_name)), model._meta.pk.attname
    tracked = [f.attname for f in history_model_of(model).tracked_fields]
    whole = {f.attname for f in model._meta.concrete_fields if f.name not in UNTRACKED}
    # What a history leaves out (a user's name) may be what a row is called: one query for all.
    live: dict[Any, Any] = {}
    if whole - set(tracked):
        live = model._base_manager.in_bulk({getattr(row, key) for row in rows})
    named_by = getattr(model, "named_by", ())
    by = [f for f in fields if f.name in named_by]
    names = {}
    for row in rows:
        pk = getattr(row, key)
        original = live.get(pk) or model(**{name: getattr(row, name) for name in tracked})
        called = [words.of(f, row) for f in by]
        if not by or not getattr(model, "is_named_by_others", False):
            called.insert(0, _called(original, words.reader))
        names[row.history_id] = f"{kind} {' · '.join(called)}"
    return names


def _called(original: models.Model, reader: User | None) -> str:
    try:
        return str(original) if may_be_named(original, reader) else str(original.pk)
    except Exception:  # noqa: BLE001  (its name may need rows that are gone)
        return str(original.pk)


def may_be_named(row: models.Model, reader: User | None) -> bool:
    """Tell whether `reader` may read what a row is called: for a customer, that is their name.

    Colleagues are named to everybody; whoever else has an account is a customer.
    """
    permission = getattr(row, "seen_with", "")
    if not permission:
        is_customer = isinstance(row, User) and not row.is_staff
        return not (is_customer or isinstance(row, PersonalRecord))
    return reader is not None and reader.has_perm(permission)


def _version_url(model: type[models.Model], pk: Any, history_id: int) -> str:
    stem = f"{model._meta.app_label}_{model._meta.model_name}"
    try:
        return reverse(f"admin:{stem}_history_version", args=[pk, history_id])
    except NoReverseMatch:
        return ""


def before_url(model: type[models.Model], pk: Any, entry: Entry, reader: User) -> str:
    """Return the page of the whole as it was before an entry, where its kind of row has one."""
    app, name = model._meta.app_label, model._meta.model_name
    if entry.change_set_id is None or not reader.has_perm(f"{app}.view_{name}"):
        return ""
    try:
        return f"{reverse(f'admin:{app}_{name}_as_of', args=[pk])}?{entry.before_query}"
    except NoReverseMatch:
        return ""


class Words:
    """Values of columns in words a person reads; related rows are fetched once per kind.

    reader: who looks; personal data that they may not read stay keys.
    """

    def __init__(
        self, fields: Iterable[Any], rows: Sequence[Any], reader: User | None = None
    ) -> None:
        self.reader = reader
        self._related: dict[str, dict[Any, str]] = {}
        for column in fields:
            if not column.is_relation:
                continue
            ids = {getattr(row, column.attname) for row in rows} - {None}
            related = column.remote_field.model
            found = related._base_manager.filter(pk__in=ids) if ids else ()
            self._related[column.name] = {
                row.pk: str(row) for row in found if may_be_named(row, reader)
            }

    def of(self, column: Any, row: Any) -> str:
        value = getattr(row, column.attname)
        if value is None or value == "":
            return EMPTY
        if column.is_relation:
            return self._related[column.name].get(value, f"#{value}")
        if column.flatchoices:
            return str(dict(column.flatchoices).get(value, value))
        return in_words(value)


@cache
def _permission_words() -> dict[str, str]:
    words = {}
    for model in apps.get_models():
        meta = model._meta
        words |= {f"{meta.app_label}.{code}": str(name) for code, name in meta.permissions}
        for verb in meta.default_permissions:
            code = f"{meta.app_label}.{verb}_{meta.model_name}"
            words[code] = f"Can {verb} {meta.verbose_name}"
    return words


def action_words(action: str) -> str:
    """Return what a change set calls its action, for people: "orders.cancel" → "Cancel order"."""
    app, _dot, name = action.partition(".")
    for flow in all_flows():
        if flow.app_label == app and name in flow.steps:
            return f"{flow.steps[name].label} {flow.model._meta.verbose_name}"
    known = _permission_words().get(action)
    text = known.removeprefix("Can ") if known else (name or app).replace("_", " ")
    return str(capfirst(text))


def in_words(value: Any) -> str:  # noqa: PLR0911  (one for each kind)
    """Return a plain value as this person reads it."""
    match value:
        case None | "":
            return EMPTY
        case bool():
            return str(_("Yes") if value else _("No"))
        case datetime():
            local = timezone.localtime(value) if timezone.is_aware(value) else value
            return formats.date_format(local, "DATETIME_FORMAT")
        case date() | time():
            return formats.localize(value)
        case Decimal():
            return f"{value:,}"
        case dict():
            return ", ".join(f"{key}: {_part(item)}" for key, item in value.items()) or EMPTY
        case list() | tuple():
            return ", ".join(_part(item) for item in value) or EMPTY
        case _:
            return str(value)


def _part(value: Any) -> str:
    """Return one value among others; what holds values itself is set apart."""
    text = in_words(value)
    return f"({text})" if isinstance(value, dict | list | tuple) and value else text
