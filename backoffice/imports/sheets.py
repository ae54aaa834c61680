"""What can be imported and exported: apps register their sheets in their own `sheets.py`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.utils.module_loading import autodiscover_modules
from import_export.resources import ModelResource

from backoffice.imports.columns import Column
from backoffice.imports.parse import Text
from backoffice.imports.recipes import Recipe
from backoffice.imports.rows import Row
from backoffice.imports.tables import Note
from backoffice.models import User
from backoffice.refused import Refused, UnknownRow
from backoffice.steps import Outcome


@dataclass
class Plan:
    """All rows of a file beside what is in the table, while they are judged.

    now: the clock. facts: what parts looked up and hand on to each other. notes: what a person
    should know about the file as a whole.
    """

    sheet: Sheet
    rows: list[Row]
    by: User
    mode: str
    now: datetime
    facts: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    @property
    def good(self) -> list[Row]:
        return [row for row in self.rows if not row.faults]

    @cached_property
    def by_key(self) -> Mapping[str, Row]:
        return {row.key: row for row in reversed(self.rows) if row.key}

    def allows(self, permission: str) -> bool:
        """Return whether the person may; each permission is asked for once."""
        asked = self.facts.setdefault("permissions", {})
        if permission not in asked:
            asked[permission] = self.by.is_active and self.by.has_perm(permission)
        return bool(asked[permission])


@dataclass
class Work:
    """The rows that are being written.

    A part refuses single rows; then all is undone and judged again without them.

    made: keys of new rows → primary keys, once they are there.
    """

    plan: Plan
    rows: list[Row]
    by: User
    reason: str
    cause: UUID
    made: dict[str, int] = field(default_factory=dict)
    refused: list[tuple[Row, Refused]] = field(default_factory=list)

    @property
    def new(self) -> list[Row]:
        """Return new rows in the order of their keys: the result never depends on the file's."""
        return sorted((row for row in self.rows if row.is_new), key=lambda row: row.key)

    @property
    def changed(self) -> list[Row]:
        return sorted((row for row in self.rows if not row.is_new), key=lambda row: row.key)

    def id_of(self, row: Row) -> int:
        return self.made[row.key] if row.is_new else row.current.pk

    def note_refused(self, outcome: Outcome[Any]) -> None:
        """Take over what a plural verb refused."""
        there = (row for row in self.rows if not row.is_new or row.key in self.made)
        by_id = {self.id_of(row): row for row in there}
        for what, refusal in outcome.refused:
            self.refused.append((by_id[getattr(what, "pk", what)], refusal))


class Part:
    """A piece of a sheet that is written together, by its service's set form."""

    def prepare(self, plan: Plan) -> None:
        """Bring texts into the form of the table, before they are compared."""

    def judge(self, plan: Plan) -> None:
        """Refuse rows with words, and note what a person should look at. Writes nothing."""

    def apply(self, work: Work) -> None:
        """Write the rows' changes."""


class Sheet(ABC):
    """A kind of sheet: its columns, the recipes that lead to it, and its parts in order."""

    name: ClassVar[str]
    label: ClassVar[Text]
    noun: ClassVar[Text]
    resource_class: ClassVar[type[ModelResource]]
    key: ClassVar[str]
    unique: ClassVar[tuple[str, ...]] = ()
    title_column: ClassVar[str]
    # What a list shows of a row that is new.
    summary: ClassVar[tuple[str, ...]] = ()
    parts: ClassVar[Sequence[Part]] = ()
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

    def find(self, keys: Iterable[str]) -> Mapping[str, Any]:
        """Return the table's rows by key."""
        wanted = sorted(keys)
        found: dict[str, Any] = {}
        for start in range(0, len(wanted), 1_000):
            some = self.model._default_manager.filter(
                **{f"{self.key}__in": wanted[start : start + 1_000]}
            )
            found.update((getattr(row, self.key), row) for row in self.rows(some))
        return found

    def lock(self, ids: Iterable[int]) -> None:
        """Lock the rows that are going to be written, in primary-key order."""
        wanted = sorted(ids)
        for start in range(0, len(wanted), 1_000):
            rows = self.model._default_manager.select_for_update(no_key=True)
            list(rows.filter(pk__in=wanted[start : start + 1_000]).order_by("pk").only("pk"))

    def known_columns(self) -> frozenset[str]:
        return frozenset().union(*(recipe.known() for recipe in self.recipes))


_sheets: dict[str, Sheet] = {}


def register(sheet_class: type[Sheet]) -> type[Sheet]:
    """Class decorator: this sheet can be imported and exported."""
    _sheets[sheet_class.name] = sheet_class()
    return sheet_class


def all_sheets() -> Iterable[Sheet]:
    """Return every sheet, in the order of the installed apps."""
    autodiscover_modules("sheets")
    return _sheets.values()


def sheet(name: str) -> Sheet:
    """Return a sheet by its name. Refuses: UnknownRow."""
    all_sheets()
    if name not in _sheets:
        raise UnknownRow(what="sheet", key=name, hint=", ".join(_sheets))
    return _sheets[name]
