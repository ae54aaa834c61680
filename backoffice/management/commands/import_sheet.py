"""Import a sheet without a browser: `manage.py import_sheet products FILE`."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.accounts import command_user
from backoffice.imports import (
    Blank,
    Choices,
    Reading,
    StockMeans,
    apply_run,
    discard_run,
    start_run,
)
from backoffice.imports.sheets import all_sheets
from backoffice.imports.sheets import sheet as sheet_named
from backoffice.models import ImportRun, User
from backoffice.refused import BadValue, Refused, UnknownRow

ALL_ACCEPTED, NOTHING_APPLIED, SOME_REFUSED = 0, 1, 2
Policy = ImportRun.Policy


class Command(BaseCommand):
    help = (
        "Imports a sheet. Exit code 0: every row accepted; 2: some refused, the rest applied; "
        "1: nothing applied."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sheet", choices=[sheet.name for sheet in all_sheets()])
        parser.add_argument("file", type=Path)
        parser.add_argument("--recipe", default="", help="how to read it; else recognised")
        parser.add_argument("--policy", choices=Policy.values, default="")
        parser.add_argument("--mode", choices=ImportRun.Mode.values, default="")
        parser.add_argument("--key", default="", help="the column that says which row is meant")
        parser.add_argument(
            "--blank",
            action="append",
            default=[],
            metavar="[COLUMN=]keep|clear|refuse",
            help="what a blank cell means; without a column: in all of them",
        )
        parser.add_argument(
            "--default",
            action="append",
            default=[],
            metavar="COLUMN=TEXT",
            help="what a new row gets where the file says nothing",
        )
        parser.add_argument(
            "--stock", choices=[*StockMeans], default=StockMeans.COUNTED, help="what stock means"
        )
        parser.add_argument("--sheet", default="", dest="workbook_sheet", help="of a workbook")
        parser.add_argument("--header-row", type=int, help="the header's line; 0: there is none")
        parser.add_argument("--encoding", default="", help="for example cp1252; else detected")
        parser.add_argument("--delimiter", default="", help="one character; else detected")
        parser.add_argument("--decimal", choices=[".", ","], default="", help="else detected")
        parser.add_argument("--dry-run", action="store_true", help="judge every row, write none")
        parser.add_argument("--ignore-unknown", action="store_true", help="skip unknown columns")
        parser.add_argument("--by", default="", metavar="EMAIL", help="whose work it is")
        parser.add_argument("--reason", default="", help="why, for the record")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = self._run(options)
        except Refused as refused:
            report = {
                **_report(None),
                "errors": [
                    {
                        "line": None,
                        "column": "",
                        "code": refused.code,
                        "message": refused.message,
                        "hint": refused.way_out,
                    }
                ],
            }
            code = NOTHING_APPLIED
        else:
            code = _exit_code(report)
        if options["format"] == "json":
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=2))
        else:
            self._print(report)
        if code:
            sys.exit(code)

    def _run(self, options: dict[str, Any]) -> dict[str, Any]:
        by = _person(options["by"])
        try:
            file = options["file"].open("rb")
        except OSError as error:
            raise UnknownRow(what=_("file"), key=options["file"], hint=error.strerror) from error
        with file:
            run = start_run(
                sheet_name=options["sheet"],
                file=file,
                file_name=options["file"].name,
                by=by,
                recipe=options["recipe"],
                mode=options["mode"],
                policy=options["policy"],
                choices=_choices(options),
            )
        if options["dry_run"]:
            run = discard_run(uuid=run.uuid, by=by)
        else:
            run = apply_run(uuid=run.uuid, by=by, reason=options["reason"], is_final=True)
        return {**_report(run), "dry_run": options["dry_run"]}

    def _print(self, report: dict[str, Any]) -> None:
        for error in report["errors"]:
            where = [
                _("line {line}").format(line=error["line"]) if error["line"] else "",
                error["column"],
            ]
            place = ", ".join(part for part in where if part)
            self.stderr.write(f"{place}: " * bool(place) + f"{error['message']} {error['hint']}")
        for warning in report["warnings"]:
            self.stderr.write(f"{warning['line'] or ''} {warning['message']}".strip())
        counts = ", ".join(
            f"{report[name]} {name}" for name in ("new", "changed", "unchanged", "refused")
        )
        rows = ngettext("%(n)d row", "%(n)d rows", report["rows"]) % {"n": report["rows"]}
        self.stdout.write(f"{rows}: {counts}")
        if report["outcome"]:
            self.stdout.write(report["outcome"])


def _choices(options: dict[str, Any]) -> Choices:
    kind = sheet_named(options["sheet"])
    columns = kind.columns()
    blanks: dict[str, str] = {}
    for said in options["blank"]:
        column, _mark, policy = said.rpartition("=")
        if policy not in list(Blank) or (column and column not in columns):
            raise BadValue(field="--blank", problem=_("“{said}” is unknown.").format(said=said))
        blanks.update(dict.fromkeys([column] if column else columns, policy))
    defaults: dict[str, str] = {}
    for said in options["default"]:
        column, mark, text = said.partition("=")
        if not mark or column not in columns:
            raise BadValue(field="--default", problem=_("“{said}” is unknown.").format(said=said))
        defaults[column] = text
    return Choices(
        key=options["key"],
        blanks=blanks,
        defaults=defaults,
        ignore_unknown=options["ignore_unknown"],
        stock_means=options["stock"],
        reading=Reading(
            encoding=options["encoding"],
            delimiter=options["delimiter"].replace("\\t", "\t"),
            decimal=options["decimal"],
            sheet=options["workbook_sheet"],
            header_row=options["header_row"],
        ),
    )


def _person(email: str) -> User:
    if not email:
        return command_user()
    user = User.objects.get_or_none(email=email.strip().lower())
    if user is None:
        raise UnknownRow(what=_("person"), key=email)
    return user


def _report(run: ImportRun | None) -> dict[str, Any]:
    if run is None:
        run = ImportRun()
        name = None
        found: list[Any] = []
    else:
        name = str(run.uuid)
        lines = dict(
            run.rows.filter(number__in=run.findings.values("number")).values_list("number", "line")
        )
        found = [(lines.get(said.number), said) for said in run.findings.all()]
    return {
        "run": name,
        "recipe": run.recipe,
        "state": run.state if name else None,
        "policy": run.policy,
        "rows": run.row_count,
        "new": run.new,
        "changed": run.changed,
        "unchanged": run.unchanged,
        "refused": run.refused,
        "errors": [{"line": line, **said.as_json()} for line, said in found if not said.is_warning],
        "warnings": [
            *({"line": None, **_plain(note)} for note in run.warnings),
            *({"line": line, **said.as_json()} for line, said in found if said.is_warning),
        ],
        "outcome": run.outcome,
        "dry_run": False,
    }


def _plain(note: dict[str, Any]) -> dict[str, Any]:
    return {name: note[name] for name in ("code", "message", "column") if name in note}


def _exit_code(report: dict[str, Any]) -> int:
    if not report["refused"]:
        return ALL_ACCEPTED
    if report["policy"] == Policy.ALL_OR_NOTHING or report["refused"] == report["rows"]:
        return NOTHING_APPLIED
    return SOME_REFUSED
