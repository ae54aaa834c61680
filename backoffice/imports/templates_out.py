"""The template of a sheet: its columns with examples, and in a workbook what may stand where."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import IO

from django.utils.translation import gettext as _

from backoffice.imports import workbook_parts as parts
from backoffice.imports.columns import Column, YesNoWidget
from backoffice.imports.export import UnknownFormat, heading
from backoffice.imports.formats import CONTENT_TYPES, Heading, write_csv
from backoffice.imports.sheets import sheet


def template(*, sheet_name: str, format_name: str) -> IO[bytes]:
    """Return a sheet with rows of examples and nothing else.

    A workbook says more: which columns a new row needs (their heads are yellow), what each means
    (a tip beside the cell), which words it takes (a list), and all of that on a second sheet,
    which no import reads. Refuses: UnknownRow; UnknownFormat.
    """
    kind = sheet(sheet_name)
    if format_name not in CONTENT_TYPES:
        raise UnknownFormat(format=format_name)
    columns = kind.columns()
    out = io.BytesIO()
    if format_name == "xlsx":
        _write_xlsx(out, columns, str(kind.label))
    else:
        text = io.TextIOWrapper(out, encoding="utf-8", newline="")
        write_csv(text, list(columns), examples(columns))
        text.detach()
    out.seek(0)
    return out


def examples(columns: Mapping[str, Column]) -> list[list[str]]:
    """Return the rows of examples: one, and another one where the columns have a second."""
    first = [column.example for column in columns.values()]
    second = [column.second_example for column in columns.values()]
    return [first, second] if any(second) else [first]


def words_of(column: Column) -> tuple[str, ...]:
    """Return all that may stand in a column, where that is a short list."""
    if isinstance(column.widget, YesNoWidget):
        return ("yes", "no")
    return tuple(column.choices)


def _write_xlsx(out: IO[bytes], columns: Mapping[str, Column], title: str) -> None:
    headings = [_heading(name, column) for name, column in columns.items()]
    about = _("Columns") if _("Columns") != title else f"{title} 2"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.parts([title, about]).items():
            archive.writestr(name, content)
        archive.writestr(parts.sheet_part(1), _examples_sheet(headings, columns))
        archive.writestr(parts.sheet_part(2), _about_sheet(columns))


def _heading(name: str, column: Column) -> Heading:
    plain = heading(name, column)
    return Heading(
        name,
        plain.kind,
        max(plain.width, len(name) + 2),
        is_needed=column.is_required,
        tip=str(column.help_text),
        words=words_of(column),
    )


def _examples_sheet(headings: list[Heading], columns: Mapping[str, Column]) -> str:
    rows = []
    for number, cells in enumerate(examples(columns), start=2):
        written = []
        for at, (head, text) in enumerate(zip(headings, cells, strict=True), start=1):
            where = f"{parts.letter(at)}{number}"
            if text and head.kind != "text":
                written.append(parts.number_cell(where, text, head.style))
            elif text:
                written.append(parts.text_cell(where, text, head.style))
        rows.append(f'<row r="{number}">{"".join(written)}</row>')
    return f"{parts.start(headings)}{''.join(rows)}{parts.end(headings)}"


def _about_sheet(columns: Mapping[str, Column]) -> str:
    headings = [
        Heading(_("Column"), width=22),
        Heading(_("Name"), width=22),
        Heading(_("Needed"), width=10),
        Heading(_("Meaning"), width=60),
        Heading(_("Allowed values"), width=32),
        Heading(_("Example"), width=32),
    ]
    rows = []
    for number, (name, column) in enumerate(columns.items(), start=2):
        needed = _("yes") if column.is_required else ""
        allowed = ", ".join(words_of(column))
        texts = [str(column.label), needed, str(column.help_text), allowed, column.example]
        cells = [(name, parts.HEAD_NEEDED if column.is_required else parts.HEAD)]
        cells += [(text, parts.WRAPPED) for text in texts]
        rows.append(parts.row(number, cells))
    return f"{parts.start(headings, is_chosen=False)}{''.join(rows)}{parts.end()}"
