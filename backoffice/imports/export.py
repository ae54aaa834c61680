"""Sheets out: the filtered rows in the chosen columns, written as they are read."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import IO, Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backoffice.imports.columns import Column, MoneyWidget, WholeNumberWidget
from backoffice.imports.formats import (
    CONTENT_TYPES,
    Heading,
    SheetWriter,
    csv_writer,
    xlsx_writer,
)
from backoffice.imports.sheets import Sheet, sheet
from backoffice.imports.sources import read_columns, sources_of
from backoffice.models import AuditEvent, User
from backoffice.refused import NotAllowed, Refused
from backoffice.steps import require_permission

CHUNK_ROWS = 1_000
IN_MEMORY_BYTES = 2 * 1024 * 1024
WIDE = {"name", "description", "category", "lines"}

# Called after each chunk with the number of rows that are written.
Step = Callable[[int], None]


class UnknownFormat(Refused):
    """facts: format."""

    sentence = _("“{format}” is no format that can be written.")
    hint = _("Use csv or xlsx.")
    http_status = 404


class UnknownColumn(Refused):
    """facts: column, known."""

    sentence = _("This sheet has no column “{column}”.")
    hint = _("It has: {known}.")


def export_sheet(
    *,
    sheet_name: str,
    format_name: str,
    by: User,
    queryset: QuerySet[Any] | None = None,
    filters: Mapping[str, Any] | None = None,
    columns: Iterable[str] = (),
    purpose: str = "",
) -> IO[bytes]:
    """Return a file of the rows, in the columns that an import reads back.

    queryset: which rows; None: all. filters: how they were chosen; purpose: what for; both for the
    record. columns: some of the sheet's, in its order; none: all that this person may take out.
    Refuses: NotAllowed; UnknownRow; UnknownFormat; UnknownColumn; TooLargeForWorkbook.
    Atomic: nothing is written but one audit event.
    """
    out = tempfile.TemporaryFile()  # noqa: SIM115  (whoever gets it closes it)
    try:
        write_export(
            out,
            sheet_name=sheet_name,
            format_name=format_name,
            by=by,
            queryset=queryset,
            filters=filters,
            columns=columns,
            record={"purpose": purpose},
        )
    except BaseException:
        out.close()
        raise
    size = out.tell()
    out.seek(0)
    if size > IN_MEMORY_BYTES:
        return out
    with out:
        return io.BytesIO(out.read())


def write_export(
    out: IO[bytes],
    *,
    sheet_name: str,
    format_name: str,
    by: User,
    queryset: QuerySet[Any] | None = None,
    filters: Mapping[str, Any] | None = None,
    columns: Iterable[str] = (),
    record: Mapping[str, str] | None = None,
    step: Step | None = None,
) -> int:
    """Write what `export_sheet` returns, and return the number of rows.

    record: what else the audit event tells: purpose, job. step: see `Step`; what it raises ends it.
    """
    kind = sheet(sheet_name)
    require_permission(by, kind.export_permission, kind.export_words)
    if format_name not in CONTENT_TYPES:
        raise UnknownFormat(format=format_name)
    chosen = chosen_columns(kind, by, columns)
    with _writer(out, format_name, chosen, str(kind.label)) as writer:
        _write(kind, chosen, queryset, _stepping(writer, step))
        count = writer.count
    said: dict[str, Any] = {name: text for name, text in (record or {}).items() if text}
    AuditEvent.record(
        "export",
        model=kind.model._meta.label,
        sheet=kind.name,
        format=format_name,
        filter=dict(filters or {}),
        columns=list(chosen),
        rows=count,
        **said,
    )
    return count


def chosen_columns(kind: Sheet, by: User, names: Iterable[str]) -> dict[str, Column]:
    """Return the columns of these names in the sheet's order, always with its key; none: all.

    Refuses: UnknownColumn; NotAllowed for one that this person may not take out.
    """
    allowed, wanted = kind.columns_for(by), set(names)
    if not wanted:
        return allowed
    for name in sorted(wanted.difference(allowed)):
        if name in kind.columns():
            raise NotAllowed(what=_("export the column “{column}”").format(column=name))
        raise UnknownColumn(column=name, known=", ".join(allowed))
    wanted.add(kind.key)
    return {name: column for name, column in allowed.items() if name in wanted}


def heading(name: str, column: Column) -> Heading:
    """Return how a column stands in a workbook."""
    if isinstance(column.widget, MoneyWidget):
        return Heading(name, "money", 12)
    if isinstance(column.widget, WholeNumberWidget):
        return Heading(name, "whole", 10)
    return Heading(name, "text", 32 if name in WIDE else 16)


@contextmanager
def _writer(
    out: IO[bytes], format_name: str, columns: Mapping[str, Column], title: str
) -> Iterator[SheetWriter]:
    if format_name == "xlsx":
        headings = [heading(name, column) for name, column in columns.items()]
        with xlsx_writer(out, headings, title, is_trimmed=True) as writer:
            yield writer
        return
    text = io.TextIOWrapper(out, encoding="utf-8", errors="replace", newline="")
    try:
        with csv_writer(text, list(columns)) as writer:
            yield writer
    finally:
        text.detach()


class _Stepping:
    """Tells after each chunk how many rows are written."""

    def __init__(self, writer: SheetWriter, step: Step) -> None:
        self.writer, self.step = writer, step

    def __call__(self, columns: Any) -> None:
        self.writer.write(columns)
        self.step(self.writer.count)


def _stepping(writer: SheetWriter, step: Step | None) -> Callable[[Any], None]:
    return writer.write if step is None else _Stepping(writer, step)


def _write(
    kind: Sheet,
    columns: Mapping[str, Column],
    queryset: QuerySet[Any] | None,
    take: Callable[[Any], None],
) -> None:
    """Hand over all cells, oldest row first: whole columns where the sheet tells how."""
    rows = kind.model._default_manager.all()
    if queryset is not None and _leaves_out(queryset):
        rows = rows.filter(pk__in=queryset.order_by().values("pk"))
    if (sources := sources_of(columns, kind.model)) is not None:
        read_columns(rows, sources, take)
        return
    instances = iter(kind.rows(rows).order_by("pk").iterator(chunk_size=CHUNK_ROWS))
    while some := list(islice(instances, CHUNK_ROWS)):
        take([[column.export(row) for row in some] for column in columns.values()])


def _leaves_out(queryset: QuerySet[Any]) -> bool:
    """Return whether a queryset may have fewer rows than the table: then it is asked."""
    query = queryset.query
    return bool(query.where or query.is_sliced or query.combinator or query.extra or query.distinct)
