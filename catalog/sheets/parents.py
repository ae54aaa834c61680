"""Variants and their parents: in the same file, before or after, or in the catalogue."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from backoffice.imports.parse import Fault, shown
from backoffice.imports.rows import Row
from backoffice.imports.sheets import Part, Plan
from catalog.models import Product

COLUMN = "parent_sku"
CHUNK = 1_000


class ParentPart(Part):
    """Judges who hangs on whom; the link itself is written with the product."""

    def prepare(self, plan: Plan) -> None:
        skus = {row.texts[COLUMN] for row in plan.rows if row.texts.get(COLUMN)}
        plan.facts["parents"] = _products(skus)
        for row in plan.rows:
            above = plan.by_key.get(row.texts.get(COLUMN, ""))
            # A parent that is in the catalogue already carries its variants whatever its own row.
            row.needs = above if above is not None and above.is_new and above is not row else None

    def judge(self, plan: Plan) -> None:
        found: dict[str, Product] = plan.facts["parents"]
        variants = {row.key for row in plan.rows if self._parent_after(row)}
        parents = self._parents_of_others(plan)
        for row in plan.rows:
            sku = row.texts.get(COLUMN)
            if not sku or (COLUMN not in row.changes):
                continue
            if sku == row.key:
                row.refuse(
                    COLUMN,
                    Fault(
                        "own_parent",
                        _("A product cannot be a variant of itself."),
                        _("Name another product, or leave the cell blank."),
                    ),
                )
            elif sku not in plan.by_key and sku not in found:
                row.refuse(
                    COLUMN,
                    Fault(
                        "unknown_parent",
                        _("There is no product {sku}, neither in this file nor in the catalogue."),
                        _("Correct the SKU, or add the parent to the file."),
                        sku=shown(sku),
                    ),
                )
            elif sku in variants or (sku not in plan.by_key and found[sku].parent_id):
                row.refuse(
                    COLUMN,
                    Fault(
                        "variant_of_variant",
                        _("{sku} is a variant itself."),
                        _("Name its parent instead."),
                        sku=shown(sku),
                    ),
                )
            elif row.key in parents:
                row.refuse(
                    COLUMN,
                    Fault(
                        "has_variants",
                        _("It has variants itself; a variant cannot have variants."),
                        _("Leave the cell blank."),
                    ),
                )

    def _parent_after(self, row: Row) -> bool:
        """Return whether the row's product will be a variant."""
        if COLUMN in row.texts:
            return bool(row.texts[COLUMN])
        return row.current is not None and row.current.parent_id is not None

    def _parents_of_others(self, plan: Plan) -> set[str]:
        """Return the SKUs that variants hang on, in the file and in the catalogue."""
        asked = [row.current.pk for row in plan.rows if row.current and COLUMN in row.changes]
        here = {
            row.texts[COLUMN]
            for row in plan.rows
            if row.texts.get(COLUMN) and row.texts[COLUMN] != row.key
        }
        there: set[str] = set()
        for start in range(0, len(asked), CHUNK):
            below = Product.objects.filter(parent__in=asked[start : start + CHUNK])
            there.update(below.order_by().values_list("parent__sku", flat=True))
        return here | there


def _products(skus: set[str]) -> dict[str, Product]:
    """Return products by SKU, with what is asked of a parent."""
    wanted = sorted(skus)
    found: dict[str, Product] = {}
    for start in range(0, len(wanted), CHUNK):
        rows = Product.objects.filter(sku__in=wanted[start : start + CHUNK]).order_by()
        found.update((row.sku, row) for row in rows.only("pk", "sku", "parent_id"))
    return found
