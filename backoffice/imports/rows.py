"""One row of a sheet on its way from the file to a verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from backoffice.imports.parse import Fault, canonical
from backoffice.imports.tables import Note
from backoffice.models.imports import Verdict
from backoffice.refused import Refused


@dataclass(frozen=True)
class Cell:
    """A cell that a recipe hands on.

    source: the column as the file names it, for the error report. empties: the field is emptied,
    where a blank cell would leave it as it is.
    """

    value: Any
    source: str
    empties: bool = False


@dataclass(frozen=True)
class RowFault:
    """Why a row is refused: the column as the file names it ("" for the row), code and words.

    is_form: the cell cannot be read, whatever the table holds. field: the column as we call it.
    """

    column: str
    code: str
    message: str
    hint: str = ""
    is_form: bool = False
    field: str = ""

    def as_json(self) -> dict[str, str]:
        return {
            "column": self.column,
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
        }


@dataclass
class Row:
    """A row of the file.

    values: what cells mean; texts: the same as canonical text; a column that the file leaves
    blank is in neither. current: the row's own row in the table. needs: another row of the file
    without which this one cannot be.
    """

    line: int
    source: list[Any] = field(default_factory=list)
    cells: dict[str, Cell] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    changes: dict[str, tuple[str, str]] = field(default_factory=dict)
    faults: list[RowFault] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    key: str = ""
    current: Any = None
    needs: Row | None = None
    # Of a staged row: its place in the run, and the key of what it was held against in the preview.
    number: int = 0
    target_id: int | None = None
    # What was said against it when the file was read.
    said_before: tuple[RowFault, ...] = ()

    @property
    def is_new(self) -> bool:
        return self.current is None

    @property
    def verdict(self) -> Verdict:
        if self.faults:
            return Verdict.REFUSED
        if self.current is None:
            return Verdict.NEW
        return Verdict.CHANGED if self.changes else Verdict.UNCHANGED

    @property
    def is_written(self) -> bool:
        return self.verdict in {Verdict.NEW, Verdict.CHANGED}

    def source_of(self, column: str) -> str:
        """Return what the file calls a column."""
        return self.cells[column].source if column in self.cells else column

    def raw_text(self, column: str) -> str:
        """Return a cell as it was typed, "" when it is no text (a workbook's number, a date)."""
        cell = self.cells.get(column)
        if cell is None or not isinstance(cell.value, str):
            return ""
        # PostgreSQL cannot even be asked for a NUL.
        return canonical(cell.value).replace("\x00", "\N{REPLACEMENT CHARACTER}")

    def refuse(self, column: str, fault: Fault, *, is_form: bool = False) -> None:
        """Note why this row cannot be accepted. column: ours; "" for the whole row."""
        name = self.source_of(column) if column else ""
        self.faults.append(
            RowFault(name, fault.code, fault.message, fault.hint, is_form, field=column)
        )

    def refuse_by(self, refused: Refused, column: str = "") -> None:
        """Note a verb's refusal in its own words."""
        self.refuse(column, Fault(refused.code, refused.message, refused.way_out))

    def note(self, column: str, code: str, message: str) -> None:
        self.notes.append(Note(code, message, self.source_of(column) if column else ""))

    def value(self, column: str, otherwise: Any = None) -> Any:
        """Return what the file says about a column, else what is there, else `otherwise`."""
        if column in self.values:
            return self.values[column]
        if self.current is not None:
            return getattr(self.current, column, otherwise)
        return otherwise
