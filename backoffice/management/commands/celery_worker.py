"""Celery's worker with this project's options, as `celery -A config.celery worker` is, too."""

from __future__ import annotations

import threading
from argparse import REMAINDER, ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string

from backoffice.jobs.workers import end_with_parent


class Command(BaseCommand):
    help = "Run the jobs that the broker delivers. What follows `--` is for Celery's own worker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--with-beat",
            action="store_true",
            help="Start the periodic jobs, too; one worker of all does, or a `celery beat`.",
        )
        parser.add_argument(
            "--with-parent",
            action="store_true",
            help="End when the process that started this one ends.",
        )
        parser.add_argument("celery", nargs=REMAINDER)

    def handle(self, *, with_beat: bool, with_parent: bool, **options: Any) -> None:
        if with_parent:
            threading.Thread(target=end_with_parent, daemon=True).start()
        more = [one for one in options["celery"] if one != "--"]
        app = import_string(settings.CELERY_APP)
        app.worker_main(["worker", *(["--beat"] if with_beat else []), *more])
