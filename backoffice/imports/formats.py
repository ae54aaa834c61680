"""Writing sheets that no spreadsheet program runs anything from: CSV and XLSX, row by row.

CSV has only text, so an apostrophe stands before what looks like a formula (`tables.quoted`). A
workbook says of each cell what it is: text is text, and only numbers are numbers.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO, Literal
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter

from backoffice.imports.tables import quoted

Format = Literal["csv", "xlsx"]

CONTENT_TYPES: dict[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

# Characters that XML cannot hold, a CR that it would turn into LF, and what looks like the escape.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")

_TEXT, _MONEY, _WHOLE, _HEAD = 1, 2, 3, 4


@dataclass(frozen=True)
class Heading:
    """A column to write. kind: what its cells are in a workbook."""

    name: str
    kind: Literal["text", "money", "whole"] = "text"
    width: int = 16

    @property
    def style(self) -> int:
        return {"text": _TEXT, "money": _MONEY, "whole": _WHOLE}[self.kind]


def write_csv(out: IO[str], header: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write a CSV and return the number of rows; read it with `delimited`, get the same texts."""
    writer = csv.writer(out)
    writer.writerow([quoted(name) for name in header])
    count = 0
    for row in rows:
        writer.writerow([quoted(cell) for cell in row])
        count += 1
    return count


def write_xlsx(
    out: IO[bytes], headings: Sequence[Heading], rows: Iterable[Sequence[str]], title: str
) -> int:
    """Write a workbook of one sheet, streamed, and return the number of rows."""
    count = 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _parts(title).items():
            archive.writestr(name, content)
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(_start(headings).encode())
            sheet.write(_row(1, [(heading.name, _HEAD) for heading in headings]).encode())
            styles = [heading.style for heading in headings]
            for row in rows:
                count += 1
                sheet.write(_row(count + 1, zip(row, styles, strict=True)).encode())
            sheet.write(b"</sheetData></worksheet>")
    return count


def _row(number: int, cells: Iterable[tuple[str, int]]) -> str:
    written = []
    for place, (text, style) in enumerate(cells, start=1):
        if not text:
            continue
        where = f'r="{get_column_letter(place)}{number}" s="{style}"'
        if style in {_MONEY, _WHOLE}:
            written.append(f"<c {where}><v>{text}</v></c>")
        else:
            written.append(
                f'<c {where} t="inlineStr"><is><t xml:space="preserve">{_xml(text)}</t></is></c>'
            )
    return f'<row r="{number}">{"".join(written)}</row>'


def _xml(text: str) -> str:
    return escape(_UNWRITABLE.sub(lambda found: f"_x{ord(found.group()):04X}_", text))


def _start(headings: Sequence[Heading]) -> str:
    columns = "".join(
        f'<col min="{at}" max="{at}" width="{heading.width}" style="{heading.style}" '
        'customWidth="1"/>'
        for at, heading in enumerate(headings, start=1)
    )
    return (
        f'{_DECLARATION}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        f"</sheetView></sheetViews><cols>{columns}</cols><sheetData>"
    )


_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def _parts(title: str) -> dict[str, str]:
    name = escape(re.sub(r"[\[\]:*?/\\]", " ", title)[:31], {'"': "&quot;"}) or "Sheet"
    return {
        "[Content_Types].xml": (
            f'{_DECLARATION}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
            '<Override PartName="/xl/worksheets/sheet1.xml" '
            f'ContentType="{_TYPE}.worksheet+xml"/></Types>'
        ),
        "_rels/.rels": (
            f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship '
            f'Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": (
            f'{_DECLARATION}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            f'<sheet name="{name}" sheetId="1" r:id="rId1"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": (
            f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship '
            f'Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship '
            f'Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
        ),
        # 49 is Excel's own number for "text": a SKU that is typed into it keeps its zeros.
        "xl/styles.xml": (
            f'{_DECLARATION}<styleSheet xmlns="{_MAIN}"><fonts count="2">'
            '<font><sz val="11"/><name val="Calibri"/></font>'
            '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
            '<fills count="2"><fill><patternFill patternType="none"/></fill>'
            '<fill><patternFill patternType="gray125"/></fill></fills>'
            '<borders count="1"><border/></borders>'
            '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="5"><xf/>'
            '<xf numFmtId="49" applyNumberFormat="1"/><xf numFmtId="2" applyNumberFormat="1"/>'
            '<xf numFmtId="1" applyNumberFormat="1"/>'
            '<xf numFmtId="49" fontId="1" applyNumberFormat="1" applyFont="1"/></cellXfs>'
            '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
            "</styleSheet>"
        ),
    }
