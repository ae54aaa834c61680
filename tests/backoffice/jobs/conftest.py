"""Kinds made for one test, and workers that really are processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from backoffice import jobs
from backoffice.jobs import kinds
from backoffice.models import Job

ROOT = Path(django_settings.BASE_DIR)
WAIT_SECONDS = 120


@pytest.fixture(autouse=True)
def own_kinds(monkeypatch) -> None:
    """What a test registers is forgotten after it."""
    monkeypatch.setattr(kinds, "_kinds", dict(kinds._kinds))


@pytest.fixture
def toy(own_kinds: None) -> Callable[..., str]:
    """Register a function as the kind "toys.one"; returns the kind's name."""

    def register(work: Callable[[jobs.Run], Mapping[str, Any] | None], **options: Any) -> str:
        jobs.kind("toys.one", **{"label": "A toy", **options})(work)
        return "toys.one"

    return register


def database_url() -> str:
    """Return the address of the database that this test runs on."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    place = values["HOST"] or ""
    if values["PORT"]:
        place += f":{values['PORT']}"
    who = values["USER"] + (f":{values['PASSWORD']}" if values["PASSWORD"] else "")
    return f"postgres://{who}@{place}/{values['NAME']}"


def process_environment(**more: str) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.backoffice.jobs.settings",
        "DATABASE_URL": database_url(),
        "JOBS_BACKEND": "django_tasks_db",
        "JOBS_ROOT": str(django_settings.JOBS_ROOT),
        "LOG_LEVEL": "WARNING",
        **more,
    }


@pytest.fixture
def delivered_by_database(settings) -> None:
    """Let this test's own process deliver as the workers expect it."""
    settings.JOBS_BACKEND = "django_tasks_db"


@pytest.fixture
def start_worker(transactional_db, delivered_by_database) -> Iterator[Callable[..., Any]]:
    """Start a real `manage.py db_worker` on this test's database; all of them end with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "db_worker", "--interval=0.1", *arguments]
        worker = subprocess.Popen(command, cwd=ROOT, env=process_environment())
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


def wait_until(is_so: Callable[[], Any], what: str = "it") -> Any:
    """Wait for something that another process does."""
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        if found := is_so():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {WAIT_SECONDS} s for {what}")


def fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)
