"""Columns that a sheet carries for people: read along, held against the table, never written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.imports import sql
from backoffice.imports.checks import Check, Facts
from backoffice.imports.columns import Column
from backoffice.imports.fields import Field
from backoffice.imports.parse import Fault, shown
from backoffice.imports.relation import Relation
from backoffice.imports.table_sheet import SetPart
from backoffice.models import ImportFinding
from backoffice.models.imports import Verdict

NEVER = "(1 = 0)"


class ReadAlongField(Field):
    """A column of the table that this sheet never writes, whatever it says."""

    def __init__(self, column: Column, model: type[models.Model]) -> None:
        super().__init__(column)
        named = {field.name: str(field.column) for field in model._meta.concrete_fields}
        self.stored_in = named[column.column_name]

    @property
    def present(self) -> str:
        return f"t.{sql.name(self.stored_in)}"

    @property
    def differs(self) -> str:
        return NEVER

    @property
    def contradicts(self) -> str:
        """Whether the row says another word than the table, where both say one."""
        other = self.column.widget.differs(self.present, self.said)
        return f"({self.said} <> '' AND {self.present} <> '' AND {other})"


class ReadAlongPart(SetPart):
    """What is only read along refuses no row; an identifier that contradicts is pointed at."""

    def __init__(self, *identifiers: str) -> None:
        self.identifiers = identifiers

    def resolve(self, relation: Relation) -> None:
        """Drop what is said against cells that nobody will write."""
        fields = [field.name for field in _read_along(relation)]
        ImportFinding.objects.filter(run=relation.run, is_form=True, field__in=fields).delete()

    def checks(self, relation: Relation) -> Iterable[Check]:
        for field in _read_along(relation):
            if field.name in self.identifiers:
                yield _contradiction(field)


def _read_along(relation: Relation) -> list[ReadAlongField]:
    return [field for field in relation.compared if isinstance(field, ReadAlongField)]


def _contradiction(field: ReadAlongField) -> Check:
    label: Any = field.column.label

    def words(facts: Facts) -> Fault:
        return Fault(
            f"other_{field.name}",
            _("{label} is {said} here, and {stored} in the catalogue: is it the same product?"),
            label=label,
            said=shown(facts["said"]),
            stored=shown(facts["stored"]),
        )

    return Check(
        field=field.name,
        of=Verdict.CHANGED,
        when=field.contradicts,
        needs={"said": field.said, "stored": field.present},
        words=words,
        is_warning=True,
    )
