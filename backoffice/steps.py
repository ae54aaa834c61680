"""Taking a step: lock, permission, state, guards, version, body, one save, one history row.

The only place that assigns a state. `taking` is `taking_many` of one, so that one row and a
thousand never differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from django.db import models, transaction

from backoffice import changes, history
from backoffice.flows import Step
from backoffice.models import Audited, User, VersionedModel
from backoffice.refused import NotAllowed, ReasonMissing, Refused, StaleVersion, UnknownRow
from backoffice.signals import step_taken

M = TypeVar("M", bound=Audited)
MOST_KEYS_TOLD = 20


@dataclass
class Outcome(Generic[M]):
    """What a plural verb did, and what it refused, each with its reason."""

    done: list[M] = field(default_factory=list)
    refused: list[tuple[Any, Refused]] = field(default_factory=list)

    def __add__(self, other: Outcome[M]) -> Outcome[M]:
        return Outcome(self.done + other.done, self.refused + other.refused)

    def __iadd__(self, other: Outcome[M]) -> Outcome[M]:
        self.done += other.done
        self.refused += other.refused
        return self


@dataclass
class Taking(Generic[M]):
    """The rows for which a step is open; the body sets attributes, or refuses single rows."""

    rows: list[M]
    refused: list[tuple[Any, Refused]]
    left: list[M] = field(default_factory=list)

    def __iter__(self) -> Iterator[M]:
        return iter(list(self.rows))

    @contextmanager
    def attempt(self, row: M) -> Iterator[None]:
        """Do one row's own writes; a refusal undoes them and is noted, the others go on."""
        try:
            with transaction.atomic():
                yield
        except Refused as error:
            self.rows.remove(row)
            self.refused.append((row, error))

    def leave(self, row: M) -> None:
        """Leave a row as it is: it takes the step by another way."""
        self.rows.remove(row)
        self.left.append(row)

    @property
    def outcome(self) -> Outcome[M]:
        return Outcome(done=self.rows, refused=self.refused)


def require_permission(by: User, permission_name: str, what: Any) -> None:
    """Refuse with NotAllowed unless an active `by` holds the permission."""
    if not (by.is_active and by.has_perm(permission_name)):
        raise NotAllowed(what=what)


def require_reason(step: Step, reason: str) -> None:
    """Refuse with ReasonMissing when the step asks for a reason and none is given."""
    if not reason.strip() and any(ask.name == "reason" and ask.required for ask in step.asks):
        raise ReasonMissing(step=step.label)


def check(step: Step, row: models.Model, *, by: User, version: int | None = None) -> None:
    """Refuse unless `by` may take the step on this locked row with loaded facts, now."""
    is_owners = is_taken_as_owner(step, row, by=by)
    if version is not None and version != row.version:  # type: ignore[attr-defined]
        raise StaleVersion(what=row, theirs=row.version, yours=version)  # type: ignore[attr-defined]
    if (refused := step.owner_refusal(row) if is_owners else step.refusal(row)) is not None:
        raise refused


def is_taken_as_owner(step: Step, row: models.Model, *, by: User) -> bool:
    """Tell whether `by` takes a step as the row's owner, or by permission. Refuses: NotAllowed."""
    if by.is_active and by.has_perm(step.permission_name):
        return False
    if step.is_owners(row, by):
        return True
    raise NotAllowed(what=str(step.label).lower())


def lock(step: Step, ids: Sequence[Any]) -> list[Any]:
    """Lock the step's rows in primary-key order and load the facts that guards need.

    no_key: rows that only refer to these (stock movements, payments) may still be written by
    others; a full lock would deadlock with whoever holds a stock level and names its product.
    """
    rows = list(
        step.flow.model._default_manager.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=list(ids))
        .order_by("pk")
    )
    step.flow.load(rows)
    return rows


@contextmanager
def taking_many(
    step: Step,
    ids: Sequence[Any],
    *,
    by: User,
    reason: str,
    reason_code: str = "",
    version: int | None = None,
) -> Iterator[Taking[Any]]:
    """Take a step on many rows; yields those on which it is open, locked, facts loaded.

    reason: why, for the record; required when the step asks for it.
    Refuses per row: UnknownRow, NotAllowed, StaleVersion, StepNotOpen and what guards say.
    Atomic: one lock in primary-key order, one save and one history row for each row.
    """
    require_reason(step, reason)
    taking: Taking[Any] = Taking(rows=[], refused=[])
    try:
        with transaction.atomic():
            rows = lock(step, ids)
            found = {row.pk for row in rows}
            taking.refused += [
                (pk, UnknownRow(what=step.flow.model_name, key=pk)) for pk in ids if pk not in found
            ]
            for row in rows:
                try:
                    check(step, row, by=by, version=version)
                except Refused as error:
                    taking.refused.append((row, error))
                else:
                    taking.rows.append(row)
            if taking.rows:
                say(step, by=by, reason=reason, reason_code=reason_code)
            yield taking
            write(step, taking.rows)
    except Refused as error:
        if not taking.refused:
            taking.refused += [(pk, error) for pk in ids]
        raise
    finally:
        _note_refused(step, taking.refused, by=by)


def _note_refused(step: Step, refused: Sequence[tuple[Any, Refused]], *, by: User) -> None:
    """Leave word of what was refused: one event for all rows of the step."""
    codes = Counter(error.code for _row, error in refused)
    keys = [getattr(row, "pk", row) for row, _error in refused[:MOST_KEYS_TOLD]]
    changes.note_refused(step=step.action, by=by, refused=codes, keys=keys)


@contextmanager
def taking(
    step: Step,
    pk: Any,
    *,
    by: User,
    reason: str,
    reason_code: str = "",
    version: int | None = None,
) -> Iterator[Any]:
    """Take a step on one row; raises what `taking_many` would have noted as refused."""
    with taking_many(
        step, [pk], by=by, reason=reason, reason_code=reason_code, version=version
    ) as taken:
        for _row, error in taken.refused:
            raise error
        yield taken.rows[0]


def say(step: Step, *, by: User, reason: str, reason_code: str = "") -> None:
    """Tell the open change set which step this is, by whom and why."""
    if (change := changes.current()) is not None:
        change.fill(action=step.action, by=by, note=reason, reason_code=reason_code)


def write(step: Step, rows: Sequence[Any]) -> None:
    """Set the target state, move the version, save once with one history row naming the step.

    One moment for all rows: columns that are the same for all are written in one statement.
    """
    now = changes.moment()
    for row in rows:
        if step.target:
            setattr(row, step.flow.field, step.target)
            if step.flow.since:
                setattr(row, step.flow.since, now)
        row.version += 1
    history.update_rows(rows, step=step.name, always=True)
    step_taken.send(sender=step.flow.model, step=step, rows=rows)


def enter(step: Step, rows: Sequence[M], *, by: User, reason: str) -> list[M]:
    """Insert new rows in the entry step's state, with one history row each.

    Refuses: NotAllowed. The rows must be complete and valid.
    """
    if not rows or not all(step.is_owners(row, by) for row in rows):
        require_permission(by, step.permission_name, str(step.label).lower())
    say(step, by=by, reason=reason)
    now = changes.moment()
    for row in rows:
        setattr(row, step.flow.field, step.target)
        if step.flow.since:
            setattr(row, step.flow.since, now)
    return history.insert_rows(rows, step=step.name)


@contextmanager
def editing(
    model: type[M], pk: Any, *, by: User, permission: str, reason: str, version: int | None = None
) -> Iterator[M]:
    """Edit one row's own columns: lock, permission, version, body, one save, one history row.

    permission: as `has_perm` takes it. A body that changes nothing leaves row and version alone.
    Refuses: UnknownRow, NotAllowed, StaleVersion.
    """
    with editing_many(model, [pk], by=by, permission=permission, reason=reason) as rows:
        if not rows:
            raise UnknownRow(what=model._meta.verbose_name, key=pk)
        row = rows[0]
        if version is not None and version != row.version:  # type: ignore[attr-defined]
            raise StaleVersion(what=row, theirs=row.version, yours=version)  # type: ignore[attr-defined]
        yield row


@contextmanager
def editing_many(
    model: type[M], ids: Sequence[Any], *, by: User, permission: str, reason: str
) -> Iterator[list[M]]:
    """Edit many rows' own columns under one lock in primary-key order.

    Yields the rows found; those that the body changed are saved, one history row each.
    Refuses: NotAllowed.
    """
    require_permission(by, permission, permission.partition(".")[2].replace("_", " "))
    with transaction.atomic():
        locked = model._default_manager.select_for_update(of=("self",), no_key=True)
        rows = cast("list[M]", list(locked.filter(pk__in=list(ids)).order_by("pk")))
        if (change := changes.current()) is not None:
            change.fill(action=permission, by=by, note=reason)
        yield rows
        changed = [row for row in rows if row.changed_fields()]
        for row in changed:
            if isinstance(row, VersionedModel) and "version" not in row.changed_fields():
                row.version += 1
        history.update_rows(changed)
