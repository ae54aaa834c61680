"""The products themselves: how a sheet's rows are judged, completed and written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice import changes
from backoffice.imports import sql
from backoffice.imports.checks import Check, Facts
from backoffice.imports.fields import OwnField
from backoffice.imports.parse import Fault, shown
from backoffice.imports.relation import Relation
from backoffice.imports.table_sheet import OwnRows
from backoffice.models import ImportPlan, ImportRow
from catalog.models import Product
from catalog.refusals import facts_of
from catalog.services import identity, slugs
from catalog.services.drafts import ENTRY_STEPS
from catalog.sheets import price_checks

SLUG_BASE = "slug_base"
MADE_AT_ONCE = 5_000


class ProductRows(OwnRows):
    """The products' own columns: inserted and updated set-based, one history row each."""

    touches = ("tags",)

    # --- Judging ---------------------------------------------------------------------------------

    def checks(self, relation: Relation) -> Iterable[Check]:
        yield from super().checks(relation)
        for name in ("sku", "slug", "barcode"):
            if name != relation.key and relation.field(name) and relation.may_write(name):
                yield self._unique(relation, name)
        if relation.field("price") or relation.field("compare_at_price"):
            yield price_checks.compare_at(relation)
        if relation.field("price"):
            yield price_checks.price_drop(relation)
        yield self._no_price(relation)
        if relation.key == "sku" and relation.run.mode != "update":
            yield from self._look_alikes(relation)

    def _unique(self, relation: Relation, name: str) -> Check:
        said = relation.said(name)
        refusal = identity.UNIQUE[name]

        def words(facts: Facts) -> Fault:
            other = Product.objects.only("pk", "name", *identity.UNIQUE).get(pk=facts["other"])
            refused = refusal(value=facts["said"], **facts_of(other))
            return Fault(refused.code, refused.message, refused.way_out)

        return Check(
            field=name,
            joins=f" JOIN {sql.table(Product)} bearer ON bearer.{sql.name(name)} = {said}",
            when=f"{relation.changes(name)} AND {said} <> ''"
            " AND (t.id IS NULL OR bearer.id <> t.id)",
            needs={"said": said, "other": "bearer.id"},
            words=words,
        )

    def _no_price(self, relation: Relation) -> Check:
        price = relation.fields["price"].value(relation.said_when_new("price"))
        return Check(
            field="price",
            when=f"t.id IS NULL AND {relation.said_when_new('status')} = 'published'"
            f" AND COALESCE({price}, 0) = 0",
            words=lambda _facts: Fault("no_price", _("It will be published at 0.00.")),
            is_warning=True,
        )

    def _look_alikes(self, relation: Relation) -> Iterable[Check]:
        """Capitals make another SKU: nobody shall make a second product by a slip of them."""

        def words(facts: Facts) -> Fault:
            return Fault(
                "sku_look_alike",
                _("A new product, though {other} differs in capitals only."),
                other=shown(facts["other"]),
            )

        rows = f"{sql.table(ImportRow)} o WHERE o.run_id = {relation.run.pk} AND NOT o.is_left_out"
        in_table = (
            f"(SELECT min(x.sku) FROM {sql.table(Product)} x WHERE lower(x.sku) = lower(r.key))"
        )
        in_file = (
            f"(SELECT min(o.key) FROM {rows} AND lower(o.key) = lower(r.key) AND o.key <> r.key)"
        )
        yield Check(
            field="sku",
            when="t.id IS NULL AND lower(r.key) IN"
            f" (SELECT lower(x.sku) FROM {sql.table(Product)} x)",
            needs={"other": in_table},
            words=words,
            is_warning=True,
        )
        yield Check(
            field="sku",
            when="t.id IS NULL AND lower(r.key) NOT IN"
            f" (SELECT lower(x.sku) FROM {sql.table(Product)} x) AND lower(r.key) IN"
            f" (SELECT lower(o.key) FROM {rows} GROUP BY lower(o.key)"
            " HAVING count(DISTINCT o.key) > 1)",
            needs={"other": in_file},
            words=words,
            is_warning=True,
        )

    # --- Completing ------------------------------------------------------------------------------

    def settle(self, relation: Relation) -> None:
        """Find a free slug for each new product that names none; the same in whatever order."""
        plan = sql.table(ImportPlan)
        sql.run(f"UPDATE {plan} SET made = '' WHERE run_id = {relation.run.pk} AND made <> ''")
        base, said = slug_base_of(relation), relation.said_when_new("slug")
        nameless = f"p.verdict = 'new' AND {said} = ''"
        product = sql.table(Product)
        without = sql.rows(
            f"SELECT r.number, {relation.said_when_new('name')}, r.key"
            f" {relation.planned([])} AND {nameless} AND {base} = ''"
        )
        bases = [
            (number, key, slugs.slug_base(Product, name, key)) for number, name, key in without
        ]
        source = relation.planned([])
        # PostgreSQL cannot group by a constant: without names there is nothing to group.
        grouped = "r.number" if base == "''" else base
        crowded = sql.rows(
            f"SELECT r.number, r.key, {base} {source} AND {nameless} AND {base} <> ''"
            f" AND ({base} IN (SELECT {base} {source} AND {nameless} GROUP BY {grouped}"
            f" HAVING count(*) > 1) OR {base} IN (SELECT {said} {source} AND {said} <> '')"
            f" OR EXISTS (SELECT 1 FROM {product} x WHERE x.slug = {base}))"
        )
        wishes = sorted([*bases, *crowded], key=lambda wish: wish[1])
        if not wishes:
            return
        spoken_for = sql.rows(f"SELECT DISTINCT {said} {source} AND {said} <> ''")
        kept = sql.rows(f"SELECT {base} {source} AND {nameless} AND {base} <> ''")
        reserved = {slug for (slug,) in kept} - {wish[2] for wish in crowded}
        reserved |= {slug for (slug,) in spoken_for}
        free = slugs.free_slugs(Product, [wish[2] for wish in wishes], reserved=reserved)
        made = [
            ImportPlan(run_id=relation.run.pk, number=wish[0], made=slug)
            for wish, slug in zip(wishes, free, strict=True)
        ]
        _write_made(made)

    # --- Writing ---------------------------------------------------------------------------------

    def step(self, relation: Relation) -> str:
        born = " ".join(f"WHEN '{state}' THEN '{step}'" for state, step in ENTRY_STEPS.items())
        return f"CASE m.status {born} ELSE 'create' END"

    def own_fields(self, relation: Relation) -> list[OwnField]:
        return [field for field in super().own_fields(relation) if field.name != "status"]

    def new_values(self, relation: Relation) -> dict[str, str]:
        own = {
            field.stored_in: field
            for field in relation.fields.values()
            if isinstance(field, OwnField)
        }
        now = sql.moment(changes.moment())
        fixed = {
            "id": "p.target_id",
            "uuid": sql.uuid7(int(changes.moment().timestamp() * 1_000)),
            "created_at": now,
            "updated_at": now,
            "created_by_id": sql.stored(Product._meta.get_field("created_by"), relation.by.pk),
            "sku": "r.key" if relation.key == "sku" else relation.said_when_new("sku"),
            "slug": f"COALESCE(NULLIF(p.made, ''), NULLIF({relation.said_when_new('slug')}, ''),"
            f" {slug_base_of(relation)})",
        }
        values = {}
        for model_field in Product._meta.concrete_fields:
            column = str(model_field.column)
            if column in fixed:
                values[column] = fixed[column]
            elif column in own and own[column].is_given:
                values[column] = _or_default(own[column], model_field)
            else:
                values[column] = sql.stored(model_field, model_field.get_default())
        return values


def slug_base_of(relation: Relation) -> str:
    """Return the slug that a row's name would make, where reading made it; else ''."""
    if SLUG_BASE not in relation.run.layout:
        return "''"
    return f"COALESCE({sql.cell(relation.run.layout.index(SLUG_BASE))}, '')"


def _or_default(field: OwnField, model_field: models.Field[Any, Any]) -> str:
    """Return what a new row stores: what it says, else the model's default."""
    value = field.value(field.said_when_new)
    default = model_field.get_default()
    if default in (None, "") or isinstance(default, dict):
        otherwise = sql.stored(model_field, default)
        return value if default in (None, "") else f"COALESCE({value}, {otherwise})"
    return (
        f"CASE WHEN {field.said_when_new} = '' THEN {sql.stored(model_field, default)}"
        f" ELSE {value} END"
    )


def _write_made(rows: list[ImportPlan]) -> None:
    """Write what was made up, some rows a statement."""
    plan = sql.table(ImportPlan)
    for start in range(0, len(rows), MADE_AT_ONCE):
        some = rows[start : start + MADE_AT_ONCE]
        values = ", ".join(f"({row.number}, {sql.literal(row.made)})" for row in some)
        sql.run(
            f"UPDATE {plan} SET made = x.column2 FROM (VALUES {values}) x"
            f" WHERE {plan}.run_id = {some[0].run_id} AND {plan}.number = x.column1"
        )
