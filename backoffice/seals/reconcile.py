"""Reconciling: each live row of every audited model against its last history row, set-based."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.history import tracked_fields

MOST_DIFFERENCES = 1_000

SENTENCES = {
    "differs": gettext_lazy("{model} {key}: {columns} is not what its last history row says."),
    "made_elsewhere": gettext_lazy(
        "{model} {key}: {columns} is not what the history row of its making says."
    ),
    "no_history": gettext_lazy("{model} {key} has no history."),
    "no_row": gettext_lazy("{model} {key} is gone, and its history does not say so."),
    "extra_history": gettext_lazy("{model} {key} is there, and its history says it was deleted."),
}


@dataclass(frozen=True)
class Difference:
    """One row that is not what its history says. columns: those that differ."""

    kind: str
    model: str
    key: str
    columns: Sequence[str] = ()

    @property
    def sentence(self) -> str:
        columns = ", ".join(self.columns)
        facts = {"model": self.model, "key": self.key, "columns": columns}
        return str(SENTENCES[self.kind]).format(**facts)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "message": self.sentence}


@dataclass
class Reconciled:
    """What was compared, and what differs."""

    models: int = 0
    rows: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not self.differences

    @property
    def first(self) -> Difference | None:
        return next(iter(self.differences), None)

    def sentence(self) -> str:
        if self.first is not None:
            return self.first.sentence
        return _("Every row is what its last history row says.")

    def as_json(self) -> dict[str, Any]:
        return {
            "whole": self.is_whole,
            "models": self.models,
            "rows": self.rows,
            "differences": len(self.differences),
            "first": self.first.as_json() if self.first else None,
            "list": [difference.as_json() for difference in self.differences[:50]],
        }


def audited_models() -> list[type[models.Model]]:
    """Return the models that keep a history, each once."""
    return [m for m in apps.get_models() if hasattr(m, "history") and not m._meta.proxy]


def reconcile_record() -> Reconciled:
    """Compare every audited table with its history. Reads only; three statements a model."""
    found = Reconciled()
    for model in audited_models():
        comparison = _Comparison(model)
        found.models += 1
        found.rows += model._base_manager.count()
        found.differences += comparison.differences()
    return found


class _Comparison:
    """The SQL that holds one table against its history."""

    def __init__(self, model: type[models.Model]) -> None:
        quote = connection.ops.quote_name
        self.model = model
        history = model.history.model  # type: ignore[attr-defined]
        self.fields = [f for f in tracked_fields(model) if f.column != model._meta.pk.column]
        self.columns = [str(f.column) for f in self.fields]
        self.key = quote(str(model._meta.pk.column))
        self.live = quote(model._meta.db_table)
        # Of each object its last history row.
        self.last = (
            f"SELECT h.* FROM {quote(history._meta.db_table)} h"  # noqa: S608
            f" JOIN (SELECT {self.key}, max(history_id) AS last_id"
            f" FROM {quote(history._meta.db_table)} GROUP BY {self.key}) m"
            f" ON h.history_id = m.last_id"
        )

    def differences(self) -> list[Difference]:
        label = self.model._meta.label
        found = [
            Difference("no_history", label, key)
            for (key,) in self._rows(
                f"SELECT l.{self.key} FROM {self.live} l LEFT JOIN ({self.last}) h"  # noqa: S608
                f" ON h.{self.key} = l.{self.key} WHERE h.history_id IS NULL"
            )
        ]
        found += [
            Difference("no_row", label, key)
            for (key,) in self._rows(
                f"SELECT h.{self.key} FROM ({self.last}) h LEFT JOIN {self.live} l"  # noqa: S608
                f" ON h.{self.key} = l.{self.key}"
                f" WHERE l.{self.key} IS NULL AND h.history_type <> '-'"
            )
        ]
        return found + self._differing(label) + self._made_elsewhere(label)

    def _made_elsewhere(self, label: str) -> list[Difference]:
        """A fact's own change set is the one that made it: what its first history row names."""
        own = [f for f in self.model._meta.concrete_fields if f.name == "change_set"]
        history = self.model.history.model  # type: ignore[attr-defined]
        quote = connection.ops.quote_name
        return [
            Difference("made_elsewhere", label, key, [str(f.column)])
            for f in own
            for (key,) in self._rows(
                f"SELECT l.{self.key} FROM {self.live} l"  # noqa: S608
                f" JOIN {quote(history._meta.db_table)} h ON h.{self.key} = l.{self.key}"
                f" WHERE h.history_type = '+' AND h.change_set_id <> l.{quote(str(f.column))}"
            )
        ]

    def _differing(self, label: str) -> list[Difference]:
        quote = connection.ops.quote_name
        differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
        tests = [f"l.{quote(c)} {differs} h.{quote(c)}" for c in self.columns]
        cells = ", ".join(["h.history_type = '-'", *(f"({test})" for test in tests)])
        texts = ", ".join(
            f"+l.{quote(str(f.column))}, +h.{quote(str(f.column))}"
            for f in self.fields
            if self._is_text_of_json(f)
        )
        rows = self._rows(
            f"SELECT l.{self.key}, {cells}{', ' if texts else ''}{texts}"  # noqa: S608
            f" FROM {self.live} l JOIN ({self.last}) h ON h.{self.key} = l.{self.key}"
            f" WHERE h.history_type = '-' OR {' OR '.join(tests or ['1 = 0'])}"
        )
        return [d for row in rows if (d := self._difference(label, row)) is not None]

    def _difference(self, label: str, row: Sequence[Any]) -> Difference | None:
        key, is_deleted, *rest = row
        if is_deleted:
            return Difference("extra_history", label, key)
        flags, texts = rest[: len(self.columns)], rest[len(self.columns) :]
        differing = {c for c, is_other in zip(self.columns, flags, strict=True) if is_other}
        of_json = [f.column for f in self.fields if self._is_text_of_json(f)]
        for column, live, last in zip(of_json, texts[::2], texts[1::2], strict=True):
            if column in differing and _is_same_json(live, last):
                differing.discard(column)
        if not differing:
            return None
        return Difference("differs", label, key, [c for c in self.columns if c in differing])

    def _is_text_of_json(self, field: Any) -> bool:
        return connection.vendor != "postgresql" and field.get_internal_type() == "JSONField"

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(f"{sql} ORDER BY 1 LIMIT {MOST_DIFFERENCES}")
            key = self.model._meta.pk.to_python
            return [(str(key(row[0])), *row[1:]) for row in cursor.fetchall()]


def _is_same_json(live: Any, last: Any) -> bool:
    """Compare JSON by value: SQLite keeps the text that was written, blanks included."""
    try:
        return bool(json.loads(live) == json.loads(last))
    except (TypeError, ValueError):
        return False
