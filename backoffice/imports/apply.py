"""Writing a previewed run: claimed once, judged again under lock, then each part by its service."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice import changes
from backoffice.imports import plan as planning
from backoffice.imports import receive, refusals, stage
from backoffice.imports.columns import Column
from backoffice.imports.parse import Fault, shown
from backoffice.imports.rows import Row, Verdict
from backoffice.imports.runs import expire_runs, own_run
from backoffice.imports.sheets import Plan, Sheet, Work, sheet
from backoffice.models import ChangeSet, ImportRow, ImportRun, User
from backoffice.refused import Refused
from backoffice.steps import require_permission

State, Policy = ImportRun.State, ImportRun.Policy


class _Undone(Exception):  # noqa: N818  (never leaves this module)
    """The transaction must not stand: some rows turned out to be refused."""


def apply_run(
    *,
    uuid: Any,
    by: User,
    reason: str,
    policy: str = "",
    sha256: str = "",
    is_final: bool = False,
    now: datetime | None = None,
) -> ImportRun:
    """Write what the preview showed, once.

    reason: why, for the record; blank: "Import of <file>". policy: another one than was chosen at
    the upload. sha256: of the file that the person saw; blank: not asked. is_final: nobody comes
    back to this run, so one that is refused is closed. now: the clock.
    Refuses: UnknownRun; NotAllowed; RunExpired; RunNotWaiting; ContentChanged.
    When rows are refused under all-or-nothing the run is returned with state and counts that say
    so: it waits again, or is closed.
    Atomic: one transaction for everything that the accepted rows write; a row whose fields are no
    longer what the preview showed is refused.
    """
    run = own_run(uuid=uuid, by=by)
    kind = sheet(run.sheet)
    require_permission(by, kind.import_permission, kind.import_words)
    moment = now or timezone.now()
    expire_runs(now=moment)
    run.refresh_from_db()
    _claim(run, sha256=sha256, now=moment)
    run.policy = policy or run.policy
    run.reason = reason.strip() or _("Import of {file}").format(file=run.file_name)
    try:
        _Application(run, kind, by=by, now=moment, is_final=is_final).work()
    except Refused as refused:
        _close(run, State.REFUSED if is_final else State.VALIDATED, str(refused))
        raise
    except BaseException:
        with suppress(DatabaseError):  # it may be the database that is gone; the sweep closes it
            _close(run, State.FAILED, _("It was interrupted; nothing was applied."))
        raise
    finally:
        if run.state != State.VALIDATED:
            receive.forget(run.stored_as)
    return run


def _claim(run: ImportRun, *, sha256: str, now: datetime) -> None:
    """Take a waiting run for ourselves: of two confirmations at once, one gets it."""
    if sha256 and sha256 != run.sha256:
        raise refusals.ContentChanged
    if run.state == State.EXPIRED:
        raise refusals.RunExpired(hours=settings.IMPORT_EXPIRES_HOURS)
    if run.state == State.VALIDATED and not receive.is_intact(run.stored_as, run.sha256):
        raise refusals.ContentChanged
    claimed = ImportRun.objects.filter(pk=run.pk, state=State.VALIDATED, expires_at__gt=now).update(
        state=State.RUNNING, started_at=now
    )
    run.refresh_from_db()
    if not claimed:
        raise refusals.RunNotWaiting(state=run.get_state_display().lower())


def _close(run: ImportRun, state: str, outcome: str) -> None:
    run.state, run.outcome = state, outcome
    run.finished_at = None if state == State.VALIDATED else timezone.now()
    run.save()


class _Application:
    """One attempt to write a run, repeated without the rows that turn out to be refused."""

    def __init__(
        self, run: ImportRun, kind: Sheet, *, by: User, now: datetime, is_final: bool
    ) -> None:
        self.run, self.kind, self.by, self.now = run, kind, by, now
        self.is_final = is_final
        # By staged row: found under lock, or said by a service while writing.
        self.refused: dict[int, list[dict[str, str]]] = {}

    def work(self) -> None:
        if self.run.refused and self.run.policy == Policy.ALL_OR_NOTHING:
            self._refuse_all()
            return
        is_second_look = False
        while True:
            before = len(self.refused)
            try:
                with transaction.atomic(), self._change() as change:
                    self._write(change)
            except _Undone:
                if self.run.policy == Policy.ALL_OR_NOTHING or len(self.refused) == before:
                    break
            except Refused:
                # A rival wrote between our look and our write; now it can be seen, row by row.
                if is_second_look:
                    raise
                is_second_look = True
            else:
                return
        self._keep_refusals()
        self._refuse_all()

    def _change(self) -> Any:
        """Open a change set of this run's own, through whichever door it came."""
        outer = changes.current()
        return changes.change(
            separate=True,
            action=self.kind.action,
            channel="import",
            by=self.by,
            note=self.run.reason,
            at=outer.at if outer else None,
            caller=outer.caller if outer else None,
        )

    def _write(self, change: changes.Change) -> None:
        columns = self.kind.columns()
        rows = stage.load(self.run, columns)
        targets = self.run.rows.values_list("target_id", flat=True)
        self.kind.lock(pk for pk in targets if pk is not None)
        self._weigh(rows, columns)
        accepted = [row for row in rows if not row.faults and row.staged_id not in self.refused]
        for row in rows:
            if row.faults and row.staged_id not in self.refused:
                self._note(row, [fault.as_json() for fault in row.faults])
        if self.refused and self.run.policy == Policy.ALL_OR_NOTHING:
            raise _Undone
        work = Work(
            plan=self.plan, rows=accepted, by=self.by, reason=self.run.reason, cause=self.run.uuid
        )
        for part in self.kind.parts:
            part.apply(work)
            if work.refused:
                for row, refusal in work.refused:
                    row.refuse_by(refusal)
                    self._note(row, [row.faults[-1].as_json()])
                raise _Undone
        self._finish(work, change)

    def _weigh(self, rows: list[Row], columns: dict[str, Column]) -> None:
        """Judge again, now under lock, and refuse what has drifted since the preview."""
        shown_changes = {row.line: row.changes for row in rows}
        self.plan = Plan(self.kind, rows, self.by, self.run.mode, self.now)
        for row in rows:
            if row.staged_id in self.refused:
                row.refuse("", Fault("refused_while_written", ""))
        planning.weigh(self.plan, columns)
        for row in rows:
            seen = shown_changes[row.line]
            if (fault := _drift(row, seen, columns)) is not None:
                row.faults.clear()
                row.refuse("", fault)
            # Never more than the preview showed.
            row.changes = {name: row.changes[name] for name in seen if name in row.changes}

    def _note(self, row: Row, errors: list[dict[str, str]]) -> None:
        assert row.staged_id is not None
        self.refused[row.staged_id] = errors

    def _finish(self, work: Work, change: changes.Change) -> None:
        """Say on the run and its rows what was written: part of the same transaction."""
        self._keep_refusals()
        made = self.kind.model._default_manager.filter(**{self.kind.key: OuterRef("key")})
        self.run.rows.filter(verdict=Verdict.NEW).update(
            target_id=Subquery(made.values("pk")[:1]), target_uuid=Subquery(made.values("uuid")[:1])
        )
        run = self.run
        if change.is_written:
            run.change_set = ChangeSet.objects.get(pk=change.row().pk)
        run.state, run.finished_at, run.outcome = State.APPLIED, timezone.now(), ""
        run.save()

    def _keep_refusals(self) -> None:
        """Write the refusals of this application onto the staged rows and the counts."""
        rows = [
            ImportRow(pk=pk, verdict=Verdict.REFUSED, errors=errors)
            for pk, errors in self.refused.items()
        ]
        ImportRow.objects.bulk_update(rows, ["verdict", "errors"], batch_size=500)
        stage.count(self.run, self.run.rows.values_list("verdict", flat=True))

    def _refuse_all(self) -> None:
        refusal = refusals.RowsRefused(refused=self.run.refused, rows=self.run.row_count)
        _close(self.run, State.REFUSED if self.is_final else State.VALIDATED, str(refusal))


def _drift(row: Row, seen: dict[str, tuple[str, str]], columns: dict[str, Column]) -> Fault | None:
    """Return why a row is not what the preview showed any more."""
    if row.target_id is None:
        if row.current is None:
            return None
        return Fault(
            "created_since",
            _("{key} was created by somebody else since the preview."),
            _("Import the file again and read the new preview."),
            key=row.key,
        )
    if row.current is None or row.current.pk != row.target_id:
        return Fault(
            "gone_since",
            _("{key} is no longer there under this key."),
            _("Import the file again and read the new preview."),
            key=row.key,
        )
    for name, (old, _new) in seen.items():
        now = columns[name].export(row.current)
        if now != old:
            return Fault(
                "changed_since",
                _("{label} was changed since the preview: it showed {old}, now it is {now}."),
                _("Import the file again and read the new preview."),
                label=columns[name].label,
                old=shown(old) or "–",
                now=shown(now) or "–",
            )
    return None
