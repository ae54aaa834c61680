"""`manage.py test` runs the same suite as `pytest`, in the same way."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings


class PytestRunner:
    """A Django test runner that hands over to pytest, under the tests' own settings."""

    def __init__(self, *, failfast: bool = False, keepdb: bool = False, **options: Any) -> None:
        self.flags = ["--exitfirst"] * failfast + ["--reuse-db"] * keepdb

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--keepdb", action="store_true", help="Keep the test database.")

    def run_tests(self, test_labels: list[str], **options: Any) -> int:
        """Run the labels (paths, as pytest takes them; none: everything). Returns 1 on failure."""
        environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
        command = [sys.executable, "-m", "pytest", *self.flags, *test_labels]
        result = subprocess.run(  # noqa: S603  (the person's own command line)
            command, cwd=settings.BASE_DIR, env=environment, check=False
        )
        return min(result.returncode, 1)
