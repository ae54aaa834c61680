"""What an XLSX archive that we write is made of: its fixed parts, its styles, its sheets' edges."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

# The order of `_STYLES`.
PLAIN, TEXT, MONEY, WHOLE, HEAD, HEAD_NEEDED, FAULTY, WRAPPED = range(8)

# A row, and Excel's own last one.
LAST_ROW = 1_048_576
# A list of words inside of a sheet may have so many characters; a tip, and its title, so many.
_LIST_CHARS, _TIP_CHARS, _TIP_TITLE_CHARS = 255, 255, 32

# Characters that XML cannot hold, a CR that it would turn into LF, and what looks like the escape.
UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


@dataclass(frozen=True)
class Heading:
    """A column to write. kind: what its cells are in a workbook; is_needed: its head says so.

    tip: what a spreadsheet program shows beside a cell that is chosen. words: all that may stand
    in a cell.
    """

    name: str
    kind: Literal["text", "money", "whole"] = "text"
    width: int = 16
    is_needed: bool = False
    tip: str = ""
    words: tuple[str, ...] = ()

    @property
    def style(self) -> int:
        return {"text": TEXT, "money": MONEY, "whole": WHOLE}[self.kind]

    @property
    def head_style(self) -> int:
        return HEAD_NEEDED if self.is_needed else HEAD


def letter(place: int) -> str:
    """Return what a spreadsheet calls a column, from 1: A … Z, AA …"""
    name = ""
    while place:
        place, left = divmod(place - 1, 26)
        name = chr(ord("A") + left) + name
    return name


def xml(text: str) -> str:
    """Return text as it stands in a cell, with what XML cannot hold escaped as Excel does."""
    return escape(UNWRITABLE.sub(lambda found: f"_x{ord(found.group()):04X}_", text))


def row(number: int, cells: Iterable[tuple[str, int]]) -> str:
    """Return one row of texts with their styles; blank ones are left out."""
    written = [
        text_cell(f"{letter(place)}{number}", text, style)
        for place, (text, style) in enumerate(cells, start=1)
        if text
    ]
    return f'<row r="{number}">{"".join(written)}</row>'


def text_cell(where: str, text: str, style: int) -> str:
    return f'<c r="{where}" s="{style}" t="inlineStr"><is>{_T}{xml(text)}</t></is></c>'


def number_cell(where: str, digits: str, style: int) -> str:
    return f'<c r="{where}" s="{style}"><v>{digits}</v></c>'


_T = '<t xml:space="preserve">'


def start(headings: Sequence[Heading], *, is_chosen: bool = True) -> str:
    """Return a sheet's beginning, until its rows: the head stays where it is."""
    columns = "".join(
        f'<col min="{at}" max="{at}" width="{heading.width}" style="{heading.style}" '
        'customWidth="1"/>'
        for at, heading in enumerate(headings, start=1)
    )
    chosen = ' tabSelected="1"' if is_chosen else ""
    return (
        f'{_DECLARATION}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView{chosen} '
        'workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" '
        f'state="frozen"/></sheetView></sheetViews><cols>{columns}</cols><sheetData>'
        f"{row(1, [(heading.name, heading.head_style) for heading in headings])}"
    )


def end(headings: Sequence[Heading] = ()) -> str:
    """Return a sheet's end, after its rows: what may stand in a column, and the tips."""
    checks = [
        check
        for at, heading in enumerate(headings, start=1)
        if (check := _check(letter(at), heading))
    ]
    lists = f'<dataValidations count="{len(checks)}">{"".join(checks)}</dataValidations>'
    return f"</sheetData>{lists if checks else ''}</worksheet>"


def _check(column: str, heading: Heading) -> str:
    words = ",".join(heading.words)
    # A comma parts the words, and the whole is a text in quotes.
    is_list = 0 < len(words) <= _LIST_CHARS and not any(
        mark in word for word in heading.words for mark in ',"'
    )
    if not is_list and not heading.tip:
        return ""
    title, tip = heading.name[:_TIP_TITLE_CHARS], heading.tip[:_TIP_CHARS]
    kind = ' type="list" showErrorMessage="1"' if is_list else ""
    prompt = f' showInputMessage="1" promptTitle={_value(title)} prompt={_value(tip)}'
    formula = f"<formula1>{xml(chr(34) + words + chr(34))}</formula1>" if is_list else ""
    return (
        f'<dataValidation{kind} allowBlank="1"{prompt if tip else ""} '
        f'sqref="{column}2:{column}{LAST_ROW}">{formula}</dataValidation>'
    )


def _value(text: str) -> str:
    """Return text as the value of an attribute, in quotes."""
    return '"' + xml(text).replace('"', "&quot;").replace("\n", "&#10;") + '"'


_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

# 49 is Excel's own number for "text": a SKU that is typed into it keeps its zeros.
_STYLES = (
    f'{_DECLARATION}<styleSheet xmlns="{_MAIN}"><fonts count="3">'
    '<font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font>'
    '<font><sz val="11"/><color rgb="FF9C0006"/><name val="Calibri"/></font></fonts>'
    '<fills count="4"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFFFEB9C"/></patternFill></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFFFC7CE"/></patternFill></fill></fills>'
    '<borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="8"><xf/>'
    '<xf numFmtId="49" applyNumberFormat="1"/><xf numFmtId="2" applyNumberFormat="1"/>'
    '<xf numFmtId="1" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="1" applyNumberFormat="1" applyFont="1"/>'
    '<xf numFmtId="49" fontId="1" fillId="2" applyNumberFormat="1" applyFont="1" applyFill="1"/>'
    '<xf numFmtId="49" fontId="2" fillId="3" applyNumberFormat="1" applyFont="1" applyFill="1"/>'
    '<xf numFmtId="49" applyNumberFormat="1" applyAlignment="1">'
    '<alignment vertical="top" wrapText="1"/></xf></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)


def sheet_part(number: int) -> str:
    """Return where a sheet lies in the archive, from 1."""
    return f"xl/worksheets/sheet{number}.xml"


def parts(titles: Sequence[str]) -> dict[str, str]:
    """Return everything but the sheets themselves."""
    numbers = range(1, len(titles) + 1)
    types = "".join(
        f'<Override PartName="/{sheet_part(number)}" ContentType="{_TYPE}.worksheet+xml"/>'
        for number in numbers
    )
    sheets = "".join(
        f'<sheet name={_value(sheet_name(title))} sheetId="{number}" r:id="rId{number}"/>'
        for number, title in zip(numbers, titles, strict=True)
    )
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" '
        f'Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    return {
        "[Content_Types].xml": (
            f'{_DECLARATION}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
            f"{types}</Types>"
        ),
        "_rels/.rels": (
            f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship '
            f'Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": (
            f'{_DECLARATION}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}'
            "</sheets></workbook>"
        ),
        "xl/_rels/workbook.xml.rels": (
            f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">{relations}'
            f'<Relationship Id="rId{len(titles) + 1}" Type="{_OFFICE}/styles" '
            'Target="styles.xml"/></Relationships>'
        ),
        "xl/styles.xml": _STYLES,
    }


def sheet_name(title: str) -> str:
    """Return a title as Excel takes it: at most 31 characters, none of them its own marks."""
    return re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title)[:31].strip(" '") or "Sheet"
