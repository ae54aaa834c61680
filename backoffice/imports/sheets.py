"""What can be imported and exported: apps register their sheets in their own `sheets.py`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.utils.module_loading import autodiscover_modules
from import_export.resources import ModelResource

from backoffice.imports.columns import Column
from backoffice.imports.parse import Text
from backoffice.imports.recipes import Recipe
from backoffice.models import User
from backoffice.refused import UnknownRow

if TYPE_CHECKING:
    from backoffice.imports.guess import Hints
    from backoffice.imports.writing import Writing
    from backoffice.models import ImportRun


@dataclass(frozen=True)
class Derived:
    """A text that is made from others where the file is read, and kept beside the cells.

    columns: of which it is made; without the first of them it is not. make: the texts of many rows,
    column by column → its text in each.
    """

    name: str
    columns: tuple[str, ...]
    make: Callable[..., Sequence[str]]


class Planner(ABC):
    """Judges and writes the staged rows of one run, for one person."""

    @abstractmethod
    def plan(self) -> None:
        """Say what every staged row would do, and count it on the run (not saved).

        Atomic: inside the caller's transaction; nothing of the trade is written.
        """

    @abstractmethod
    def judge_again(self, *, settles: bool) -> int:
        """Lock what will be written, judge it as it is now; return how many are refused now.

        settles: what was made up for new rows is made up again: rivals may have taken it.
        """

    @abstractmethod
    def write(self, writing: Writing) -> None:
        """Write what is planned and was not refused, inside the same transaction."""


class Sheet(ABC):
    """A kind of sheet: its columns, the recipes that lead to it, and its parts in order."""

    name: ClassVar[str]
    label: ClassVar[Text]
    noun: ClassVar[Text]
    resource_class: ClassVar[type[ModelResource]]
    key: ClassVar[str]
    unique: ClassVar[tuple[str, ...]] = ()
    title_column: ClassVar[str]
    # What may say which row is meant, beside the sheet's own key.
    keys: ClassVar[tuple[str, ...]] = ()
    # What a list shows of a row that is new.
    summary: ClassVar[tuple[str, ...]] = ()
    derived: ClassVar[tuple[Derived, ...]] = ()
    # What its rows may do, whatever a person or a recipe says; blank: they say.
    mode: ClassVar[str] = ""
    # The column whose fall may stop a run that nobody looks at.
    price_column: ClassVar[str] = ""
    # What is known of files that lead to it, to guess what their columns are.
    hints: ClassVar[Hints | None] = None
    import_permission: ClassVar[str]
    import_words: ClassVar[Text]
    export_permission: ClassVar[str]
    export_words: ClassVar[Text]
    add_permission: ClassVar[str]
    change_permission: ClassVar[str]
    # Its rows name customers: only who may load such sheets reads the runs of others.
    is_personal: ClassVar[bool] = False

    def is_seen_by(self, user: User) -> bool:
        """Return whether a person may look at everybody's runs of this sheet."""
        return user.has_perm(self.import_permission) or (
            user.has_perm("backoffice.view_changeset") and not self.is_personal
        )

    @property
    @abstractmethod
    def recipes(self) -> Sequence[Recipe]:
        """Return what kinds of file lead to this sheet; the first one is its own."""

    @property
    def action(self) -> str:
        """What a change set calls an import of this sheet: "catalog.import_products"."""
        return f"{self.import_permission.partition('.')[0]}.import_{self.name}"

    @property
    def model(self) -> type[models.Model]:
        return self.resource_class._meta.model

    def columns(self) -> dict[str, Column]:
        """Return fresh columns by name; they may remember what they looked up."""
        resource = self.resource_class()
        return {name: resource.fields[name] for name in resource.get_import_order()}

    def columns_for(self, by: User) -> dict[str, Column]:
        """Return the columns that this person may take out of the house."""
        return self.columns()

    def rows(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Return the queryset with everything joined that the columns read."""
        return queryset

    @abstractmethod
    def planner(self, run: ImportRun, by: User) -> Planner:
        """Return who judges and writes a run's rows."""

    def measures(self, run: ImportRun) -> Mapping[str, Decimal]:
        """Return by action what a rule may ask a second person for, beside the number of rows."""
        return {}

    def known_columns(self) -> frozenset[str]:
        return frozenset().union(*(recipe.known() for recipe in self.recipes))


_sheets: dict[str, Sheet] = {}


def register(sheet_class: type[Sheet]) -> type[Sheet]:
    """Class decorator: this sheet can be imported and exported."""
    _sheets[sheet_class.name] = sheet_class()
    return sheet_class


def all_sheets() -> Iterable[Sheet]:
    """Return every sheet, in the order of the installed apps."""
    _discover()
    return _sheets.values()


@cache
def _discover() -> None:
    """Look through the apps once: it takes milliseconds, and every list of imports asks."""
    autodiscover_modules("sheets")


def sheet(name: str) -> Sheet:
    """Return a sheet by its name. Refuses: UnknownRow."""
    all_sheets()
    if name not in _sheets:
        raise UnknownRow(what="sheet", key=name, hint=", ".join(_sheets))
    return _sheets[name]
