"""Export a sheet without a browser: `manage.py export_sheet products FILE.csv`."""

from __future__ import annotations

import os
import tempfile
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.accounts import command_user
from backoffice.imports.export import write_export
from backoffice.imports.formats import CONTENT_TYPES
from backoffice.imports.sheets import all_sheets
from backoffice.models import User
from backoffice.refused import Refused


class Command(BaseCommand):
    help = "Exports every row of a sheet to a file, as it is read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sheet", choices=[sheet.name for sheet in all_sheets()])
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--format", choices=list(CONTENT_TYPES), help="else the file's extension says it"
        )
        parser.add_argument("--columns", default="", metavar="A,B", help="else all of them")
        parser.add_argument("--purpose", default="", help="what for, for the record")
        parser.add_argument("--by", default="", metavar="EMAIL", help="whose work it is")

    def handle(self, *args: Any, **options: Any) -> None:
        target: Path = options["file"]
        email = options["by"].strip().lower()
        by = User.objects.get_or_none(email=email) if email else command_user()
        if by is None:
            raise CommandError(_("There is no person {email}.").format(email=email))
        try:
            rows = _written(target, by, options)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        except OSError as error:
            raise CommandError(f"{target}: {error.strerror}") from error
        self.stdout.write(
            ngettext("{file}: {rows:,} row", "{file}: {rows:,} rows", rows).format(
                file=target, rows=rows
            )
        )


def _written(target: Path, by: User, options: dict[str, Any]) -> int:
    """Write beside the target and move it there: a file is whole, or it is the one before."""
    names = (name.strip() for name in options["columns"].split(","))
    handle, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w+b") as out:
            rows = write_export(
                out,
                sheet_name=options["sheet"],
                format_name=options["format"] or target.suffix.lower().lstrip("."),
                by=by,
                columns=[name for name in names if name],
                record={"purpose": options["purpose"]},
            )
        Path(beside).chmod(0o666 & ~_umask())
        Path(beside).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(beside).unlink()
        raise
    return rows


def _umask() -> int:
    present = os.umask(0)
    os.umask(present)
    return present
