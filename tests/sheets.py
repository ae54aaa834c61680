"""Sheets for tests: written here, so that a reader sees every cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
from django.conf import settings

from backoffice.imports import apply_run, start_run
from backoffice.imports.preview import Shown, shown
from backoffice.models import ImportRun, User

FIXTURES = Path(settings.BASE_DIR) / "fixtures"


def csv_of(header: Sequence[str], *rows: Sequence[str], delimiter: str = ",") -> bytes:
    """Return a CSV exactly as these cells say."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


def xlsx_of(*rows: Sequence[Any]) -> bytes:
    """Return a workbook with these cells, as a spreadsheet program would type them."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def preview(
    content: bytes, *, by: User, name: str = "sheet.csv", sheet: str = "products", **options: Any
) -> ImportRun:
    """Upload a sheet and return its run, nothing applied."""
    return start_run(sheet_name=sheet, file=io.BytesIO(content), file_name=name, by=by, **options)


def load(
    content: bytes, *, by: User, name: str = "sheet.csv", reason: str = "", **options: Any
) -> ImportRun:
    """Upload a sheet and apply it."""
    run = preview(content, by=by, name=name, **options)
    return apply_run(uuid=run.uuid, by=by, reason=reason)


def faults_of(run: ImportRun) -> list[tuple[int, str, str]]:
    """Return what is refused: line, column as the file names it, code."""
    lines = dict(run.rows.values_list("number", "line"))
    return [
        (lines[found.number], found.column, found.code)
        for found in run.findings.filter(is_warning=False)
    ]


def warnings_of(run: ImportRun) -> list[tuple[int, str]]:
    """Return what a person should look at: line and code."""
    lines = dict(run.rows.values_list("number", "line"))
    return [(lines[found.number], found.code) for found in run.findings.filter(is_warning=True)]


def words_of(run: ImportRun, line: int) -> str:
    """Return what a person reads about one line."""
    numbers = run.rows.filter(line=line).values("number")
    found = run.findings.filter(number__in=numbers, is_warning=False)
    return " ".join(f"{said.message} {said.hint}" for said in found)


def row_of(run: ImportRun, line: int) -> Shown:
    """Return a row as a page shows it."""
    return shown(run, list(run.rows.filter(line=line)))[0]


def counts_of(run: ImportRun) -> tuple[int, int, int, int]:
    """Return new, changed, unchanged, refused."""
    return run.new, run.changed, run.unchanged, run.refused
