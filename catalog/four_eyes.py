"""What of the catalogue may need a second person, beside the number of rows of a sheet."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from backoffice import approvals
from backoffice.imports import sql
from backoffice.imports.confirming import confirm_approved
from backoffice.models import ImportPlan, ImportRun

PRICE_CHANGE = "catalog.import_price_change"


def largest_price_change(run: ImportRun) -> Decimal:
    """Return by how many percent the price changes most that a run would change; 0: by none."""
    old, new = (sql.as_money(text) for text in (sql.old_text("price"), sql.new_text("price")))
    ((percent,),) = sql.rows(
        f"SELECT max(abs({new} - {old}) * 100.0 / {old}) FROM {sql.table(ImportPlan)} p"  # noqa: S608
        " WHERE p.run_id = %s AND p.verdict = 'changed'"
        f" AND {sql.has_change('price')} AND {old} > 0",
        [run.pk],
    )
    return Decimal(str(percent or 0)).quantize(Decimal("0.01"))


approvals.action(
    PRICE_CHANGE,
    label=_("Import a sheet that changes a price by so many percent"),
    unit="count",
    verb=confirm_approved,
)
