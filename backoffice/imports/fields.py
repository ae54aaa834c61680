"""Columns of a sheet as SQL sees them: what a row says, what is stored, whether they differ.

Aliases are the same in every statement: `r` the staged row, `p` its plan, `t` the row of the trade.
A field is bound to a run: it knows the place of its cell, or that the file has no such column.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models

from backoffice.imports import sql
from backoffice.imports.columns import Column
from backoffice.models import ImportTerm


class Field:
    """The base: a column whose text is compared with a text."""

    # It goes on moving by itself, and what the sheet says is counted against it anyway.
    follows_the_shelf = False

    def __init__(self, column: Column) -> None:
        self.column = column
        self.name = column.column_name
        self.place: int | None = None
        self.run_id = 0
        self.default = ""

    def bind(self, run_id: int, place: int | None, default: str = "") -> None:
        """Tell where the cell stands in this run's rows; default: of new rows, as text."""
        self.run_id, self.place, self.default = run_id, place, default

    @property
    def is_given(self) -> bool:
        """Whether the file has this column, or the person a default for it."""
        return self.place is not None or bool(self.default)

    @property
    def said(self) -> str:
        """The row's text; NULL: it says nothing; '': it empties the field."""
        return "NULL" if self.place is None else sql.cell(self.place)

    @property
    def said_when_new(self) -> str:
        """The text of a row that is new; '' where nothing is said."""
        if not self.default:
            return f"COALESCE({self.said}, '')"
        # What a person typed stays out of SQL text: it stands among the run's terms.
        typed = (
            f"(SELECT d.text FROM {sql.table(ImportTerm)} d WHERE d.run_id = {self.run_id}"
            f" AND d.field = {sql.literal(default_term(self.name))})"
        )
        return f"COALESCE({self.said}, {typed})"

    @property
    def joins(self) -> str:
        """Joins that `differs`, `present` and `value` need."""
        return ""

    @property
    def aliases(self) -> tuple[str, ...]:
        """What `joins` calls the tables that it joins."""
        return ()

    @property
    def present(self) -> str:
        """What is stored, as SQL; NULL of what does not stand in one place."""
        return "NULL"

    @property
    def present_text(self) -> str:
        return self.column.widget.texted(self.present)

    @property
    def differs(self) -> str:
        """Whether the row says something else than what is stored."""
        other = self.column.widget.differs(self.present, self.said)
        # In this order the cell of a row that differs in nothing is taken out of its JSON once.
        return f"({other} AND {self.said} IS NOT NULL)"

    def value(self, said: str) -> str:
        """Return what will be stored for a text."""
        return self.column.widget.typed(said)

    def shown(self, stored: Iterable[str]) -> Mapping[str, str]:
        """Return how a person reads the texts that `present_text` gave."""
        return {text: text for text in stored}


class OwnField(Field):
    """A column of the table itself."""

    def __init__(self, column: Column, model: type[models.Model], attribute: str = "") -> None:
        super().__init__(column)
        self.model_field = model._meta.get_field(attribute or column.column_name)

    @property
    def stored_in(self) -> str:
        return str(self.model_field.column)

    @property
    def present(self) -> str:
        return f"t.{sql.name(self.stored_in)}"

    @property
    def is_needed(self) -> bool:
        """Whether the field cannot be emptied."""
        field = self.model_field
        is_text = isinstance(field, models.CharField | models.TextField)
        return not field.blank if is_text else not field.null


class TermField(OwnField):
    """A column whose texts are looked up once each: see `ImportTerm`."""

    @property
    def alias(self) -> str:
        return f"term_{self.name}"

    @property
    def aliases(self) -> tuple[str, ...]:
        return (self.alias,)

    @property
    def joins(self) -> str:
        if not self.is_given:
            return ""
        # The plan is not there yet when rows are first held against the table.
        return (
            f" LEFT JOIN {sql.table(ImportTerm)} {self.alias}"
            f" ON {self.alias}.run_id = {self.run_id}"
            f" AND {self.alias}.field = {sql.literal(self.name)}"
            f" AND {self.alias}.text = {self.said_when_new}"
        )


class KeyTermField(TermField):
    """A column that names one row of another table by its text."""

    @property
    def present_text(self) -> str:
        return sql.plain_text(self.present)

    @property
    def differs(self) -> str:
        found = f"{self.alias}.target_id"
        missing = f"({found} IS NULL AND {self.said} <> '')"
        differs = sql.differs(self.present, found)
        return f"(({differs} OR {missing}) AND {self.said} IS NOT NULL)"

    def value(self, said: str) -> str:
        return f"{self.alias}.target_id"


class JsonTermField(TermField):
    """A column that is stored as JSON; the term carries it with its keys in order."""

    is_needed = False

    @property
    def present_text(self) -> str:
        return sql.json_text(self.present)

    @property
    def differs(self) -> str:
        found = sql.json_differs(self.present, self._json)
        return f"({found} AND {self.said} IS NOT NULL)"

    def value(self, said: str) -> str:
        return sql.as_json(self._json)

    @property
    def _json(self) -> str:
        return f"COALESCE({self.alias}.target_ids, '{{}}')"


def default_term(name: str) -> str:
    """Return under which name a run's terms hold a column's default."""
    return f"={name}"


def bound(
    fields: Iterable[Field], run: Any, defaults: Mapping[str, str] | None = None
) -> dict[str, Field]:
    """Return fields by name, bound to a run's layout."""
    places = {name: place for place, name in enumerate(run.layout)}
    named = {}
    for field in fields:
        field.bind(run.pk, places.get(field.name), (defaults or {}).get(field.name, ""))
        named[field.name] = field
    return named
