"""Doing it: chunk by chunk through the act's plural verb, with the receipt right after each.

A process may die between a chunk and its receipt. The record itself is the witness then: what has
a history row of this change set is done, whatever the receipt says, and is not done again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice import changes, jobs
from backoffice.bulk import answers, refusals
from backoffice.bulk.planning import write_rows
from backoffice.bulk.subjects import Subject, key_of, subject_of
from backoffice.models import BulkRow, BulkRun, Job
from backoffice.refused import Refused
from backoffice.steps import Outcome

logger = logging.getLogger(__name__)

RUN_KIND = "backoffice.bulk"
LEAST_ROWS_A_CHUNK, FIRST_ROWS_A_CHUNK, MOST_ROWS_A_CHUNK = 10, 50, 200
# A chunk is what a stop waits for and a death repeats: smaller where each row asks a bank.
CHUNK_SECONDS = 2
# A request that ran a small one is long over by then, or dead.
LEFT_BEHIND_MINUTES = 15

Verdict = BulkRow.Verdict
State = BulkRun.State


class Unanswered(Refused):
    sentence = _("Nothing came of it, and nothing says why.")
    hint = _("Look at the row's history, then try it alone.")


class Stopped(Exception):  # noqa: N818  (it is what happened, not an error)
    """The run's owner asked for it to stop, and it did."""


def run(row: BulkRun, work: jobs.Run | None = None) -> BulkRun:
    """Do what was confirmed to every row that is left; go on where an earlier attempt ended.

    Called outside of transactions, for the owner, in the run's own change set.
    Refuses: what the plural verb refuses as a whole, when that is the very first thing it does.
    Atomic for each chunk's receipt; the verb is as atomic as it is.
    """
    assert row.change_set_id is not None, "a run is confirmed before it runs"
    subject = subject_of(row)
    if not _claim(row, work):
        return row
    is_resumed = row.attempts > 1
    with _change_of(row):
        try:
            _run(row, subject, work, is_resumed=is_resumed)
        except Stopped:
            return _end(row, State.CANCELLED)
        except jobs.Cancelled:
            _end(row, State.CANCELLED)
            raise
        except Refused:
            raise
        except Exception:
            _end(row, State.FAILED, str(_("Something went wrong on our side; the log has it.")))
            raise
    return _end(row, State.DONE)


def finish(row: BulkRun) -> Job:
    """Start a job that does what is left of a confirmed run. Call it in a transaction."""
    return jobs.start(
        RUN_KIND,
        by=row.owner,
        arguments={"run": str(row.uuid)},
        key=f"{row.uuid}:{row.attempts}",
        label=f"{row.label} · {row.total:,}",
    )


def sweep(*, now: datetime) -> dict[str, int]:
    """Close plans that nobody confirmed, and finish what a request left behind when it died.

    The clock calls this, so nobody's permission is asked. Atomic for each run.
    """
    expired = 0
    for row in BulkRun.objects.overdue(now):
        with transaction.atomic():
            moved = BulkRun.objects.overdue(now).filter(pk=row.pk).update(state=State.EXPIRED)
            if moved:
                row.rows.all().delete()
                expired += 1
    finished = 0
    left = Q(state=State.RUNNING, job=None) & Q(
        updated_at__lt=now - timedelta(minutes=LEFT_BEHIND_MINUTES)
    )
    for row in BulkRun.objects.filter(left).select_related("owner"):
        with transaction.atomic():
            BulkRun.objects.filter(pk=row.pk, job=None).update(job=finish(row))
            finished += 1
    return {"expired": expired, "finished": finished}


# --- Inside ---------------------------------------------------------------------------------------


def _claim(row: BulkRun, work: jobs.Run | None) -> bool:
    """Begin an attempt; False when there is none to begin, or another job has the run by now."""
    if work is not None and work.job.pk != row.job_id:
        return False
    if row.state not in {State.RUNNING, *BulkRun.STOPPED}:
        return False
    # An attempt after a stop begins without it; one that comes before the first row is kept.
    stop = {} if row.state == State.RUNNING else {"stop_asked_at": None}
    BulkRun.objects.filter(pk=row.pk).update(
        state=State.RUNNING,
        attempts=F("attempts") + 1,
        finished_at=None,
        error="",
        updated_at=timezone.now(),
        **stop,
    )
    row.refresh_from_db()
    return True


def _change_of(row: BulkRun) -> Any:
    """Work in the change set of the click that confirmed; stay in it when it is still open."""
    change = changes.current()
    if change is not None and change.is_written and change.row().pk == row.change_set_id:
        return nullcontext()
    assert row.change_set_id is not None
    return changes.resume(row.change_set_id)


def _run(row: BulkRun, subject: Subject, work: jobs.Run | None, *, is_resumed: bool) -> None:
    given = answers.decode(row.answers)
    size = FIRST_ROWS_A_CHUNK
    while True:
        _check(row, work)
        chunk = list(row.rows.filter(verdict=Verdict.CAN).order_by("position")[:size])
        if not chunk:
            return
        began = time.monotonic()
        is_alone = work is None and not is_resumed and not row.done
        _do(row, subject, chunk, given, is_resumed=is_resumed, may_refuse=is_alone)
        if work is not None:
            work.progress(row.done + row.refused, row.total)
        is_slow = time.monotonic() - began > CHUNK_SECONDS
        size = max(size // 2, LEAST_ROWS_A_CHUNK) if is_slow else min(size * 2, MOST_ROWS_A_CHUNK)


def _check(row: BulkRun, work: jobs.Run | None) -> None:
    if work is not None:
        work.check()
    if BulkRun.objects.filter(pk=row.pk, stop_asked_at__isnull=False).exists():
        raise Stopped


def _do(
    row: BulkRun,
    subject: Subject,
    chunk: Sequence[BulkRow],
    given: dict[str, Any],
    *,
    is_resumed: bool,
    may_refuse: bool,
) -> None:
    """Do one chunk and write its receipt; in one transaction where the verb allows it.

    may_refuse: whoever asked is still there to be told that the verb refuses the whole; else each
    row is refused with it.
    """
    together = transaction.atomic() if subject.act.is_atomic else nullcontext()
    with together:
        seen = _witnessed(row, subject, chunk) if is_resumed else set()
        to_do = [line for line in chunk if line.object_key not in seen]
        outcome: Outcome[Any] = Outcome()
        whole: Refused | None = None
        if to_do:
            try:
                outcome = subject.act.run_many(
                    [subject.model._meta.pk.to_python(line.object_key) for line in to_do],
                    model_name=subject.keyword,
                    by=row.owner,
                    answers=given,
                )
            except Refused as refused:
                if may_refuse:
                    raise
                whole = refused
        with transaction.atomic():
            _receipt(row, chunk, seen, outcome, whole)


def _receipt(
    row: BulkRun,
    chunk: Sequence[BulkRow],
    seen: set[str],
    outcome: Outcome[Any],
    whole: Refused | None,
) -> None:
    """Write of each row whether it is done, or why not."""
    done = seen | {key_of(target.pk) for target in outcome.done}
    refused = {key_of(getattr(target, "pk", target)): why for target, why in outcome.refused}
    done_now = 0
    for line in chunk:
        why = whole or refused.get(line.object_key)
        if line.object_key in done:
            line.verdict = Verdict.DONE
            done_now += 1
        else:
            line.verdict = Verdict.REFUSED
            refusals.note(line, why or Unanswered())
    write_rows(chunk)
    row.done += done_now
    row.refused += len(chunk) - done_now
    BulkRun.objects.filter(pk=row.pk).update(
        done=F("done") + done_now,
        refused=F("refused") + len(chunk) - done_now,
        updated_at=timezone.now(),
    )


def _witnessed(row: BulkRun, subject: Subject, chunk: Sequence[BulkRow]) -> set[str]:
    """Return the keys of rows to which this run has done its work already."""
    to_python = subject.model._meta.pk.to_python
    keys = [to_python(line.object_key) for line in chunk]
    assert row.change_set_id is not None
    if subject.act.witness is not None:
        return {key_of(pk) for pk in subject.act.witness(row.change_set_id, keys)}
    record: Any = getattr(subject.model, "history", None)
    if record is None:
        return set()
    name = subject.model._meta.pk.attname
    rows = record.filter(change_set=row.change_set_id, **{f"{name}__in": keys})
    if subject.act.step is not None:
        rows = rows.filter(step=subject.act.step.name)
    return {key_of(pk) for pk in rows.values_list(name, flat=True)}


def _end(row: BulkRun, state: str, error: str = "") -> BulkRun:
    BulkRun.objects.filter(pk=row.pk).update(
        state=state, error=error, finished_at=timezone.now(), updated_at=timezone.now()
    )
    row.refresh_from_db()
    return row
