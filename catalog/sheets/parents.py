"""Variants and their parents: in the same file, before or after, or in the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext_lazy as _

from backoffice.imports import sql
from backoffice.imports.checks import Check
from backoffice.imports.parse import Fault, shown
from backoffice.imports.relation import Relation
from backoffice.imports.stage import keep
from backoffice.imports.table_checks import finding
from backoffice.imports.table_sheet import SetPart
from backoffice.imports.writing import Writing
from backoffice.models import ImportFinding, ImportPlan, ImportRow, ImportTerm
from catalog.models import Product

COLUMN = "parent_sku"
# Marks the term of a product that is a variant itself.
VARIANT = "variant"
SKUS_AT_ONCE = 1_000


class ParentPart(SetPart):
    """Judges who hangs on whom; the link itself is written with the product."""

    columns = ("parent_sku",)

    def resolve(self, relation: Relation) -> None:
        texts = relation.distinct(COLUMN)
        there = _products(texts)
        relation.keep_terms(
            COLUMN,
            {
                text: None if text not in there else VARIANT if there[text][1] else there[text][0]
                for text in texts
            },
        )

    def write(self, relation: Relation, writing: Writing) -> None:
        """Let each text stand for its product, new ones of this file by the keys they will get."""
        if relation.field(COLUMN) is None:
            return
        texts = relation.distinct(COLUMN)
        known = {sku: pk for sku, (pk, _parent) in _products(texts).items()}
        planned = sql.rows(
            f"SELECT {_sku(relation)}, p.target_id {relation.to_write([])} AND p.verdict = 'new'"
            f" AND {_sku(relation)} IN (SELECT x.text FROM {sql.table(ImportTerm)} x"
            f" WHERE x.run_id = {relation.run.pk} AND x.field = {sql.literal(COLUMN)})"
        )
        known.update(planned)
        relation.keep_terms(COLUMN, {text: known.get(text) for text in texts})

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
            "COALESCE(named.hangs, CASE WHEN term_parent_sku.target_ids ="
            f" {sql.literal(VARIANT)} THEN 1 ELSE 0 END) = 1"
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
            f"{names_one} AND {said} <> {own} AND term_parent_sku.target_id IS NULL"
            " AND term_parent_sku.target_ids IS NULL AND named.sku IS NULL",
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


def _products(skus: Sequence[str]) -> dict[str, tuple[int, int | None]]:
    """Return products by SKU: their key, and that of their parent."""
    found: dict[str, tuple[int, int | None]] = {}
    for start in range(0, len(skus), SKUS_AT_ONCE):
        rows = Product.objects.filter(sku__in=skus[start : start + SKUS_AT_ONCE]).order_by()
        found.update(
            (sku, (pk, above)) for sku, pk, above in rows.values_list("sku", "pk", "parent")
        )
    return found


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
