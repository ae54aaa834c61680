"""Random forgeries by the owner of the tables, triggers off: each is found, and its row named.

300 of them; 1,000 by `--hypothesis-profile=deep`.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import hypothesis
import pytest
from django.db import DatabaseError, connection, models, transaction

from backoffice import sealed, seals
from backoffice.models import PersonalRecord
from backoffice.seals.canonical import kind_of
from backoffice.seals.reconcile import audited_models
from tests.backoffice.seals.conftest import note
from tests.forging import past_the_guard

USUAL_EXAMPLES = 100
SEED = 20_260


@dataclass(frozen=True)
class Forgery:
    """What was done, and the first row that has to be named."""

    what: str
    table: str
    row: Any


class Forger:
    """Forges one thing at a time, at random."""

    def __init__(self, luck: random.Random) -> None:
        self.luck = luck
        self.facts = [e.model for e in sealed.registry() if e.is_chained and self.keys(e.model)]
        self.live = [m for m in audited_models() if self.keys(m)]

    def keys(self, model: type[models.Model]) -> list[Any]:
        return sorted(model._base_manager.values_list("pk", flat=True))

    def forge(self) -> Forgery | None:
        """Do one; None when the database would not have it, or nothing would differ."""
        is_live = self.luck.random() < 0.3
        model = self.luck.choice(self.live if is_live else self.facts)
        acts = [self.edit, self.edit, self.delete, self.insert, self.swap]
        act = self.luck.choice(acts if is_live else [*acts, self.cut_tail])
        try:
            with transaction.atomic():
                row = act(model, self.keys(model))
        except DatabaseError:
            return None
        if row is None:
            return None
        what = f"{'live' if is_live else 'sealed'} {act.__name__}"
        return Forgery(what, model._meta.label if is_live else model._meta.db_table, row)

    def edit(self, model: type[models.Model], keys: list[Any]) -> Any:
        pk = self.luck.choice(keys)
        field = self.luck.choice(self.fields(model))
        old = model._base_manager.filter(pk=pk).values_list(field.attname, flat=True)[0]
        self.put(model, pk, field, self.other(field, old))
        return pk

    def delete(self, model: type[models.Model], keys: list[Any]) -> Any:
        pk = self.luck.choice(keys)
        self.run(
            f"DELETE FROM {self.table(model)} WHERE {self.key(model)} = %s", self.raw(model, pk)
        )
        return pk

    def cut_tail(self, model: type[models.Model], keys: list[Any]) -> Any:
        first = self.luck.choice(keys[-3:])
        self.run(f"DELETE FROM {self.table(model)} WHERE {self.key(model)} >= %s", first)
        return first

    def insert(self, model: type[models.Model], keys: list[Any]) -> Any:
        """Copy a row to an id that is free, before the others."""
        template = self.luck.choice(keys)
        pk = uuid4() if isinstance(template, type(uuid4())) else -self.luck.randrange(1, 10**6)
        if not any(isinstance(key, int) for key in keys) and model in self.facts:
            return None
        cells, parameters = [], []
        for field in model._meta.concrete_fields:
            if field.primary_key:
                cells.append("%s")
                parameters.append(self.raw(model, pk))
            elif field.unique and not field.null:
                cells.append("%s")
                fresh = uuid4() if field.get_internal_type() == "UUIDField" else uuid4().hex[:20]
                parameters.append(field.get_db_prep_save(fresh, connection))
            else:
                cells.append(connection.ops.quote_name(field.column))
        names = ", ".join(connection.ops.quote_name(f.column) for f in model._meta.concrete_fields)
        self.run(
            f"INSERT INTO {self.table(model)} ({names}) SELECT {', '.join(cells)}"
            f" FROM {self.table(model)} WHERE {self.key(model)} = %s",
            *parameters,
            self.raw(model, template),
        )
        return pk

    def swap(self, model: type[models.Model], keys: list[Any]) -> Any:
        if len(keys) < 2:
            return None
        one, two = sorted(self.luck.sample(keys, 2))
        field = self.luck.choice(self.fields(model))
        values = dict(
            model._base_manager.filter(pk__in=[one, two]).values_list("pk", field.attname)
        )
        if values[one] == values[two]:
            return None
        self.put(model, one, field, values[two])
        self.put(model, two, field, values[one])
        return one

    # --- Raw SQL ---

    def fields(self, model: type[models.Model]) -> list[Any]:
        if model in self.live:
            fields = model.history.model.tracked_fields
        else:
            fields = model._meta.concrete_fields
        return [f for f in fields if f.column != model._meta.pk.column]

    def other(self, field: Any, old: Any) -> Any:
        kind = kind_of(field).partition(":")[0]
        if old is None:
            return {"int": 1, "text": "", "bool": True, "decimal": Decimal(0), "uuid": uuid4()}[kind] if kind in {
                "int", "text", "bool", "decimal", "uuid"
            } else self.luck.choice([v for v in ("2026-01-01T00:00:00Z",) if kind == "time"] or ["2026-01-01"])  # fmt: skip
        return {
            "int": lambda: old + 1,
            "text": lambda: "x" if old != "x" else "y",
            "bool": lambda: not old,
            "decimal": lambda: old + Decimal("0.01"),
            "time": lambda: old + timedelta(microseconds=1),
            "date": lambda: old + timedelta(days=1),
            "uuid": uuid4,
            "json": lambda: {"forged": self.luck.random()},
        }[kind]()

    def put(self, model: type[models.Model], pk: Any, field: Any, value: Any) -> None:
        target = getattr(field, "target_field", field)
        column = connection.ops.quote_name(field.column)
        parameter = target.get_db_prep_save(target.to_python(value), connection)
        self.run(
            f"UPDATE {self.table(model)} SET {column} = %s WHERE {self.key(model)} = %s",
            parameter,
            self.raw(model, pk),
        )

    def raw(self, model: type[models.Model], pk: Any) -> Any:
        return model._meta.pk.get_db_prep_value(pk, connection)

    def table(self, model: type[models.Model]) -> str:
        return connection.ops.quote_name(model._meta.db_table)

    def key(self, model: type[models.Model]) -> str:
        return connection.ops.quote_name(model._meta.pk.column)

    def run(self, sql: str, *parameters: Any) -> None:
        with past_the_guard(), connection.cursor() as cursor:
            cursor.execute(sql, parameters)


def found_by_verify(forgery: Forgery) -> bool:
    first = seals.examine().first
    return first is not None and (first.table, first.row) == (forgery.table, forgery.row)


def found_by_reconcile(forgery: Forgery) -> bool:
    differences = seals.reconcile_record().differences
    named = {(d.model, d.key) for d in differences}
    return bool(named) and (forgery.table, str(forgery.row)) in named and len(named) <= 2


@pytest.mark.django_db
def test_every_forgery_is_found_and_its_first_row_is_named(everything):
    for n in range(5):
        note(n=n)
    seals.seal_record()
    assert seals.examine().is_whole
    assert seals.reconcile_record().is_whole
    is_deep = hypothesis.settings.default.max_examples > USUAL_EXAMPLES
    wanted = 1_000 if is_deep else 300
    forger = Forger(random.Random(SEED))
    connection.check_constraints()
    sealed.uninstall()
    kinds: Counter[str] = Counter()
    missed = []

    while kinds.total() < wanted:
        savepoint = transaction.savepoint()
        forgery = forger.forge()
        if forgery is not None:
            is_found: Callable[[Forgery], bool] = (
                found_by_reconcile if forgery.what.startswith("live") else found_by_verify
            )
            if not is_found(forgery):
                missed.append(forgery)
            kinds[forgery.what] += 1
        transaction.savepoint_rollback(savepoint)

    assert missed == []
    assert set(kinds) == {
        *(f"sealed {act}" for act in ("edit", "delete", "insert", "swap", "cut_tail")),
        *(f"live {act}" for act in ("edit", "delete", "insert", "swap")),
    }
    assert seals.examine().first is None or seals.examine().first.kind == "protection"


def test_personal_tables_are_among_those_forged():
    assert any(issubclass(e.model, PersonalRecord) and e.is_chained for e in sealed.registry())
