"""The business scenarios by behave: the same files and steps as `pytest tests/features`."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from behave_django.management.commands import behave
from django.conf import settings

TESTS = "config.settings.test"


class Command(behave.Command):
    help = "Run tests/features in a headless browser, under the tests' settings."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.SETTINGS_MODULE == TESTS:
            super().handle(*args, **options)
            return
        # The settings of a process cannot be changed: another one runs the same command line.
        again = subprocess.run(  # noqa: S603  (the person's own)
            [sys.executable, *sys.argv],
            cwd=settings.BASE_DIR,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": TESTS},
            check=False,
        )
        sys.exit(again.returncode)
