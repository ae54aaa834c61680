"""Variants and their parents: in the same file, before or after, or in the catalogue."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from backoffice.imports import sql
from backoffice.imports.checks import Check
from backoffice.imports.parse import Fault, shown
from backoffice.imports.relation import Relation
from backoffice.imports.stage import keep
from backoffice.imports.table_checks import finding
from backoffice.imports.table_sheet import SetPart
from backoffice.models import ImportFinding, ImportPlan, ImportRow
from catalog.models import Product
from catalog.sheets.fields import ParentField

COLUMN = "parent_sku"


class ParentPart(SetPart):
    """Judges who hangs on whom; the link itself is written with the product."""

    def prepare(self, relation: Relation) -> None:
        field = relation.fields.get(COLUMN)
        if isinstance(field, ParentField):
            field.own_sku = _sku(relation)

    def checks(self, relation: Relation) -> Iterable[Check]:
        if relation.field(COLUMN) is None:
            return
        said, own = relation.said(COLUMN), _sku(relation)
        product = sql.table(Product)
        names_one = f"{relation.changes(COLUMN)} AND {said} <> ''"
        # Joined once, not asked again for each row: a file may be all variants.
        joins = (
            " LEFT JOIN (SELECT h.sku AS sku, max(CASE WHEN h.parent <> '' THEN 1"
            f" WHEN h.parent = '' THEN 0 END) AS hangs FROM ({_rows(relation)}) h"
            f" GROUP BY h.sku) named ON named.sku = {said}"
            f" LEFT JOIN (SELECT DISTINCT h.parent AS sku FROM ({_rows(relation)}) h"
            f" WHERE h.parent <> '' AND h.sku <> h.parent) family ON family.sku = {own}"
        )
        # A row that says nothing about its parent leaves it as it is.
        is_variant = (
            "COALESCE(named.hangs, CASE WHEN parent_there.parent_id IS NULL THEN 0 ELSE 1 END) = 1"
        )
        has_variants = (
            "(family.sku IS NOT NULL"
            f" OR EXISTS (SELECT 1 FROM {product} x WHERE x.parent_id = t.id))"
        )
        yield self._check(
            f"{names_one} AND {said} = {own}",
            said,
            "own_parent",
            _("A product cannot be a variant of itself."),
            _("Name another product, or leave the cell blank."),
        )
        yield self._check(
            f"{names_one} AND {said} <> {own} AND parent_there.id IS NULL AND named.sku IS NULL",
            said,
            "unknown_parent",
            _("There is no product {sku}, neither in this file nor in the catalogue."),
            _("Correct the SKU, or add the parent to the file."),
            joins,
        )
        yield self._check(
            f"{names_one} AND {said} <> {own} AND {is_variant}",
            said,
            "variant_of_variant",
            _("{sku} is a variant itself."),
            _("Name its parent instead."),
            joins,
        )
        yield self._check(
            f"{names_one} AND {said} <> {own} AND NOT ({is_variant}) AND {has_variants}",
            said,
            "has_variants",
            _("It has variants itself; a variant cannot have variants."),
            _("Leave the cell blank."),
            joins,
        )

    def _check(
        self, when: str, said: str, code: str, message: str, hint: str, joins: str = ""
    ) -> Check:
        return Check(
            field=COLUMN,
            when=when,
            joins=joins,
            needs={"sku": said},
            words=lambda facts: Fault(code, message, hint, sku=shown(facts["sku"])),
        )

    def judge(self, relation: Relation) -> None:
        """Refuse rows that need a new row of the file which is refused itself."""
        if relation.field(COLUMN) is None:
            return
        plan, rows, findings = map(sql.table, (ImportPlan, ImportRow, ImportFinding))
        own = _sku(relation).replace("r.", "h.")
        refused = (
            f"SELECT 1 FROM {findings} f WHERE f.run_id = {relation.run.pk} AND NOT f.is_warning"
            " AND f.number = "
        )
        while True:
            orphans = sql.rows(
                f"SELECT r.number, min(h.line), min(h.key) FROM {rows} r JOIN {plan} p"
                " ON p.run_id = r.run_id AND p.number = r.number"
                f" JOIN {rows} h ON h.run_id = r.run_id AND NOT h.is_left_out AND {own} ="
                f" {relation.said(COLUMN)} AND h.number <> r.number"
                f" WHERE r.run_id = {relation.run.pk} AND NOT r.is_left_out"
                f" AND NOT EXISTS (SELECT 1 FROM {sql.table(Product)} x WHERE x.sku = {own})"
                f" AND EXISTS ({refused}h.number) AND NOT EXISTS ({refused}r.number)"
                " GROUP BY r.number"
            )
            if not orphans:
                return
            keep(
                finding(
                    relation.run,
                    number,
                    "",
                    Fault(
                        "needs_refused_row",
                        _("It needs line {line} ({key}), which is refused."),
                        _("Correct that line first."),
                        line=line,
                        key=shown(key),
                    ),
                )
                for number, line, key in orphans
            )


def _sku(relation: Relation) -> str:
    """Return the SKU of a row, as text."""
    return "r.key" if relation.key == "sku" else f"COALESCE({relation.said('sku')}, '')"


def _rows(relation: Relation) -> str:
    """Return a query of the file's rows: sku, and what they say about their parent."""
    sku, said = (text.replace("r.", "o.") for text in (_sku(relation), relation.said(COLUMN)))
    return (
        f"SELECT {sku} AS sku, {said} AS parent FROM {sql.table(ImportRow)} o"
        f" WHERE o.run_id = {relation.run.pk} AND NOT o.is_left_out"
    )
