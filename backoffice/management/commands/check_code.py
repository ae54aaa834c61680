"""The one check command: what a reviewer would otherwise do by hand."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

BIN = Path(sys.executable).parent
PYTHON = sys.executable

# A production-like environment, so that `check --deploy` sees what a server would see.
DEPLOY = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "ALLOWED_HOSTS": "shop.example.com",
}


class Command(BaseCommand):
    help = "Lint, types, floors, missing migrations, generated texts and the deployment check."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fix", action="store_true", help="Mend what a tool can mend itself.")

    def handle(self, *args: Any, fix: bool, **options: Any) -> None:
        failed = [
            name for name, command, env in self._checks(fix) if not self._runs(name, command, env)
        ]
        if failed:
            raise CommandError(f"Not clean: {', '.join(failed)}.")
        self.stdout.write(self.style.SUCCESS("All checks are clean."))

    def _checks(self, fix: bool) -> list[tuple[str, list[str], dict[str, str]]]:
        manage = [PYTHON, "manage.py"]
        mend = ["--fix"] if fix else []
        return [
            ("ruff", [str(BIN / "ruff"), "check", *mend, "."], {}),
            ("format", [str(BIN / "ruff"), "format", *([] if fix else ["--check"]), "."], {}),
            ("mypy", [PYTHON, "-m", "mypy"], {}),
            ("floors", [str(BIN / "lint-imports")], {}),
            ("migrations", [*manage, "makemigrations", "--check", "--dry-run"], {}),
            ("generated texts", [*manage, "generate_docs", *([] if fix else ["--check"])], {}),
            ("deploy", [*manage, "check", "--deploy", "--fail-level", "WARNING"], DEPLOY),
        ]

    def _runs(self, name: str, command: list[str], env: dict[str, str]) -> bool:
        result = subprocess.run(  # noqa: S603  (the table above, nobody's input)
            command,
            cwd=settings.BASE_DIR,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            check=False,
        )
        is_clean = result.returncode == 0
        self.stdout.write(f"{'ok  ' if is_clean else 'FAIL'} {name}")
        if not is_clean:
            self.stdout.write(result.stdout + result.stderr)
        return is_clean
