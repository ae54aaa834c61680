"""The record by hand: `manage.py audit verify --format json` ends with 0 whole, 1 broken."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.files.storage import storages
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from backoffice import retention, seals
from backoffice.refused import Refused
from backoffice.seals import grants

BROKEN = 1

Facts = dict[str, Any]


class Command(BaseCommand):
    help = "Seals, verifies and exports the record. Exit code 0: whole; 1: broken, or refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)

        def verb(name: str, text: str, run: Callable[[Facts], tuple[Facts, str, bool]]) -> Any:
            added = verbs.add_parser(name, help=text)
            added.add_argument("--format", choices=["text", "json"], default="text")
            added.set_defaults(run=run)
            return added

        verb("seal", "seal what was recorded since the last seal", self._seal)
        verify = verb("verify", "hold every sealed row against its seal", self._verify)
        verify.add_argument("--anchor", type=Path, help="a file that `audit anchor` once made")
        anchor = verb("anchor", "print the chain's end, to be kept elsewhere", self._anchor)
        anchor.add_argument("--out", type=Path, help="write it to this file")
        export = verb("export", "write the evidence pack of a period", self._export)
        export.add_argument("--from", dest="from_at", type=_moment, metavar="DATE")
        export.add_argument("--until", dest="until_at", type=_moment, metavar="DATE")
        export.add_argument("--out", type=Path, help="also write it to this file")
        verb("reconcile", "hold live rows against their last history row", self._reconcile)
        epoch = verb("epoch", "close the epoch: after a restore, a repair", self._epoch)
        epoch.add_argument("--reason", required=True)
        epoch.add_argument("--accept-broken", action="store_true")
        expire = verb("expire", "carry out the retention rules; as the tables' owner", self._expire)
        expire.add_argument("--reason", default="")
        expire.add_argument("--dry-run", action="store_true", help="say what is due, do nothing")
        roles = verb("grants", "print the SQL of the two database roles", self._grants)
        roles.add_argument("--owner", default=grants.OWNER)
        roles.add_argument("--application", default=grants.APPLICATION)

    def handle(self, *args: Any, **options: Any) -> None:
        began = perf_counter()
        try:
            facts, text, is_well = options["run"](options)
        except Refused as refused:
            facts, text = {"refused": refused.code, "message": str(refused)}, str(refused)
            is_well = False
        if options["format"] == "json":
            facts["seconds"] = round(perf_counter() - began, 3)
            self.stdout.write(json.dumps(facts, ensure_ascii=False, indent=2))
        else:
            (self.stdout if is_well else self.stderr).write(text)
        if not is_well:
            sys.exit(BROKEN)

    def _seal(self, options: Facts) -> tuple[Facts, str, bool]:
        made = seals.seal_record()
        facts = {
            "seals": made.seals,
            "rows": made.rows,
            "sealed_until": made.moment.isoformat(),
            "head": {"seal": made.head.number, "digest": made.head.digest},
        }
        text = _("{rows} rows sealed; the last seal is {number}, {digest}.").format(
            rows=made.rows, number=made.head.number, digest=made.head.digest
        )
        return facts, text, True

    def _verify(self, options: Facts) -> tuple[Facts, str, bool]:
        began = perf_counter()
        anchor = seals.read_anchor(_read(options["anchor"])) if options["anchor"] else None
        _verification, report = seals.verify_record(by=None, reason="", anchor=anchor)
        speed = round(report.rows / max(perf_counter() - began, 0.001))
        lines = [finding["message"] for finding in report.kept()] or [report.sentence()]
        counted = _("{rows} rows in {seals} seals").format(rows=report.rows, seals=report.seals)
        facts = {**report.as_json(), "rows_per_second": speed}
        return facts, "\n".join([*lines, counted]), report.is_whole

    def _anchor(self, options: Facts) -> tuple[Facts, str, bool]:
        anchor = seals.make_anchor()
        if options["out"]:
            options["out"].write_text(json.dumps(anchor, indent=2) + "\n", encoding="utf-8")
        return anchor, json.dumps(anchor, indent=2), True

    def _export(self, options: Facts) -> tuple[Facts, str, bool]:
        made = seals.make_pack(
            from_at=options["from_at"], until_at=options["until_at"], by=None, reason=""
        )
        storage = storages["private"]
        path = storage.path(made.file)
        if options["out"]:
            with storage.open(made.file) as file, options["out"].open("wb") as out:
                for chunk in file.chunks():
                    out.write(chunk)
            path = str(options["out"])
        facts = {"file": path, "sha256": made.sha256, "rows": made.row_count}
        return facts, _("{rows} rows: {path}").format(rows=made.row_count, path=path), True

    def _reconcile(self, options: Facts) -> tuple[Facts, str, bool]:
        found = seals.reconcile_record()
        lines = [difference.sentence for difference in found.differences] or [found.sentence()]
        return found.as_json(), "\n".join(lines), found.is_whole

    def _epoch(self, options: Facts) -> tuple[Facts, str, bool]:
        epoch = seals.close_epoch(
            by=None, reason=options["reason"], accept_broken=options["accept_broken"]
        )
        facts = {"epoch": epoch.number, "after_seal": epoch.after_seal, "digest": epoch.digest}
        return facts, _("Epoch {number} is open.").format(number=epoch.number), True

    def _expire(self, options: Facts) -> tuple[Facts, str, bool]:
        if options["dry_run"]:
            due = retention.due_now(timezone.now())
            counts = [(str(one.rule), one.rows) for one in due]
        else:
            reason = options["reason"] or _("by the retention rules")
            done = retention.expire_record(now=timezone.now(), by=None, reason=reason)
            counts = [(str(one.rule), one.rows) for one in done]
        facts = {
            "is_dry_run": options["dry_run"],
            "rows": sum(rows for _rule, rows in counts),
            "rules": [{"rule": rule, "rows": rows} for rule, rows in counts],
        }
        lines = [f"{rule}: {rows:,}" for rule, rows in counts if rows]
        return facts, "\n".join(lines or [_("Nothing is too old.")]), True

    def _grants(self, options: Facts) -> tuple[Facts, str, bool]:
        lines = seals.grants_sql(owner=options["owner"], application=options["application"])
        return {"sql": lines}, "\n".join(f"{line};" for line in lines), True


def _moment(text: str) -> datetime:
    """Read a day or a moment; without a zone it is UTC."""
    if (day := parse_date(text)) is not None:
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    moment = parse_datetime(text)
    if moment is None:
        raise CommandError(_("{text} is no date.").format(text=text))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
