"""The plan: what an act would do to each staged row, as its guards see it now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice import jobs
from backoffice.bulk import refusals
from backoffice.bulk.subjects import Subject, UnknownRun, own_run, subject_of
from backoffice.models import BulkRow, BulkRun, User
from backoffice.refused import Refused, UnknownRow

PLAN_KIND = "backoffice.plan_bulk"
ROWS_A_CHUNK = 500
JUDGED = ("title", "verdict", "code", "reason", "sentence", "way_out")

Verdict = BulkRow.Verdict
State = BulkRun.State


def start_plan(run: BulkRun) -> BulkRun:
    """Plan now, or as a job where that takes longer than a person waits for a page."""
    if run.total <= settings.BULK_PLAN_AT_ONCE_ROWS:
        return plan(run)
    with transaction.atomic():
        run.job = jobs.start(
            PLAN_KIND,
            by=run.owner,
            arguments={"run": str(run.uuid)},
            label=_("Plan: {act}").format(act=run.label),
        )
        run.save(update_fields=["job", "updated_at"])
    run.refresh_from_db()
    return run


def plan(run: BulkRun, work: jobs.Run | None = None) -> BulkRun:
    """Judge every staged row and count; the run can then be confirmed.

    Judged rows are left alone, so that a job that was killed goes on where it ended.
    Refuses: UnknownAct. Atomic for each chunk; changes nothing but the run.
    """
    subject = subject_of(run)
    for chunk in _staged(run):
        able = judge(chunk, subject)
        run.sums = _added(run.sums, subject.sums(able))
        with transaction.atomic():
            write_rows(chunk)
            run.save(update_fields=["sums", "updated_at"])
        if work is not None:
            work.progress(chunk[-1].position, run.total)
            work.check()
    run.can = run.rows.filter(verdict=Verdict.CAN).count()
    run.cannot = run.rows.filter(verdict=Verdict.CANNOT).count()
    run.state, run.planned_at = State.PLANNED, timezone.now()
    run.save(update_fields=["can", "cannot", "state", "planned_at", "updated_at"])
    return run


def plan_again(*, uuid: Any, by: User) -> BulkRun:
    """Look at every row of a waiting run once more: the world went on since.

    Refuses: UnknownRun, also when it does not wait any more; UnknownAct.
    """
    run = own_run(uuid=uuid, by=by)
    with transaction.atomic():
        moved = BulkRun.objects.filter(pk=run.pk, state=State.PLANNED).update(
            state=State.STAGED,
            sums={},
            expires_at=timezone.now() + timedelta(hours=settings.BULK_EXPIRES_HOURS),
        )
        if not moved:
            raise UnknownRun
        # What this role never saw stays unknown.
        run.rows.exclude(code="unknown_row").update(
            verdict=Verdict.STAGED, code="", reason="", sentence="", way_out=""
        )
    run.refresh_from_db()
    return start_plan(run)


def judge(rows: Sequence[BulkRow], subject: Subject) -> list[Any]:
    """Say of staged rows whether they can, and why not; return the loaded rows that can."""
    found = subject.rows([row.object_key for row in rows])
    able = []
    for row in rows:
        target = found.get(row.object_key)
        refused: Refused | None = UnknownRow(
            what=subject.model._meta.verbose_name, key=row.object_key
        )
        if target is not None:
            row.title = str(target)[:200]
            refused = subject.act.closed_because(target)
        if refused is None:
            row.verdict = Verdict.CAN
            able.append(target)
        else:
            row.verdict = Verdict.CANNOT
            refusals.note(row, refused)
    return able


def write_rows(rows: Sequence[BulkRow]) -> None:
    """Write what was judged, or what came of it: one statement."""
    BulkRow.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["pk"], update_fields=list(JUDGED)
    )


def _added(sums: Mapping[str, str], more: Mapping[str, Decimal]) -> dict[str, str]:
    """Add amounts by currency; JSON keeps them as texts."""
    return {
        currency: str(Decimal(sums.get(currency, "0")) + more.get(currency, Decimal(0)))
        for currency in sorted({*sums, *more})
    }


def _staged(run: BulkRun) -> Iterator[list[BulkRow]]:
    while chunk := list(
        run.rows.filter(verdict=Verdict.STAGED).order_by("position")[:ROWS_A_CHUNK]
    ):
        yield chunk
