"""Prints tables of the code into the Markdown files between their markers, or checks them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backoffice import docs

MARKER = re.compile(
    r"(<!-- (?P<kind>[a-z_]+):(?P<name>[a-z_]+) -->\n)(?P<body>.*?)(<!-- /(?P=kind) -->)",
    re.DOTALL,
)


class Command(BaseCommand):
    help = "Refresh the generated parts of all Markdown files (--check: only say what is stale)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="Write nothing; exit 1 when stale."
        )

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        stale = []
        for path in sorted(Path(settings.BASE_DIR).glob("**/*.md")):
            if {".venv", "node_modules"} & set(path.parts):
                continue
            text = path.read_text(encoding="utf-8")
            fresh = MARKER.sub(lambda m: m[1] + docs.generate(m["kind"], m["name"]) + m[5], text)
            if fresh != text:
                stale.append(str(path.relative_to(settings.BASE_DIR)))
                if not check:
                    path.write_text(fresh, encoding="utf-8")
        if check and stale:
            raise CommandError(f"Stale: {', '.join(stale)}. Run manage.py generate_docs.")
        self.stdout.write(f"Refreshed: {', '.join(stale) or 'nothing, all fresh'}.")
