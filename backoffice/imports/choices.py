"""What a person chooses about an import, beside the file: kept on the run, and in a recipe."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from django.utils.translation import gettext_lazy as _

from backoffice.imports.columns import Column
from backoffice.imports.parse import Fault
from backoffice.imports.tables import Reading
from backoffice.refused import BadValue


class Blank(StrEnum):
    """What a blank cell of a column means: nothing, that the field is empty, or a fault."""

    KEEP = "keep"
    CLEAR = "clear"
    REFUSE = "refuse"


class StockMeans(StrEnum):
    """What a number of pieces in a sheet means while shelves go on moving.

    counted: it was counted now and overwrites. difference: what the preview showed is added or
    taken away, whatever was sold since.
    """

    COUNTED = "counted"
    DIFFERENCE = "difference"


@dataclass(frozen=True, kw_only=True)
class Choices:
    """How a run's file is understood.

    key: the column that says which row is meant; blank: the sheet's own. blanks: by our column;
    the others keep. defaults: our column → what a new row gets where the file says nothing.
    mapping: the file's column → ours, or "" to leave it aside; None: the recipe knows.
    ignore_unknown: columns that the recipe does not know are left aside. reading: how the file is
    read. supplier: whose file it is.
    """

    key: str = ""
    blanks: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    mapping: Mapping[str, str] | None = None
    ignore_unknown: bool = False
    stock_means: str = StockMeans.COUNTED
    supplier: str = ""
    reading: Reading = field(default_factory=Reading)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote; what an older version did not know has its default."""
        known = {name: stored[name] for name in cls.__dataclass_fields__ if name in stored}
        return cls(**{**known, "reading": Reading.from_json(stored.get("reading") or {})})

    def but(self, **changed: Any) -> Self:
        return replace(self, **changed)

    def require_readable(self, columns: Mapping[str, Column], keys: Collection[str]) -> None:
        """Refuse choices that name no column, or a default that its column could not hold.

        keys: the columns that may say which row is meant. Refuses: BadValue.
        """
        for name in {*self.defaults, *self.blanks} - columns.keys():
            raise BadValue(field=name, problem=_("this sheet has no such column."))
        if self.key and self.key not in keys:
            raise BadValue(field=self.key, problem=_("it does not say which row is meant."))
        for name, text in self.defaults.items():
            try:
                columns[name].read(text)
            except Fault as fault:
                raise BadValue(field=columns[name].label, problem=fault.message) from fault

    def over(self, saved: Choices) -> Choices:
        """Return what was saved, but for what is chosen here."""
        mine, theirs, blank = self.as_json(), saved.as_json(), type(self)().as_json()
        reading = {
            name: mine["reading"][name]
            if mine["reading"][name] != blank["reading"][name]
            else theirs["reading"][name]
            for name in blank["reading"]
        }
        chosen = {name: mine[name] if mine[name] != blank[name] else theirs[name] for name in blank}
        return type(self).from_json({**chosen, "reading": reading})

    def blank_of(self, column: str) -> str:
        return self.blanks.get(column, Blank.KEEP)
