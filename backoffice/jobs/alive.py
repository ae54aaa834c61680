"""Who runs what, told by locks: a job is alive while its lock is held, whatever the clock says.

PostgreSQL: a session advisory lock on a connection of its own, which also carries the progress past
the run's open transaction. SQLite: a locked file, which also holds the progress, since nobody else
can write to that database meanwhile. A process that dies loses both at once.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, Error, connection, connections
from django.utils import timezone

from backoffice.models import Job

# The upper half of our advisory locks' key; the lower half is the job's, or 0 for workers.
JOB_LOCKS = 0x6A6F62
WORKER_LOCKS = 0x776F72
# Somebody who only looks holds a file's lock for a moment.
FILE_TRIES = 10
FILE_PAUSE_SECONDS = 0.02


class Hold(Protocol):
    """A lock that is held: the way out for progress, and the way in for cancelling."""

    def report(self, done: int, total: int, message: str) -> None:
        """Show how far the run is, now, to everybody."""

    def is_cancel_asked(self) -> bool:
        """True when somebody asked to stop."""


# --- PostgreSQL -----------------------------------------------------------------------------------


@contextmanager
def own_connection() -> Iterator[Any]:
    """Open a connection beside this thread's: autocommit, outside of whatever is open there."""
    own = connections[DEFAULT_DB_ALIAS].copy()
    try:
        yield own
    finally:
        with suppress(DatabaseError):
            own.close()


class SessionHold:
    """A session advisory lock; it ends with the connection, so with the process."""

    def __init__(self, own: Any, job: Job) -> None:
        self.own = own
        self.pk = job.pk

    def report(self, done: int, total: int, message: str) -> None:
        with self.own.cursor() as cursor:
            cursor.execute(
                "UPDATE backoffice_job SET done = %s, total = %s, message = %s, updated_at = %s"
                " WHERE id = %s",
                [done, total, message, timezone.now(), self.pk],
            )

    def is_cancel_asked(self) -> bool:
        with self.own.cursor() as cursor:
            cursor.execute(
                "SELECT cancel_asked_at IS NOT NULL FROM backoffice_job WHERE id = %s", [self.pk]
            )
            row = cursor.fetchone()
        return bool(row and row[0])


@contextmanager
def _session_hold(job: Job) -> Iterator[Hold | None]:
    with own_connection() as own:
        with own.cursor() as cursor:
            # Progress may be lost in a crash; waiting for the disk at each of its lines is not.
            cursor.execute("SET synchronous_commit = off")
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [JOB_LOCKS, job.pk % 2**31])
            is_held = cursor.fetchone()[0]
        if not is_held:
            yield None
            return
        try:
            yield SessionHold(own, job)
        finally:
            # The end of the connection lets go of it as well, but a moment after we closed it.
            with suppress(Error), own.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [JOB_LOCKS, job.pk % 2**31])


def session_is_held(upper: int, lower: int) -> bool:
    """Look without touching: trying the lock would make a runner that comes just now give up."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND classid = %s AND objid = %s AND objsubid = 2)",
            [upper, lower],
        )
        return bool(cursor.fetchone()[0])


# --- SQLite ---------------------------------------------------------------------------------------


def job_file(job: Job) -> Path:
    return Path(settings.JOBS_ROOT) / f"{job.uuid}.json"


def cancel_file(job: Job) -> Path:
    return Path(settings.JOBS_ROOT) / f"{job.uuid}.cancel"


class FileHold:
    """A locked file; the kernel lets go of it with the process."""

    def __init__(self, handle: int, job: Job) -> None:
        self.handle = handle
        self.job = job

    def report(self, done: int, total: int, message: str) -> None:
        line = json.dumps({"done": done, "total": total, "message": message}).encode()
        os.pwrite(self.handle, line, 0)
        os.ftruncate(self.handle, len(line))

    def is_cancel_asked(self) -> bool:
        return cancel_file(self.job).exists()


def lock_file(path: Path) -> int | None:
    """Open and lock a file: its handle, or None when somebody holds it.

    flock, not lockf: two threads of one process are two holders, too.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for _try in range(FILE_TRIES):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The former holder removes the file: a lock on a removed file excludes nobody.
            if os.fstat(handle).st_ino == path.stat().st_ino:
                return handle
        except (BlockingIOError, FileNotFoundError):
            pass
        os.close(handle)
        time.sleep(FILE_PAUSE_SECONDS)
    return None


@contextmanager
def _file_hold(job: Job) -> Iterator[Hold | None]:
    path = job_file(job)
    handle = lock_file(path)
    if handle is None:
        yield None
        return
    try:
        yield FileHold(handle, job)
    finally:
        # Removed while it is still locked: whoever waits for it finds out (see lock_file).
        path.unlink(missing_ok=True)
        os.close(handle)


def file_is_held(path: Path, *, by_sharers: bool = False) -> bool:
    """Tell whether somebody holds the file; by_sharers: where holders share it."""
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, (fcntl.LOCK_EX if by_sharers else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


# --- Either ---------------------------------------------------------------------------------------


def hold(job: Job) -> Any:
    """Hold a job's lock for the time of the block; None inside when somebody else holds it."""
    return _session_hold(job) if connection.vendor == "postgresql" else _file_hold(job)


def is_alive(job: Job) -> bool:
    """True while a living process holds the job."""
    if connection.vendor == "postgresql":
        return session_is_held(JOB_LOCKS, job.pk % 2**31)
    return file_is_held(job_file(job))


def live_progress(job: Job) -> tuple[int, int, str] | None:
    """Return what a run has written past the database, also one that died; None: see the row."""
    if connection.vendor == "postgresql":
        return None
    with suppress(OSError, ValueError, KeyError):
        seen = json.loads(job_file(job).read_bytes())
        return seen["done"], seen["total"], seen["message"]
    return None


def ask_to_stop(job: Job) -> None:
    """Tell the run to stop, past the database where its transaction would make us wait."""
    if connection.vendor != "postgresql":
        path = cancel_file(job)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def forget_stop(job: Job) -> None:
    """Take back what `ask_to_stop` left."""
    if connection.vendor != "postgresql":
        cancel_file(job).unlink(missing_ok=True)
