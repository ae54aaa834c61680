"""The ways of delivering, each with real workers, under one set of words."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from celery import Celery

from tests.backoffice.jobs.conftest import ROOT, process_environment

# What settings.CELERY_APP names in these tests; made anew for each of them.
app: Celery | None = None


@dataclass
class Engine:
    """One backend, its environment, and the workers that a test started."""

    name: str
    environment: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def is_celery(self) -> bool:
        return self.name == "celery"

    @property
    def has_workers(self) -> bool:
        return self.name != "immediate"

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a worker with its clock, in a process group of its own."""
        command = (
            ["-m", "celery", "-A", "config.celery", "worker", "-B", "-c", "1", "-l", "WARNING"]
            if self.is_celery
            else ["manage.py", "db_worker", "--interval=0.1"]
        )
        worker = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=process_environment(
                JOBS_BACKEND=self.name, TOYS_BACKOFF_SECONDS="0", **self.environment
            ),
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """End a worker and everything that it forked, without a word of warning."""
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def use(engine: Engine, settings: Any) -> None:
    """Let this process deliver as the engine's workers expect it; settings: pytest's, of a test."""
    global app  # noqa: PLW0603  (settings.CELERY_APP is a name that can be imported)
    settings.JOBS_BACKEND = engine.name
    if not engine.is_celery:
        return
    settings.CELERY_BROKER_URL = engine.environment["CELERY_BROKER_URL"]
    settings.CELERY_TASK_DEFAULT_QUEUE = engine.environment["CELERY_QUEUE"]
    settings.CELERY_APP = "tests.backoffice.jobs.engines.app"
    app = Celery("tests", set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
