"""One row for one click, request, job or command that changed something: the open change set.

A door (middleware, manage.py, a task) opens a change; the first audited write inside it writes the
`ChangeSet` row in its own transaction. Nothing else creates change sets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

if TYPE_CHECKING:
    from backoffice.models import ChangeSet


class UnauditedWrite(RuntimeError):  # noqa: N818
    """A write that would leave no trace: a bug of the caller, never a user's mistake."""


@dataclass(frozen=True)
class Caller:
    """Where a request came from: its id, its address, its browser."""

    request_id: str = ""
    ip: str = ""
    user_agent: str = ""


@dataclass(eq=False)
class Change:
    """What will stand in the change set, until its first write; afterwards, where it stands.

    at: the moment that rows of this change carry; None: the clock at the first write.
    once_key: of what must not happen twice: a second change set with it cannot be written.
    is_token: a program acts, with a key that the actor gave it.
    """

    action: str = ""
    channel: str = "command"
    actor: Any = None
    reason_code: str = ""
    note: str = ""
    caller: Caller = Caller()
    at: datetime | None = None
    once_key: str = ""
    is_token: bool = False
    # What verbs refused inside: an event tells it once their transactions are undone.
    refusals: list[dict[str, Any]] = field(default_factory=list, repr=False)
    _row: ChangeSet | None = field(default=None, repr=False)
    _is_committed: bool = field(default=False, repr=False)

    @property
    def is_written(self) -> bool:
        """True while the row exists: committed, or pending in the open transaction.

        The on-commit marker is the witness: Django drops it when the savepoint or the transaction
        that wrote the row is rolled back. An id that outlives its row would fail at COMMIT, far
        from the cause.
        """
        if self._row is None:
            return False
        if self._is_committed:
            return True
        waiting = transaction.get_connection().run_on_commit
        return any(hook == self._mark_committed for _sids, hook, _robust in waiting)

    def _mark_committed(self) -> None:
        self._is_committed = True

    def fill(
        self, *, action: str = "", reason_code: str = "", note: str = "", by: Any = None
    ) -> None:
        """Say more about this change; what is already said, or written, stays."""
        if self.is_written:
            return
        self.action = self.action or action
        self.reason_code = self.reason_code or reason_code
        self.note = self.note or note
        self.actor = self.actor or by

    def row(self) -> ChangeSet:
        """Return the change set's row, written on the first call of each living transaction."""
        if not self.is_written:
            from backoffice.models import ChangeSet

            with transaction.atomic():
                self._is_committed = False
                self._row = ChangeSet.write(self)
                transaction.on_commit(self._mark_committed)
        assert self._row is not None
        return self._row

    def write_refusals(self) -> None:
        """Record what was refused: when the change closes, outside of what was rolled back."""
        noted, self.refusals = self.refusals, []
        if not noted or transaction.get_connection().needs_rollback:
            return
        from backoffice.models import AuditEvent

        with transaction.atomic():
            for by, detail in ((one.pop("by"), one) for one in noted):
                self.fill(action=detail["step"], by=by)
                AuditEvent.record(AuditEvent.REFUSED, **detail)


_open: ContextVar[Change | None] = ContextVar("open_change", default=None)


def current() -> Change | None:
    """Return the open change, or None outside of every door."""
    return _open.get()


def say(*, action: str, by: Any, reason: str, reason_code: str = "") -> None:
    """Tell the open change what is done, by whom and why; what it already says stays."""
    if (change := _open.get()) is not None:
        change.fill(action=action, by=by, note=reason, reason_code=reason_code)


def note_refused(*, step: str, by: Any, refused: Mapping[str, int], keys: Sequence[Any]) -> None:
    """Remember that a step was refused, for an event once its transaction is undone.

    refused: code of the refusal → how many rows. keys: the first of them.
    """
    if refused and (change := _open.get()) is not None:
        told = {"codes": dict(refused), "keys": [str(key) for key in keys]}
        change.refusals.append({"by": by, "step": step, **told})


def require() -> ChangeSet:
    """Return the open change set's row. Raises UnauditedWrite when no door opened a change."""
    change = _open.get()
    if change is None:
        raise UnauditedWrite("A write to an audited table outside of a change; open one first.")
    return change.row()


def moment() -> datetime:
    """Return the time that rows written now carry: the clock, or the time the door stated."""
    change = _open.get()
    return (change.at if change else None) or timezone.now()


@contextmanager
def change(
    *,
    action: str = "",
    channel: str = "command",
    by: Any = None,
    reason_code: str = "",
    note: str = "",
    separate: bool = False,
    at: datetime | None = None,
    caller: Caller | None = None,
    once_key: str = "",
) -> Iterator[Change]:
    """Open a change; inside another one, say more about that one while it is unwritten.

    separate: begin a change set of its own even inside another (a command that replays many).
    at: the time that its rows carry (a replay); None: the clock.
    once_key: with `separate`: its first write fails when another change set has this key.
    """
    outer = _open.get()
    if outer is not None and not separate:
        outer.fill(action=action, reason_code=reason_code, note=note, by=by)
        yield outer
        return
    opened = Change(
        action=action,
        channel=channel,
        actor=by,
        reason_code=reason_code,
        note=note,
        at=at,
        caller=caller or Caller(),
        once_key=once_key,
    )
    token = _open.set(opened)
    try:
        yield opened
    finally:
        try:
            opened.write_refusals()
        finally:
            _open.reset(token)


@contextmanager
def resume(change_set_id: int) -> Iterator[Change]:
    """Continue a written change set: a settlement or a job works on for the click that asked."""
    from backoffice.models import ChangeSet

    row = ChangeSet.objects.get(pk=change_set_id)
    opened = Change(action=row.action, channel=row.channel, actor=row.actor)
    opened._row = row
    opened._is_committed = True
    token = _open.set(opened)
    try:
        yield opened
    finally:
        try:
            opened.write_refusals()
        finally:
            _open.reset(token)
