"""Personal rows: seals cover their commitment, so what stands beside it is held against that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection, models
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Cast

from backoffice import sealed
from backoffice.models import AuditEvent, PersonalRecord
from backoffice.seals.findings import Report

MOST_ROWS = 1_000


def personal_models() -> list[type[PersonalRecord]]:
    return [entry.model for entry in sealed.registry() if issubclass(entry.model, PersonalRecord)]


def check(report: Report) -> None:
    """Add what is wrong with personal rows, and count the recorded erasures."""
    for model in personal_models():
        table = model._meta.db_table
        for pk in _unfaithful(model):
            report.add("personal", table=table, row=pk)
        erased = model._default_manager.exclude(erased_at=None)
        recorded = AuditEvent.objects.filter(
            kind=AuditEvent.ERASURE,
            subject_kind=model._meta.label,
            subject_key=Cast(OuterRef("pk"), models.CharField()),
        )
        report.erased += erased.filter(Exists(recorded)).count()
        unrecorded = erased.exclude(Exists(recorded)).order_by("pk").values_list("pk", flat=True)
        for pk in unrecorded[:MOST_ROWS]:
            report.add("erased", table=table, row=pk)


def _unfaithful(model: type[PersonalRecord]) -> Iterator[int]:
    """Yield the rows whose personal data are not those of their commitment, or were erased."""
    yield from _refilled(model)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_postgresql(model))
            yield from (pk for (pk,) in cursor.fetchall())
        return
    rows = model._default_manager.filter(erased_at=None).order_by("pk")
    for row in rows.only(*model.personal_fields, "salt", "commitment").iterator():
        if row.compute_commitment() != row.commitment:
            yield row.pk


def _refilled(model: type[PersonalRecord]) -> QuerySet[Any, int]:
    blank = dict.fromkeys([*model.personal_fields, "salt"], "")
    rows = model._default_manager.exclude(erased_at=None).exclude(**blank)
    return rows.order_by("pk").values_list("pk", flat=True)[:MOST_ROWS]


def _postgresql(model: type[PersonalRecord]) -> str:
    """Return the query of rows whose commitment is not PersonalRecord.compute_commitment."""
    quote = connection.ops.quote_name
    cells = []
    for name in sorted(model.personal_fields):
        column = quote(str(model._meta.get_field(name).column))  # type: ignore[union-attr]
        cells.append(f"""'"{name}":' || to_json(coalesce({column}, ''))::text""")
    text = "salt || '{' || " + " || ',' || ".join(cells) + " || '}'"
    return (
        f"SELECT {quote(model._meta.pk.attname)} FROM {quote(model._meta.db_table)}"  # noqa: S608
        f" WHERE erased_at IS NULL AND commitment IS DISTINCT FROM"
        f" encode(sha256(convert_to({text}, 'UTF8')), 'hex') ORDER BY 1 LIMIT {MOST_ROWS}"
    )
