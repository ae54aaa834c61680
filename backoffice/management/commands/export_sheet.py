"""Export a sheet without a browser: `manage.py export_sheet products FILE.csv`."""

from __future__ import annotations

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backoffice.accounts import command_user
from backoffice.imports.export import export_sheet
from backoffice.imports.sheets import all_sheets
from backoffice.models import User
from backoffice.refused import Refused


class Command(BaseCommand):
    help = "Exports every row of a sheet; the file's extension says how: .csv or .xlsx."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sheet", choices=[sheet.name for sheet in all_sheets()])
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", default="", metavar="EMAIL", help="whose work it is")

    def handle(self, *args: Any, **options: Any) -> None:
        target: Path = options["file"]
        email = options["by"].strip().lower()
        by = User.objects.get_or_none(email=email) if email else command_user()
        if by is None:
            raise CommandError(f"There is no person {email}.")
        try:
            written = export_sheet(
                sheet_name=options["sheet"], format_name=target.suffix.lower().lstrip("."), by=by
            )
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        try:
            with written, target.open("wb") as out:
                shutil.copyfileobj(written, out)
        except OSError as error:
            raise CommandError(f"{target}: {error.strerror}") from error
        self.stdout.write(f"{target}")
