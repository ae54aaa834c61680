"""django-tasks-db's worker, with the clock beside it: one process runs the jobs and starts the due.

It stands before django_tasks_db in INSTALLED_APPS, so `manage.py db_worker` is this one.
"""

from __future__ import annotations

import os
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.utils.autoreload import DJANGO_AUTORELOAD_ENV
from django_tasks_db.management.commands import db_worker

from backoffice.jobs.clock import Clock
from backoffice.jobs.running import end_soon
from backoffice.jobs.workers import end_with_parent


class Worker(db_worker.Worker):
    """A worker that ends soon: a long job stops at its next check, and the next worker goes on."""

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        end_soon()
        super().shutdown(signum, frame)


# The command makes its worker by this name.
db_worker.Worker = Worker


class Command(db_worker.Command):
    help = "Run the jobs that wait in the database, and start the periodic ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--no-clock",
            action="store_false",
            dest="has_clock",
            help="Do not start periodic jobs, nor pick up lost ones, nor count as a worker.",
        )
        parser.add_argument(
            "--with-parent",
            action="store_true",
            help="End when the process that started this one ends.",
        )

    def handle(self, *, has_clock: bool, with_parent: bool, **options: Any) -> None:
        if with_parent:
            threading.Thread(target=end_with_parent, daemon=True).start()
        if options["reload"] and os.environ.get(DJANGO_AUTORELOAD_ENV) != "true":
            # This process only starts and restarts the one that works.
            super().handle(**options)
            return
        clock = Clock() if has_clock else None
        if clock is not None:
            clock.start()
        try:
            super().handle(**options)
        finally:
            if clock is not None:
                clock.stop()
