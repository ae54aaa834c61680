"""What a plan and a receipt show: reasons with their counts, one page of rows, the same as CSV."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Max, Min, QuerySet
from django.utils.translation import gettext as _

from backoffice.bulk import refusals
from backoffice.bulk.subjects import key_of
from backoffice.imports.formats import write_csv
from backoffice.models import BulkRow, BulkRun
from backoffice.refused import Refused

MOST_GROUPS = 12
CSV_HEADER = ("row", "result", "code", "reason", "way_out")

Verdict = BulkRow.Verdict


@dataclass
class Group:
    """Rows that are refused for the same reason. titles: the first of them."""

    code: str
    sentence: str
    way_out: str
    count: int
    reason: str = ""
    titles: list[str] = field(default_factory=list)


def groups_of(run: BulkRun, verdict: str) -> tuple[list[Group], int]:
    """Return why rows are closed, most frequent first, and how many have further reasons.

    Figures and names that differ from row to row are left out, but where all rows have the same.
    """
    found = (
        run.rows.filter(verdict=verdict)
        .order_by()
        .values("code", "reason")
        .annotate(
            count=Count("id"), least=Min("sentence"), most=Max("sentence"), hint=Max("way_out")
        )
        .order_by("-count", "reason")
    )
    groups = [
        Group(
            code=row["code"],
            sentence=row["least"] if row["least"] == row["most"] else row["reason"],
            way_out=row["hint"],
            count=row["count"],
            reason=row["reason"],
        )
        for row in found
    ]
    return groups[:MOST_GROUPS], sum(group.count for group in groups[MOST_GROUPS:])


def groups_among(closed: Sequence[tuple[Any, Refused]]) -> list[Group]:
    """Return the reasons of rows that are not staged, with the rows' names."""
    groups: dict[tuple[str, str], Group] = {}
    for target, why in closed:
        row = BulkRow(object_key=key_of(target.pk), title=str(target))
        refusals.note(row, why)
        group = groups.setdefault(
            (row.code, row.sentence), Group(row.code, row.sentence, row.way_out, 0)
        )
        group.count += 1
        group.titles.append(row.title)
    return sorted(groups.values(), key=lambda group: -group.count)


def rows_of(
    run: BulkRun, *, verdict: str = "", words: str = "", reason: str = ""
) -> QuerySet[BulkRow]:
    """Return a run's rows: of one verdict, with these words in their name, for one reason."""
    rows = run.rows.order_by("position")
    if verdict:
        rows = rows.filter(verdict=verdict)
    if words:
        rows = rows.filter(title__icontains=words)
    if reason:
        rows = rows.filter(reason=reason)
    return rows


def as_csv(run: BulkRun) -> io.BytesIO:
    """Return every row of a run with what came of it; no cell is run as a formula."""
    text = io.StringIO(newline="")
    write_csv(text, CSV_HEADER, _lines(run))
    return io.BytesIO(text.getvalue().encode("utf-8-sig"))


def _lines(run: BulkRun) -> Iterator[Sequence[str]]:
    names = {name: str(label) for name, label in Verdict.choices}
    if run.is_over:
        names[Verdict.CAN] = _("Not reached")
    for row in run.rows.order_by("position").iterator(chunk_size=2_000):
        name = row.title or row.object_key
        yield (name, names[row.verdict], row.code, row.sentence, row.way_out)
