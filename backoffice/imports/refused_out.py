"""The refused rows of a run as a sheet in the file's own form: its cells, the line, and why."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from typing import IO, Any

from backoffice.imports import receive
from backoffice.imports.choices import Choices
from backoffice.imports.error_sheet import RefusedRow, joined_reason, write_error_sheet
from backoffice.imports.read import open_table
from backoffice.imports.recipes import named
from backoffice.imports.sheets import sheet
from backoffice.models import ImportFinding, ImportRun
from backoffice.models.imports import Verdict

IN_MEMORY_BYTES = 2 * 1024 * 1024


def refused_rows(run: ImportRun, format_name: str) -> IO[bytes]:
    """Return a sheet of the rows that are refused now. Refuses: UnknownFormat.

    The file is read again for their lines; when it is gone, the cells are as they were understood.
    """
    out = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115  (handed out)
    title = str(sheet(run.sheet).label)
    header, rows = _read_again(run) if _is_there(run) else _as_understood(run)
    delimiter = Choices.from_json(run.choices).reading.delimiter or ","
    write_error_sheet(out, format_name, header=header, rows=rows, title=title, delimiter=delimiter)
    out.seek(0)
    return out


def _is_there(run: ImportRun) -> bool:
    return not run.is_undo and receive.is_intact(run.stored_as, run.sha256)


def _refused(run: ImportRun) -> dict[int, list[int]]:
    """Return the numbers of the refused rows by the line that they come from."""
    refused = run.plan.filter(verdict=Verdict.REFUSED).values("number")
    lines: dict[int, list[int]] = defaultdict(list)
    rows = run.rows.filter(number__in=refused, is_settled=False).order_by("number")
    for number, line in rows.values_list("number", "line"):
        lines[line].append(number)
    return lines


def _said(run: ImportRun) -> dict[int, list[ImportFinding]]:
    said: dict[int, list[ImportFinding]] = defaultdict(list)
    for finding in run.findings.filter(is_warning=False):
        said[finding.number].append(finding)
    return said


def _read_again(run: ImportRun) -> tuple[list[str], Iterator[RefusedRow]]:
    lines, said = _refused(run), _said(run)
    places = {name: place for place, name in enumerate(named(run.header))}

    def rows() -> Iterator[RefusedRow]:
        with receive.opened(run.stored_as) as file:
            table = open_table(file, reading=Choices.from_json(run.choices).reading)
            for chunk in table.chunks():
                for line, cells in zip(chunk.lines, chunk.rows, strict=True):
                    if line in lines:
                        cells = run.corrections.get(str(line), cells)  # noqa: PLW2901
                        findings = [found for number in lines[line] for found in said[number]]
                        yield _row(line, cells, findings, places)

    return run.header, rows()


def _as_understood(run: ImportRun) -> tuple[list[str], Iterator[RefusedRow]]:
    """Return the rows in our own columns."""
    columns = sheet(run.sheet).columns()
    header = [name for name in run.layout if name in columns]
    places = {name: place for place, name in enumerate(header)}
    lines, said = _refused(run), _said(run)
    numbers = [number for some in lines.values() for number in some]

    def rows() -> Iterator[RefusedRow]:
        for row in run.rows.filter(number__in=numbers).order_by("number"):
            cells = dict(zip(run.layout, row.cells, strict=False))
            cells.update({f.field: f.raw for f in said[row.number] if f.is_form})
            yield _row(row.line, [cells.get(name) for name in header], said[row.number], places)

    return header, rows()


def _row(
    line: int, cells: list[Any], findings: list[ImportFinding], places: dict[str, int]
) -> RefusedRow:
    faulty = {places[name] for f in findings for name in (f.column, f.field) if name in places}
    sentences = [
        f"{f.column}: {f.message} {f.hint}".strip() if f.column else f"{f.message} {f.hint}".strip()
        for f in findings
    ]
    return line, cells, joined_reason(sentences), faulty
