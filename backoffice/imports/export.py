"""Sheets out: the filtered rows, the empty template, and the refused rows of a run."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backoffice.imports.columns import Column, MoneyWidget, WholeNumberWidget
from backoffice.imports.formats import CONTENT_TYPES, Heading, write_csv, write_xlsx
from backoffice.imports.recipes import REPORT_COLUMNS
from backoffice.imports.rows import Verdict
from backoffice.imports.sheets import Sheet, sheet
from backoffice.models import AuditEvent, ImportRun, User
from backoffice.refused import Refused
from backoffice.steps import require_permission

CHUNK_ROWS = 1_000


class UnknownFormat(Refused):
    """facts: format."""

    sentence = _("“{format}” is no format that can be written.")
    hint = _("Use csv or xlsx.")
    http_status = 404


def export_sheet(
    *,
    sheet_name: str,
    format_name: str,
    by: User,
    queryset: QuerySet[Any] | None = None,
    filters: Mapping[str, Any] | None = None,
) -> IO[bytes]:
    """Return a file of the rows, in the columns that an import reads back.

    queryset: which rows; None: all. filters: how they were chosen, for the record.
    Refuses: NotAllowed; UnknownRow; UnknownFormat.
    Atomic: nothing is written but one audit event.
    """
    kind = sheet(sheet_name)
    require_permission(by, kind.export_permission, kind.export_words)
    if format_name not in CONTENT_TYPES:
        raise UnknownFormat(format=format_name)
    columns = kind.columns_for(by)
    out, count = _written(format_name, columns, _texts(kind, columns, queryset), str(kind.label))
    AuditEvent.record(
        "export",
        model=kind.model._meta.label,
        sheet=kind.name,
        format=format_name,
        filter=dict(filters or {}),
        columns=list(columns),
        rows=count,
    )
    return out


def template(*, sheet_name: str, format_name: str) -> IO[bytes]:
    """Return an empty sheet with one row of examples. Refuses: UnknownRow; UnknownFormat."""
    kind = sheet(sheet_name)
    if format_name not in CONTENT_TYPES:
        raise UnknownFormat(format=format_name)
    columns = kind.columns()
    example = [column.example for column in columns.values()]
    return _written(format_name, columns, [example], str(kind.label))[0]


def refused_rows(run: ImportRun) -> IO[bytes]:
    """Return the refused rows in their own columns, with line and reason, to be sent again."""
    out = io.StringIO(newline="")
    width = len(run.header)

    def rows() -> Iterator[Sequence[str]]:
        refused = run.rows.filter(verdict=Verdict.REFUSED).order_by("line", "id")
        for row in refused.iterator(chunk_size=CHUNK_ROWS):
            cells = ["" if cell is None else str(cell) for cell in row.source[:width]]
            yield [*cells, str(row.line), " ".join(_reason(error) for error in row.errors)]

    write_csv(out, [*run.header, *REPORT_COLUMNS], rows())
    return io.BytesIO(out.getvalue().encode())


def _reason(error: Mapping[str, str]) -> str:
    where = f"{error['column']}: " if error["column"] else ""
    return f"{where}{error['message']} {error['hint']}".rstrip()


def _texts(
    kind: Sheet, columns: Mapping[str, Column], queryset: QuerySet[Any] | None
) -> Iterator[Sequence[str]]:
    rows = kind.model._default_manager.all()
    if queryset is not None:
        rows = rows.filter(pk__in=queryset.order_by().values("pk"))
    for row in kind.rows(rows).order_by(kind.key).iterator(chunk_size=CHUNK_ROWS):
        yield [column.export(row) for column in columns.values()]


def _written(
    format_name: str, columns: Mapping[str, Column], rows: Iterable[Sequence[str]], title: str
) -> tuple[IO[bytes], int]:
    out = io.BytesIO()
    if format_name == "xlsx":
        headings = [_heading(name, column) for name, column in columns.items()]
        count = write_xlsx(out, headings, rows, title)
    else:
        text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
        count = write_csv(text, list(columns), rows)
        text.detach()
    out.seek(0)
    return out, count


def _heading(name: str, column: Column) -> Heading:
    if isinstance(column.widget, MoneyWidget):
        return Heading(name, "money", 12)
    if isinstance(column.widget, WholeNumberWidget):
        return Heading(name, "whole", 10)
    return Heading(name, "text", 32 if name in {"name", "description", "category"} else 16)
