"""What can be asked at the desk: one form reads the address, fills the sheet of filters, refuses.

An address that is not understood is refused with a sentence: it must never show everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.validators import validate_ipv46_address
from django.db import models
from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.adminkit.forms import INPUT
from backoffice.desk import trails
from backoffice.desk.periods import PRESETS, NoMoment, moment_of
from backoffice.desk.sources import EVENTS, Source, sources_for
from backoffice.flows import all_flows
from backoffice.models import BulkRun, ChangeSet, ImportRun, Job, User

SYSTEM = "system"
HOW = {
    "created": ("+", gettext_lazy("Created")),
    "changed": ("~", gettext_lazy("Changed")),
    "deleted": ("-", gettext_lazy("Deleted")),
}
MOST_PEOPLE = 300
LONGEST = 200
BIGGEST_KEY = 2**63 - 1
ANY = [("", "–")]


class Moment(forms.CharField):
    """A day, or a day and a time of it."""

    def __init__(self, *, is_end: bool, **options: Any) -> None:
        self.is_end = is_end
        super().__init__(max_length=40, **options)

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return moment_of(text, is_end=self.is_end)
        except NoMoment as error:
            raise forms.ValidationError(
                _("“{text}” is no day; write it as 2025-03-31.").format(text=text)
            ) from error


class Keyed(forms.CharField):
    """The key or the public id of a row of one of the ground's tables; cleaned to its key."""

    def __init__(self, model: Any, **options: Any) -> None:
        self.model = model
        super().__init__(max_length=LONGEST, **options)

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        if text.isascii() and text.isdecimal():
            if int(text) <= BIGGEST_KEY:
                return int(text)
        else:
            try:
                found = self.model.objects.filter(uuid=UUID(text)).values_list("pk", flat=True)
            except ValueError:
                found = ()
            if (key := next(iter(found), None)) is not None:
                return int(key)
        raise forms.ValidationError(
            _("There is no {what} {key}.").format(what=self.model._meta.verbose_name, key=text)
        )


class DeskForm(forms.Form):
    """Every filter of the desk, for what one person may look through."""

    what = forms.MultipleChoiceField(label=gettext_lazy("What"), required=False)
    object = forms.CharField(
        label=gettext_lazy("Which one"),
        required=False,
        max_length=LONGEST,
        help_text=gettext_lazy("Its number, SKU or key"),
    )
    who = forms.ChoiceField(label=gettext_lazy("Who"), required=False)
    when = forms.ChoiceField(
        label=gettext_lazy("When"), required=False, choices=[*ANY, *PRESETS.items()]
    )
    since = Moment(label=gettext_lazy("From"), is_end=False, required=False)
    until = Moment(label=gettext_lazy("To"), is_end=True, required=False)
    field = forms.ChoiceField(label=gettext_lazy("Field that changed"), required=False)
    old = forms.CharField(label=gettext_lazy("Value before"), required=False, max_length=LONGEST)
    new = forms.CharField(label=gettext_lazy("Value after"), required=False, max_length=LONGEST)
    how = forms.MultipleChoiceField(
        label=gettext_lazy("How"),
        required=False,
        choices=[(name, label) for name, (_sign, label) in HOW.items()],
    )
    step = forms.ChoiceField(label=gettext_lazy("Step"), required=False)
    event = forms.CharField(label=gettext_lazy("Event"), required=False, max_length=60)
    reason = forms.CharField(
        label=gettext_lazy("Reason contains"), required=False, max_length=LONGEST
    )
    channel = forms.MultipleChoiceField(
        label=gettext_lazy("Door"), required=False, choices=ChangeSet.Channel.choices
    )
    actor = forms.MultipleChoiceField(
        label=gettext_lazy("Kind of actor"), required=False, choices=ChangeSet.ActorKind.choices
    )
    set = Keyed(ChangeSet, label=gettext_lazy("Change set"), required=False)
    run = Keyed(ImportRun, label=gettext_lazy("Import"), required=False)
    job = Keyed(Job, label=gettext_lazy("Job"), required=False)
    bulk = Keyed(BulkRun, label=gettext_lazy("Bulk run"), required=False)
    request = forms.CharField(label=gettext_lazy("Request"), required=False, max_length=64)
    ip = forms.CharField(label=gettext_lazy("IP address"), required=False, max_length=45)
    row = forms.CharField(label=gettext_lazy("Row"), required=False, max_length=LONGEST)

    # Where the other words of an address belong: the page, the sample it was opened from.
    BESIDE = frozenset({"after", "sample"})

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data)
        self.sources = sources_for(user)
        if not trails.sees_all(user):
            # From where somebody works is not part of what happened to an order.
            del self.fields["ip"]
        self.fields["what"].choices = [(s.name, s.label) for s in self.sources.values()]
        self.fields["who"].choices = [*ANY, (SYSTEM, _("System")), *_people(self._asked_person())]
        self.fields["field"].choices = [*ANY, *_fields_of(self.sources.values())]
        self.fields["step"].choices = [*ANY, *_steps_of(self.sources.values())]
        for name, field in self.fields.items():
            field.widget.attrs.setdefault("id", f"desk-{name}")
            if isinstance(field.widget, forms.TextInput):
                field.widget.attrs.update({"class": INPUT, "autocomplete": "off"})

    def _asked_person(self) -> str:
        return str((self.data or {}).get("who", ""))

    def clean_ip(self) -> str:
        text = str(self.cleaned_data["ip"]).strip()
        if text:
            validate_ipv46_address(text)
        return text

    def clean_row(self) -> tuple[Source, int] | None:
        text = self.cleaned_data["row"]
        if not text:
            return None
        name, _mark, key = text.rpartition("~")
        source = self.sources.get(name)
        if source is None or not (key.isascii() and key.isdecimal()) or int(key) > BIGGEST_KEY:
            raise forms.ValidationError(_("There is no row {row}.").format(row=text))
        return source, int(key)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        known = {*self.fields, *self.BESIDE}
        for name in self.data or ():
            if name not in known:
                self.add_error(None, _("The desk has no filter “{name}”.").format(name=name[:40]))
        for name, field in self.fields.items():
            several = self.data.getlist(name) if hasattr(self.data, "getlist") else ()
            if len(several) > 1 and not isinstance(field, forms.MultipleChoiceField):
                self.add_error(name, _("“{name}” is asked for twice.").format(name=field.label))
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since >= until:
            self.add_error("until", _("The end is before the beginning."))
        if (cleaned.get("old") or cleaned.get("new")) and not cleaned.get("field"):
            self.add_error("field", _("Old and new values need the field that they are of."))
        self._clean_values(cleaned)
        return cleaned

    def _clean_values(self, cleaned: dict[str, Any]) -> None:
        """Turn old and new into values of the field that they are of."""
        _source, field = self.field_of(cleaned)
        for name in ("old", "new"):
            text = cleaned.get(name)
            if not text or field is None:
                continue
            try:
                cleaned[name] = _value_of(field, text)
            except (forms.ValidationError, ValueError, ArithmeticError, OverflowError):
                self.add_error(
                    name,
                    _("“{text}” is no value of {field}.").format(
                        text=text, field=field.verbose_name
                    ),
                )

    def field_of(self, cleaned: Mapping[str, Any]) -> tuple[Source | None, Any]:
        """Return the source and the column that `field` names."""
        name, _dot, column = (cleaned.get("field") or "").rpartition(".")
        source = self.sources.get(name)
        return source, source.fields.get(column) if source else None


def _value_of(column: Any, text: str) -> Any:
    """Return what a person typed as a value of a column: a key, a choice's label, a number."""
    if column.flatchoices:
        labels = {str(label).lower(): value for value, label in column.flatchoices}
        text = labels.get(text.lower(), text)
    if isinstance(column, models.BooleanField):
        text = {"yes": "true", "no": "false"}.get(text.lower(), text)
    target = column.target_field if column.is_relation else column
    value = target.to_python(text)
    # What no column holds would be an error of the database, and is an answer here.
    target.run_validators(value)
    if isinstance(value, int) and abs(value) > BIGGEST_KEY:
        raise OverflowError
    return value


def _people(asked: str) -> list[tuple[str, str]]:
    """Return staff by name, and whoever else the address asks for, by key."""
    staff = User.objects.filter(is_staff=True).order_by("first_name", "last_name", "email")
    rows = [(str(person.pk), person.get_full_name()) for person in staff[:MOST_PEOPLE]]
    if asked and asked != SYSTEM and asked not in dict(rows):
        try:
            found = User.objects.filter(pk=UUID(asked)).first()
        except ValueError:
            found = None
        if found is not None:
            name = found.get_full_name() if found.is_staff else _("A customer")
            rows.append((str(found.pk), f"{name} #{str(found.pk)[:8]}"))
    return rows


def _fields_of(sources: Iterable[Source]) -> list[Any]:
    return [
        (
            source.label,
            [(f"{source.name}.{f.name}", capfirst(f.verbose_name)) for f in source.fields.values()],
        )
        for source in sources
        if not source.is_events
    ]


def _steps_of(sources: Iterable[Source]) -> list[Any]:
    """Return the steps of each flow, grouped by what takes them."""
    models = {source.model for source in sources if source.name != EVENTS}
    return [
        (
            capfirst(flow.model._meta.verbose_name),
            [(f"{flow.model._meta.label_lower}.{s.name}", s.label) for s in flow.steps.values()],
        )
        for flow in all_flows()
        if flow.model in models
    ]


def keys_called(source: Source, text: str, names: Iterable[str], *, by_key: bool) -> list[Any]:
    """Return the keys of rows that are called `text`, or (by_key) have it as their key."""
    assert source.model is not None
    manager = source.model._base_manager
    called = Q(pk__in=[])
    for name in names:
        column = source.model._meta.get_field(name)
        try:
            called |= Q(**{name: column.to_python(text)})  # type: ignore[union-attr]
        except (forms.ValidationError, ValueError):
            continue
    found = list(manager.filter(called).order_by("pk").values_list("pk", flat=True)[:10])
    if found or not by_key:
        return found
    try:
        key = source.model._meta.pk.to_python(text)
        source.model._meta.pk.run_validators(key)
    except (forms.ValidationError, ValueError):
        return []
    # A row that is gone still has its history.
    is_there = source.rows().filter(**{source.pk: key}).exists()
    return [key] if is_there else []
