"""Keeping a selection on the server: by one statement, as the list was at the time of the click."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import EmptyResultSet, ValidationError
from django.db import connection, models, transaction
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.bulk.refusals import note
from backoffice.bulk.subjects import Subject, key_of
from backoffice.models import BulkRow, BulkRun, User
from backoffice.refused import Refused, UnknownRow


class TooManyRows(Refused):
    sentence = _("More than {limit:,} rows match; that many are not worked on at once.")
    hint = _("Narrow the list by a filter and repeat.")


class NothingSelected(Refused):
    sentence = _("Nothing is selected any more.")
    hint = _("Go back to the list and choose again.")


def stage(
    *,
    subject: Subject,
    queryset: models.QuerySet[Any],
    by: User,
    is_across: bool = False,
    list_path: str = "",
    repeats: BulkRun | None = None,
    answers: dict[str, Any] | None = None,
    unknown: Sequence[str] = (),
) -> BulkRun:
    """Keep which rows an act is meant for; nothing is done to them.

    queryset: the rows as this person's role sees them. is_across: "all that match", whatever page
    they stand on. repeats: the run whose refused rows these are. answers: what it was answered.
    unknown: keys as somebody sent them; what is not among the rows does not exist for this role.
    Refuses: TooManyRows above BULK_MAX_ROWS; NothingSelected.
    Atomic: one row for the run, one statement for all its rows.
    """
    limit = settings.BULK_MAX_ROWS
    if queryset.order_by()[: limit + 1].count() > limit:
        raise TooManyRows(limit=limit)
    with transaction.atomic():
        run = BulkRun.objects.create(
            owner=by,
            site=subject.admin.admin_site.name,
            subject=subject.model._meta.label_lower,
            act=subject.act.name,
            label=str(subject.act.label)[:120],
            answers=answers or {},
            is_across=is_across,
            list_path=list_path[:2000],
            repeats=repeats,
            expires_at=timezone.now() + timedelta(hours=settings.BULK_EXPIRES_HOURS),
        )
        run.total = _insert(run, queryset)
        run.total += _insert_unknown(run, subject, unknown)
        if not run.total:
            raise NothingSelected
        run.save(update_fields=["total", "updated_at"])
    return run


def stage_refused(
    *, run: BulkRun, subject: Subject, queryset: models.QuerySet[Any], by: User
) -> BulkRun:
    """Keep the refused rows of a run for the same act, with the same answers, to be planned anew.

    queryset: all that this person's role sees. Refuses: what `stage` refuses.
    """
    pk = subject.model._meta.pk
    keys = run.rows.filter(verdict=BulkRow.Verdict.REFUSED).annotate(
        pk_of=Cast("object_key", _bare(pk))
    )
    return stage(
        subject=subject,
        queryset=queryset.filter(pk__in=keys.order_by().values("pk_of")),
        by=by,
        is_across=False,
        list_path=run.list_path,
        repeats=run,
        answers=run.answers,
    )


def _insert_unknown(run: BulkRun, subject: Subject, sent: Sequence[str]) -> int:
    """Keep the keys that no row has, refused at once; return how many."""
    found = set(run.rows.values_list("object_key", flat=True)) if sent else set()
    rows = []
    for position, key in enumerate(sent, start=len(found) + 1):
        if _normal(subject, key) not in found:
            row = BulkRow(
                run=run, position=position, object_key=key[:64], title=key[:200],
                verdict=BulkRow.Verdict.CANNOT,
            )  # fmt: skip
            note(row, UnknownRow(what=subject.model._meta.verbose_name, key=key))
            rows.append(row)
    BulkRow.objects.bulk_create(rows)
    return len(rows)


def _normal(subject: Subject, key: str) -> str:
    try:
        return key_of(subject.model._meta.pk.to_python(key))
    except ValidationError:
        return key


def _bare(pk: models.Field[Any, Any]) -> models.Field[Any, Any]:
    """Return the kind of a key without its sequence, to cast to."""
    return models.UUIDField() if isinstance(pk, models.UUIDField) else models.BigIntegerField()


def _insert(run: BulkRun, queryset: models.QuerySet[Any]) -> int:
    """Insert the keys of a queryset in key order; return how many."""
    keys = queryset.order_by().values_list("pk", flat=True).distinct()
    try:
        chosen, params = keys.query.sql_with_params()
    except EmptyResultSet:
        return 0
    table = connection.ops.quote_name(BulkRow._meta.db_table)
    # A UUID is hex on both databases: SQLite has no other form of it.
    is_uuid = isinstance(queryset.model._meta.pk, models.UUIDField)
    key = "REPLACE(CAST(chosen.pk AS text), '-', '')" if is_uuid else "CAST(chosen.pk AS text)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH chosen(pk) AS ({chosen})"  # noqa: S608  (the ORM's own text and parameters)
            f" INSERT INTO {table} (run_id, position, object_key, title, verdict, code, reason,"
            " sentence, way_out)"
            f" SELECT %s, ROW_NUMBER() OVER (ORDER BY chosen.pk), {key}, '', %s, '', '', '', ''"
            " FROM chosen",
            [*params, run.pk, BulkRow.Verdict.STAGED],
        )
    # SQLite's own count of a statement that begins with WITH is -1.
    return run.rows.count()
