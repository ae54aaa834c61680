"""What stops a run that nobody looks at: too many prices that fall, too many rows that are gone."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.imports import sql
from backoffice.imports.sheets import sheet
from backoffice.models import ImportPlan, ImportRow, ImportRun


def crossed(run: ImportRun, *, most_falling_percent: int, most_vanishing: int) -> Iterator[str]:
    """Yield a sentence for each threshold that a planned run crosses.

    most_falling_percent: of the prices in the file that are held against one that is there.
    most_vanishing: rows of the recipe's last applied run that this file has no more.
    """
    falling, priced = prices_that_fall(run)
    if falling * 100 > most_falling_percent * priced:
        yield _(
            "{falling} of {priced} prices fall: {percent} %, and at most {limit} % may."
        ).format(
            falling=falling,
            priced=priced,
            percent=falling * 100 // priced,
            limit=most_falling_percent,
        )
    vanished = rows_that_vanished(run)
    if vanished > most_vanishing:
        yield ngettext(
            "{count} row of the last file is missing in this one; at most {limit} may be.",
            "{count} rows of the last file are missing in this one; at most {limit} may be.",
            vanished,
        ).format(count=vanished, limit=most_vanishing)


def prices_that_fall(run: ImportRun) -> tuple[int, int]:
    """Return how many prices fall, of how many that stand beside an older one."""
    column = sheet(run.sheet).price_column
    if column not in run.layout:
        return 0, 0
    said = sql.cell(run.layout.index(column))
    falls = (
        f"p.verdict = 'changed' AND {sql.has_change(column)}"
        f" AND {sql.as_money(said)} < {sql.as_money(sql.old_text(column))}"
    )
    ((priced, falling),) = sql.rows(
        f"SELECT count(*), COALESCE(sum(CASE WHEN {falls} THEN 1 ELSE 0 END), 0)"
        f" FROM {sql.table(ImportRow)} r LEFT JOIN {sql.table(ImportPlan)} p"
        " ON p.run_id = r.run_id AND p.number = r.number"
        f" WHERE r.run_id = {run.pk} AND NOT r.is_left_out AND {said} <> ''"
        " AND (p.verdict IS NULL OR p.verdict = 'changed')"
    )
    return int(falling), int(priced)


def rows_that_vanished(run: ImportRun) -> int:
    """Return how many keys of the recipe's last applied run this one has not."""
    last = last_applied(run)
    if last is None:
        return 0
    rows = sql.table(ImportRow)
    ((count,),) = sql.rows(
        f"SELECT count(*) FROM {rows} r WHERE r.run_id = {last.pk} AND NOT r.is_left_out"
        f" AND r.key <> '' AND r.key NOT IN (SELECT n.key FROM {rows} n WHERE n.run_id = {run.pk})"
    )
    return int(count)


def last_applied(run: ImportRun) -> ImportRun | None:
    """Return the run before by the same recipe that was applied, and not taken back."""
    applied = ImportRun.State.APPLIED
    before = ImportRun.objects.filter(
        sheet=run.sheet, recipe=run.recipe, state=applied, undoes=None, pk__lt=run.pk
    )
    return before.exclude(undone_by__state=applied).order_by("-pk").first()
