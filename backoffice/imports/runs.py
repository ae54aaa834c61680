"""The life of a run: started from a file, previewed, then confirmed, discarded or expired."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from backoffice.imports import plan as planning
from backoffice.imports import receive, recipes, refusals, stage
from backoffice.imports.read import read
from backoffice.imports.sheets import Sheet, sheet
from backoffice.models import ImportRun, User
from backoffice.steps import require_permission

# A worker that died leaves its run behind as "running"; its transaction is long undone.
DEAD_AFTER_HOURS = 2


def start_run(
    *,
    sheet_name: str,
    file: IO[Any],
    file_name: str,
    by: User,
    recipe: str = "",
    mode: str = ImportRun.Mode.UPSERT,
    policy: str = ImportRun.Policy.ALL_OR_NOTHING,
    ignore_unknown: bool = False,
    now: datetime | None = None,
) -> ImportRun:
    """Take a file in, read it, judge every row, and stage all of it for the preview.

    recipe: blank: recognised by the header. now: the clock.
    Refuses: NotAllowed; UnknownRow; every FileRefused, of which nothing is kept.
    Atomic: the run and its rows; nothing of the trade is written.
    """
    kind = sheet(sheet_name)
    require_permission(by, kind.import_permission, kind.import_words)
    moment = now or timezone.now()
    expire_runs(now=moment)
    received = receive.receive(file, name=file_name)
    try:
        return _stage(
            kind,
            received,
            by=by,
            recipe=recipe,
            mode=mode,
            policy=policy,
            ignore_unknown=ignore_unknown,
            now=moment,
        )
    except BaseException:
        received.forget()
        raise


def _stage(
    kind: Sheet,
    received: receive.Received,
    *,
    by: User,
    recipe: str,
    mode: str,
    policy: str,
    ignore_unknown: bool,
    now: datetime,
) -> ImportRun:
    table = read(received.content, known=kind.known_columns())
    chosen = recipes.choose(kind.recipes, table, recipe)
    mapped = chosen.map(table, ignore_unknown=ignore_unknown, now=now)
    judged = planning.judge(kind, mapped.rows, width=len(table.header), by=by, mode=mode, now=now)
    run = ImportRun(
        owner=by,
        sheet=kind.name,
        recipe=chosen.name,
        mode=mode,
        policy=policy,
        ignore_unknown=ignore_unknown,
        file_name=received.file_name,
        stored_as=received.stored_as,
        sha256=received.sha256,
        size_bytes=len(received.content),
        header=table.header,
        columns=mapped.columns,
        warnings=[note.as_json() for note in [*table.notes, *mapped.notes, *judged.notes]],
        expires_at=now + timedelta(hours=settings.IMPORT_EXPIRES_HOURS),
    )
    # Only now: on SQLite nobody else could write while the file is read and judged.
    with transaction.atomic():
        run.save()
        stage.store(run, judged)
        run.state = ImportRun.State.VALIDATED
        run.save()
    return run


def own_run(*, uuid: Any, by: User) -> ImportRun:
    """Return a person's own run. Refuses: UnknownRun, whoever else's it may be."""
    run = ImportRun.objects.of(by).filter(uuid=uuid).first()
    if run is None:
        raise refusals.UnknownRun
    return run


def discard_run(*, uuid: Any, by: User) -> ImportRun:
    """Drop a preview that nobody will confirm, and its file.

    Refuses: UnknownRun; RunNotWaiting.
    Atomic: one conditional update.
    """
    run = own_run(uuid=uuid, by=by)
    moved = ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.VALIDATED).update(
        state=ImportRun.State.DISCARDED, finished_at=timezone.now()
    )
    if not moved:
        raise refusals.RunNotWaiting(state=run.get_state_display().lower())
    receive.forget(run.stored_as)
    run.refresh_from_db()
    return run


def expire_runs(*, now: datetime) -> int:
    """Close what was not confirmed in time, or died on the way, and remove the files."""
    overdue = list(ImportRun.objects.overdue(now))
    dead = ImportRun.objects.filter(
        state=ImportRun.State.RUNNING, started_at__lt=now - timedelta(hours=DEAD_AFTER_HOURS)
    )
    for run in [*overdue, *dead]:
        died = run.state == ImportRun.State.RUNNING
        ImportRun.objects.filter(pk=run.pk, state=run.state).update(
            state=ImportRun.State.FAILED if died else ImportRun.State.EXPIRED, finished_at=now
        )
        receive.forget(run.stored_as)
    return len(overdue)
