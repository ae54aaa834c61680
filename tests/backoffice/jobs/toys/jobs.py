"""Work for real workers to do: each stamp is a row that nobody can take back."""

from __future__ import annotations

import os
import time

from django.db import transaction

from backoffice import jobs
from backoffice.jobs import running
from backoffice.models import AuditEvent

# Only in a worker of a test that says so: the next attempt follows at once.
if pause := os.environ.get("TOYS_BACKOFF_SECONDS"):
    running.BACKOFF_SECONDS = (int(pause),)


@jobs.kind("toys.stamp", label="Stamp rows")
def stamp(run: jobs.Run) -> dict[str, int]:
    """Stamp each row once; what an earlier attempt stamped is found and left alone."""
    rows = run.arguments["rows"]
    for row in range(rows):
        run.check()
        with transaction.atomic():
            if not AuditEvent.objects.filter(kind="stamped", subject_key=str(row)).exists():
                time.sleep(run.arguments["pause"])
                AuditEvent.objects.create(
                    change_set=run.job.change_set,
                    at=run.job.created_at,
                    kind="stamped",
                    subject_key=str(row),
                )
        run.progress(row + 1, rows, f"row {row} in process {os.getpid()}")
    return {"rows": rows}


@jobs.kind("toys.stumble", label="Stumble once")
def stumble(run: jobs.Run) -> dict[str, int]:
    """Fail at the first attempt, as a service that is away for a moment makes it."""
    if run.job.attempts == 1:
        raise ConnectionError
    return {"attempts": run.job.attempts}
