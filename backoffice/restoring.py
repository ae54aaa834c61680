"""Going back: an earlier version of a row, or a row that was deleted, through its editing verbs.

An app registers what can go back, and by which verbs; guards, clashes and history are theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history
from backoffice.adminkit.timeline import SILENT_FIELDS, Words, history_model_of, history_rows
from backoffice.as_of import as_model
from backoffice.models import AuditEvent, User
from backoffice.refused import ReasonMissing, Refused, StaleVersion, Text, UnknownRow
from backoffice.steps import require_permission

STEP, BACK_STEP = "restore_version", "bring_back"


class CannotGoBack(Refused):
    """facts: what."""

    sentence = _("An earlier version of this {what} cannot be restored.")
    hint = _("Its steps and forms change it.")


class NothingDiffers(Refused):
    sentence = _("Nothing of what can be restored is different now.")
    http_status = 409


class OwnedElsewhere(Refused):
    """facts: field, why."""

    sentence = _("{field} is not restored: {why}")


class StillThere(Refused):
    """facts: what."""

    sentence = _("{what} is there: it was not deleted, or is back already.")
    http_status = 409


@dataclass(frozen=True)
class Restoring:
    """How rows of one model go back.

    fields: what is restored, by attribute name. edit: the editing verb, called as
    `edit(key, values, by=…, reason=…)`. kept: why some fields are not restored. add: inserts a
    deleted row again, called as `add(row)` with guards and clashes of its own; None: it cannot.
    """

    model: type[models.Model]
    fields: Sequence[str]
    edit: Callable[..., Any]
    kept: Mapping[str, Text] = field(default_factory=dict)
    add: Callable[[Any], Any] | None = None

    @property
    def permission(self) -> str:
        return f"{self.model._meta.app_label}.restore_version_{self.model._meta.model_name}"

    @property
    def add_permission(self) -> str:
        return f"{self.model._meta.app_label}.add_{self.model._meta.model_name}"


_registry: dict[type[models.Model], Restoring] = {}


def register(*entries: Restoring) -> None:
    """Let rows of these models go back."""
    _registry.update({entry.model: entry for entry in entries})


def restoring_of(model: type[models.Model]) -> Restoring | None:
    return _registry.get(model)


@dataclass(frozen=True)
class FieldPlan:
    """What would become of one field. why: it stays, because; blank: it is restored."""

    name: str
    label: str
    now: str
    then: str
    why: Text = ""


@dataclass(frozen=True)
class RestorePlan:
    """What restoring a version would do. last: the newest history row that was looked at."""

    fields: list[FieldPlan]
    last: int

    @property
    def changing(self) -> list[FieldPlan]:
        return [plan for plan in self.fields if not plan.why]


def plan_restore(
    *, model: type[models.Model], key: Any, history_id: int, reader: User
) -> RestorePlan:
    """Return, field by field, what differs now from an earlier version, and what would come back.

    Refuses: CannotGoBack; UnknownRow. Reads only.
    """
    entry = _entry(model)
    version, newest = _versions(entry, key, history_id)
    tracked = [f for f in history_model_of(model).tracked_fields if f.name not in SILENT_FIELDS]
    words = Words(tracked, [version, newest], reader)
    fields = [
        FieldPlan(
            f.attname,
            str(capfirst(f.verbose_name)),
            words.of(f, newest),
            words.of(f, version),
            "" if f.attname in entry.fields else _why(entry, f.name),
        )
        for f in tracked
        if getattr(version, f.attname) != getattr(newest, f.attname)
    ]
    return RestorePlan(fields, newest.history_id)


def restore_version(
    *,
    model: type[models.Model],
    key: Any,
    history_id: int,
    last: int,
    by: User,
    reason: str,
    fields: Iterable[str] | None = None,
) -> Any:
    """Make a row what an earlier version says, through its editing verb.

    last: the newest history row when the plan was looked at. fields: only these, by attribute
    name; None: all that can be restored. reason: required.
    Refuses: CannotGoBack; NotAllowed; ReasonMissing; UnknownRow; StaleVersion; OwnedElsewhere for
    a field that a flow owns; NothingDiffers; what the editing verb refuses, clashes among it.
    Atomic: locks the row; one history row, and an event that names the version.
    """
    entry = _entry(model)
    require_permission(by, entry.permission, _("restore an earlier version"))
    _require_reason(reason)
    with transaction.atomic():
        rows = model._default_manager.select_for_update(of=("self",), no_key=True)
        row = rows.filter(pk=key).first()
        if row is None:
            raise UnknownRow(what=model._meta.verbose_name, key=key)
        version, newest = _versions(entry, key, history_id)
        if newest.history_id != last:
            raise StaleVersion(what=row, theirs=newest.history_id, yours=last)
        values = _wanted(entry, version, row, fields)
        changes.say(action=entry.permission, by=by, reason=reason)
        with history.step(STEP):
            entry.edit(key, values, by=by, reason=reason)
        AuditEvent.record(
            "version_restored", subject=row, version=history_id, fields=sorted(values)
        )
    return model._default_manager.get(pk=key)


def bring_back(*, model: type[models.Model], key: Any, by: User, reason: str) -> Any:
    """Insert a deleted row again, as its last history row says it was, under its old key.

    reason: required.
    Refuses: CannotGoBack; NotAllowed; ReasonMissing; UnknownRow; StillThere; what `add` refuses.
    Atomic: one row with one history row, and an event.
    """
    entry = _entry(model)
    if entry.add is None:
        raise CannotGoBack(what=model._meta.verbose_name)
    require_permission(by, entry.add_permission, _("bring back what was deleted"))
    _require_reason(reason)
    with transaction.atomic():
        last = history_rows(model, key).first()
        if last is None:
            raise UnknownRow(what=model._meta.verbose_name, key=key)
        if last.history_type != "-" or model._default_manager.filter(pk=key).exists():
            raise StillThere(what=_name(model, last))
        changes.say(action=f"{entry.add_permission}_again", by=by, reason=reason)
        with history.step(BACK_STEP):
            row = entry.add(as_model(model, last))
        AuditEvent.record("brought_back", subject=row, version=last.history_id)
    return row


def _entry(model: type[models.Model]) -> Restoring:
    entry = _registry.get(model)
    if entry is None:
        raise CannotGoBack(what=model._meta.verbose_name)
    return entry


def _versions(entry: Restoring, key: Any, history_id: int) -> tuple[Any, Any]:
    """Return the version asked for and the newest one of the same row."""
    rows = history_rows(entry.model, key)
    version, newest = rows.filter(history_id=history_id).first(), rows.first()
    if version is None or newest is None:
        raise UnknownRow(what=_("version"), key=history_id)
    return version, newest


def _wanted(
    entry: Restoring, version: Any, row: Any, fields: Iterable[str] | None
) -> dict[str, Any]:
    names = list(entry.fields) if fields is None else list(fields)
    for name in names:
        if name not in entry.fields:
            raise OwnedElsewhere(field=name, why=_why(entry, name))
    values = {name: getattr(version, name) for name in names}
    differing = {name: value for name, value in values.items() if getattr(row, name) != value}
    if not differing:
        raise NothingDiffers
    return differing


def _why(entry: Restoring, name: str) -> Text:
    flow = getattr(entry.model, "flow", None)
    if flow is not None and name == flow.field:
        return _("its steps change it.")
    return entry.kept.get(name) or _("it stays as it is.")


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing(step=_("Restore"))


def _name(model: type[models.Model], row: Any) -> str:
    return str(as_model(model, row))
