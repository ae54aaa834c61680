"""Is there a worker? One is there while it holds its share of a lock, as with jobs."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections

from backoffice.jobs import alive

logger = logging.getLogger(__name__)

LOOK_SECONDS = 15
PARENT_PAUSE_SECONDS = 0.5


def worker_file() -> Path:
    """Return the file that this database's workers share; checkouts may have many databases."""
    name = hashlib.sha256(str(connection.settings_dict["NAME"]).encode()).hexdigest()[:16]
    return Path(settings.JOBS_ROOT) / f"worker-{name}.lock"


class Presence:
    """A worker's share of the lock; `ensure` takes it, and takes it again after a lost link."""

    def __init__(self) -> None:
        self._own: Any = None
        self._handle: int | None = None

    def ensure(self) -> None:
        if connection.vendor == "postgresql":
            self._ensure_session()
        elif self._handle is None:
            path = worker_file()
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            # Waits at most for somebody who is looking.
            fcntl.flock(self._handle, fcntl.LOCK_SH)

    def _ensure_session(self) -> None:
        if self._own is not None and self._own.is_usable():
            return
        self.release()
        self._own = connections[DEFAULT_DB_ALIAS].copy()
        with self._own.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock_shared(%s, 0)", [alive.WORKER_LOCKS])

    def release(self) -> None:
        if self._own is not None:
            with suppress(DatabaseError):
                self._own.close()
            self._own = None
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class Watch(threading.Thread):
    """Holds a worker's presence and nothing else.

    It asks no query of its own, so that what a worker forks meanwhile inherits but an idle line.
    """

    def __init__(self) -> None:
        super().__init__(name="presence", daemon=True)
        self._is_over = threading.Event()

    def run(self) -> None:
        presence = Presence()
        try:
            while True:
                try:
                    presence.ensure()
                except (DatabaseError, OSError):
                    logger.exception("this worker cannot show that it is there")
                if self._is_over.wait(LOOK_SECONDS):
                    return
        finally:
            presence.release()

    def stop(self) -> None:
        self._is_over.set()
        self.join(timeout=5)


def end_with_parent() -> None:
    """Wait for the end of the process that started this one, and ask this one to end, too."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(PARENT_PAUSE_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def is_one_here() -> bool:
    """True while at least one worker of this database is running, busy or not."""
    if connection.vendor == "postgresql":
        return alive.session_is_held(alive.WORKER_LOCKS, 0)
    return alive.file_is_held(worker_file(), by_sharers=True)
