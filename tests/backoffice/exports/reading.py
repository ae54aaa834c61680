"""A written sheet as our own reader, and as a spreadsheet program, sees it."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
from python_calamine import CalamineWorkbook

from backoffice.imports.read import open_table


def cells_of(content: bytes, known: tuple[str, ...] = ("name", "sku")) -> list[list[Any]]:
    """Return the rows below the head, as an import reads them."""
    table = open_table(io.BytesIO(content), known=frozenset(known))
    return [row for chunk in table.chunks() for row in chunk.rows]


def header_of(content: bytes) -> list[str]:
    return open_table(io.BytesIO(content), known=frozenset({"name", "sku"})).header


def csv_rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def book(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))


def calamine(content: bytes, sheet: int = 0) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(sheet).to_python()
