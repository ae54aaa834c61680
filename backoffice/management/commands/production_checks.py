"""May the public come? Each finding with its remedy; exit 1 while there is one."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backoffice import production


class Command(BaseCommand):
    help = "Look at settings, database, cache, broker and files as a production server needs them."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        names = [check.name for check in production.CHECKS]
        parser.add_argument("--skip", action="append", default=[], choices=names, metavar="NAME")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, skip: list[str], **options: Any) -> None:
        found = production.look(production.CHECKS, skip=skip)
        if options["format"] == "json":
            self.stdout.write(json.dumps([asdict(finding) for finding in found], indent=2))
        else:
            self._print(found, skip)
        if found:
            raise CommandError(f"{len(found)} things stand between this server and the public.")

    def _print(self, found: list[production.Finding], skip: list[str]) -> None:
        problems = {finding.name: finding for finding in found}
        for check in production.CHECKS:
            finding = problems.get(check.name)
            if finding is None:
                said = "skip" if check.name in skip else "ok  "
                self.stdout.write(f"{said} {check.name}")
                continue
            self.stdout.write(self.style.ERROR(f"FAIL {finding.name}: {finding.problem}"))
            self.stdout.write(f"     → {finding.remedy}")
        if not found:
            self.stdout.write(self.style.SUCCESS("The public may come."))
