"""The refused rows of a file in the file's own form, to be corrected and sent again.

Two columns are added, `line` and `reason`, which an import of the sheet leaves aside.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import IO, Any

from backoffice.imports import workbook_parts as parts
from backoffice.imports.export import UnknownFormat
from backoffice.imports.formats import CONTENT_TYPES, Heading, write_csv
from backoffice.imports.recipes import REPORT_COLUMNS
from backoffice.imports.tables import quoted

# The line of the file, its cells in the order of the header, why, and which cells are faulty.
RefusedRow = tuple[int, Sequence[Any], str, Collection[int]]

# More digits than a spreadsheet program computes with: only as text they stay what they are.
_MOST_DIGITS = 15
_WIDTHS = (8, 60)
_SPACE = re.compile(r"\s+")


def write_error_sheet(
    out: IO[bytes],
    format_name: str,
    *,
    header: Sequence[str],
    rows: Iterable[RefusedRow],
    title: str,
    delimiter: str = ",",
) -> int:
    """Write the sheet, row by row, and return the number of rows.

    header: the file's, as it stands there. title: of the workbook's sheet. delimiter: of a CSV: one
    like the file's opens alike. In a workbook the faulty cells are red; those beyond the header
    cannot be named, so they are left out in both.
    Refuses: UnknownFormat.
    """
    if format_name not in CONTENT_TYPES:
        raise UnknownFormat(format=format_name)
    names = [*header, *REPORT_COLUMNS]
    if format_name == "xlsx":
        return _write_xlsx(out, names, rows, title)
    text = io.TextIOWrapper(out, encoding="utf-8", errors="replace", newline="")
    try:
        # Excel takes a CSV without it for the code page of its country.
        text.write("\ufeff")
        texts = _texts(rows, len(header))
        if delimiter == ",":
            return write_csv(text, names, texts)
        return _write_delimited(text, names, texts, delimiter)
    finally:
        text.detach()


def _write_delimited(
    out: IO[str], names: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str
) -> int:
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(map(quoted, names))
    count = 0
    for row in rows:
        writer.writerow(map(quoted, row))
        count += 1
    return count


def cell_text(cell: Any) -> str:
    """Return a cell of any kind as text that reads as the same value."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return format(cell, ".15g")
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ")
    return str(cell)


def _texts(rows: Iterable[RefusedRow], width: int) -> Iterator[list[str]]:
    for line, cells, reason, _faulty in rows:
        yield [*(cell_text(cell) for cell in _fitted(cells, width)), str(line), reason]


def _fitted(cells: Sequence[Any], width: int) -> list[Any]:
    return [*cells[:width], *[None] * (width - len(cells))]


def _write_xlsx(
    out: IO[bytes], names: Sequence[str], rows: Iterable[RefusedRow], title: str
) -> int:
    own = len(names) - len(REPORT_COLUMNS)
    letters = [parts.letter(place) for place in range(1, len(names) + 1)]
    headings = [Heading(name) for name in names[:own]]
    headings += [
        Heading(name, width=width) for name, width in zip(REPORT_COLUMNS, _WIDTHS, strict=True)
    ]
    count = 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.parts([title]).items():
            archive.writestr(name, content)
        with archive.open(parts.sheet_part(1), "w") as target:
            target.write(parts.start(headings).encode())
            for number, (line, cells, reason, faulty) in enumerate(rows, start=2):
                count += 1
                found = [
                    _cell(f"{letter}{number}", cell, at in faulty)
                    for at, (letter, cell) in enumerate(
                        zip(letters, _fitted(cells, own), strict=False)
                    )
                ]
                found.append(parts.number_cell(f"{letters[own]}{number}", str(line), parts.WHOLE))
                found.append(parts.text_cell(f"{letters[-1]}{number}", reason, parts.WRAPPED))
                target.write(f'<row r="{number}">{"".join(found)}</row>'.encode())
            target.write(parts.end().encode())
    return count


def _cell(where: str, cell: Any, is_faulty: bool) -> str:
    """Return a cell as the kind that it was; a faulty blank one is there, to be seen."""
    style = parts.FAULTY if is_faulty else parts.TEXT
    if cell is None or cell == "":
        return f'<c r="{where}" s="{style}"/>' if is_faulty else ""
    if isinstance(cell, bool):
        return f'<c r="{where}" s="{style}" t="b"><v>{int(cell)}</v></c>'
    is_number = isinstance(cell, int | float) and math.isfinite(cell)
    if is_number and len(str(abs(cell)).replace(".", "")) <= _MOST_DIGITS:
        # "General" for a good one: the format of the file is not known any more.
        return parts.number_cell(where, repr(cell), style if is_faulty else parts.PLAIN)
    return parts.text_cell(where, cell_text(cell), style)


def joined_reason(sentences: Iterable[str]) -> str:
    """Return what is wrong with a row on one line, each sentence once."""
    return " ".join(dict.fromkeys(_SPACE.sub(" ", said).strip() for said in sentences if said))
