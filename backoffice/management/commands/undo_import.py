"""Take an applied import back without a browser: `manage.py undo_import RUN`."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from backoffice.accounts import command_user
from backoffice.imports import apply_run, discard_run, undo_run
from backoffice.models import ImportRun
from backoffice.refused import Refused

UNDONE, NOTHING_UNDONE, SOME_KEPT = 0, 1, 2


class Command(BaseCommand):
    help = (
        "Takes an import back. Exit code 0: all of it; 2: some rows are kept, each says why; "
        "1: nothing was taken back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", help="the run's id, as `import_sheet` printed it")
        parser.add_argument("--dry-run", action="store_true", help="say what would go back")
        parser.add_argument("--reason", default="", help="why, for the record")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        by = command_user()
        try:
            undo = undo_run(uuid=options["run"], by=by)
            undo = (
                discard_run(uuid=undo.uuid, by=by)
                if options["dry_run"]
                else apply_run(uuid=undo.uuid, by=by, reason=options["reason"])
            )
        except Refused as refused:
            self._say(options, {"run": None, "reversed": 0, "kept": [], "error": str(refused)})
            sys.exit(NOTHING_UNDONE)
        report = _report(undo)
        self._say(options, report)
        if report["kept"]:
            sys.exit(SOME_KEPT if report["reversed"] else NOTHING_UNDONE)

    def _say(self, options: dict[str, Any], report: dict[str, Any]) -> None:
        if options["format"] == "json":
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
            return
        if report.get("error"):
            self.stderr.write(report["error"])
        for kept in report["kept"]:
            self.stderr.write(f"{kept['key']}: {kept['message']} {kept['hint']}")
        self.stdout.write(f"{report['reversed']} reversed, {len(report['kept'])} kept")


def _report(undo: ImportRun) -> dict[str, Any]:
    keys = dict(undo.rows.values_list("number", "key"))
    return {
        "run": str(undo.uuid),
        "state": undo.state,
        "reversed": undo.changed,
        "kept": [
            {"key": keys.get(found.number, ""), **found.as_json()}
            for found in undo.findings.filter(is_warning=False)
        ],
        "error": "",
    }
