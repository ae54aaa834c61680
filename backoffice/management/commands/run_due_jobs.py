"""One tick of the clock, for cron; a running `db_worker` does the same by itself."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from backoffice.jobs import clock


class Command(BaseCommand):
    help = "Start the periodic jobs that are due, and deliver again the jobs that were lost."

    def handle(self, *args: Any, **options: Any) -> None:
        found = clock.tick(now=timezone.now())
        for job in found:
            self.stdout.write(f"{job.kind}: {job.label}")
        self.stdout.write(f"{len(found)} jobs were started or picked up.")
