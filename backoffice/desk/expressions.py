"""Two comparisons that the ORM has no words for, the same on both databases."""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, Expression, F, Value


class _Comparison(Expression):
    """A condition over expressions, usable in `filter` and in an annotation."""

    conditional = True

    def __init__(self, *expressions: Any) -> None:
        super().__init__(output_field=BooleanField())
        self._expressions = list(self._parse_expressions(*expressions))

    def get_source_expressions(self) -> list[Any]:
        return self._expressions

    def set_source_expressions(self, exprs: Any) -> None:
        self._expressions = list(exprs)

    def _compiled(self, compiler: Any) -> tuple[list[str], tuple[Any, ...]]:
        parts = [compiler.compile(expression) for expression in self._expressions]
        return [sql for sql, _params in parts], tuple(p for _sql, params in parts for p in params)


class Before(_Comparison):
    """`(at, key) < (moment, number)`, as one comparison, which an index over both answers."""

    def __init__(self, at: str, key: str, moment: Any, number: Any) -> None:
        super().__init__(F(at), F(key), moment, number)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        (at, key, moment, number), params = self._compiled(compiler)
        return f"(({at}, {key}) < ({moment}, {number}))", params


class Differs(_Comparison):
    """`a IS DISTINCT FROM b`: nothing and nothing are the same."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        (one, other), params = self._compiled(compiler)
        word = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
        return f"(({one}) {word} ({other}))", params


def before(at: str, key: str, moment: Any, number: int, moments: Any) -> Before:
    """Return the condition "stands before this place"; moments: the field of the moment."""
    return Before(at, key, Value(moment, output_field=moments), Value(number))
