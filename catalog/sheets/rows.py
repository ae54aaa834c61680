"""The products themselves: how a sheet's rows are judged, completed and written."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
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
from backoffice.models.imports import Verdict
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
            of=Verdict.NEW,
            when=f"{relation.said_when_new('status')} = 'published' AND COALESCE({price}, 0) = 0",
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
            of=Verdict.NEW,
            when=f"lower(r.key) IN (SELECT lower(x.sku) FROM {sql.table(Product)} x)",
            needs={"other": in_table},
            words=words,
            is_warning=True,
        )
        # A warning: when rows are written nobody asks for it.
        if relation.is_planned or not relation.keys_meet:
            return
        yield Check(
            field="sku",
            of=Verdict.NEW,
            when=f"lower(r.key) NOT IN (SELECT lower(x.sku) FROM {sql.table(Product)} x)"
            f" AND lower(r.key) IN (SELECT lower(o.key) FROM {rows} GROUP BY lower(o.key)"
            " HAVING min(o.key) <> max(o.key))",
            needs={"other": in_file},
            words=words,
            is_warning=True,
        )

    # --- Completing ------------------------------------------------------------------------------

    def wish(self, relation: Relation) -> str:
        """Return the slug that the row's name makes, where the row itself says none."""
        said = relation.said_when_new("slug")
        return f"(CASE WHEN {said} = '' THEN {slug_base_of(relation)} ELSE '' END)"

    def settle(self, relation: Relation) -> None:
        """Find a free slug for each new product that names none; the same in whatever order."""
        if not relation.plans(Verdict.NEW):
            return
        self._wish_anew(relation)
        wishes = sorted([*_unnamed(relation), *_crowded(relation)], key=lambda wish: wish[1])
        reserved: set[str] = set()
        while wishes:
            free = slugs.free_slugs(Product, [base for *_, base in wishes], reserved=reserved)
            _write_made(
                ImportPlan(run_id=relation.run.pk, number=number, made=slug)
                for (number, _key, _base), slug in zip(wishes, free, strict=True)
            )
            # Nearly never does the file itself bear one of these: it is asked, not remembered.
            borne = {slug for (slug,) in sql.rows(" UNION ".join(_taken_in_file(relation)))}
            if not borne:
                return
            reserved |= borne

    def _wish_anew(self, relation: Relation) -> None:
        """Forget what was made up: for rivals who took it, and for rows that are written."""
        plan, rows = sql.table(ImportPlan), sql.table(ImportRow)
        settled = "r.is_settled"
        if relation.is_planned:
            again, where = f"CASE WHEN {settled} THEN '' ELSE {self.wish(relation)} END", "1 = 1"
        elif relation.run.applied:
            again, where = "''", settled
        else:
            return
        sql.run(
            f"UPDATE {plan} SET made = {again} FROM {rows} r WHERE {plan}.run_id ="
            f" {relation.run.pk} AND {plan}.verdict = 'new' AND r.run_id = {plan}.run_id"
            f" AND r.number = {plan}.number AND {where}"
        )

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
            "slug": f"COALESCE(NULLIF(p.made, ''), {relation.said_when_new('slug')})",
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


# Number, key, and the slug that a row's name would have.
Wish = tuple[int, str, str]


def _unnamed(relation: Relation) -> Iterable[Wish]:
    """Return new rows without a slug for which reading made none to wish for."""
    rows = sql.rows(
        f"SELECT r.number, r.key, {relation.said_when_new('name')} {relation.planned([])}"
        f" AND p.verdict = 'new' AND p.made = '' AND {relation.said_when_new('slug')} = ''"
    )
    return ((number, key, slugs.slug_base(Product, name, key)) for number, key, name in rows)


def _crowded(relation: Relation) -> Iterable[Wish]:
    """Return new rows that wish for what another row, of the file or of the table, has too."""
    borne = (
        f"SELECT x.slug FROM {sql.table(Product)} x JOIN {sql.table(ImportPlan)} o"
        f" ON o.made = x.slug WHERE o.run_id = {relation.run.pk} AND o.verdict = 'new'"
    )
    taken = " UNION ALL ".join([*_taken_in_file(relation), borne])
    rows = sql.rows(
        f"SELECT r.number, r.key, p.made {relation.planned([])} AND p.verdict = 'new'"
        f" AND p.made <> '' AND p.made IN ({taken})"
    )
    return ((number, key, made) for number, key, made in rows)


def _taken_in_file(relation: Relation) -> list[str]:
    """Return queries of made-up slugs that two rows of the file would bear."""
    plan = (
        f"FROM {sql.table(ImportPlan)} WHERE run_id = {relation.run.pk} AND verdict = 'new'"
        " AND made <> ''"
    )
    queries = [f"SELECT made {plan} GROUP BY made HAVING count(*) > 1"]
    field = relation.fields.get("slug")
    if field is not None and field.is_given:
        said = field.said_when_new
        queries.append(
            f"SELECT {said} AS made {relation.planned([])} AND {said} IN (SELECT made {plan})"
        )
    return queries


def slug_base_of(relation: Relation) -> str:
    """Return the slug that a row's name would make, where reading made it; else ''."""
    if SLUG_BASE not in relation.run.layout:
        return "''"
    return f"COALESCE({sql.cell(relation.run.layout.index(SLUG_BASE))}, '')"


def _or_default(field: OwnField, model_field: models.Field[Any, Any]) -> str:
    """Return what a new row stores: what it says, else the model's default."""
    default = model_field.get_default()
    if default in (None, ""):
        return field.value(field.said_when_new)
    said = field.value(f"NULLIF({field.said_when_new}, '')")
    return f"COALESCE({said}, {sql.stored(model_field, default)})"


def _write_made(rows: Iterable[ImportPlan]) -> None:
    """Write what was made up, some rows a statement."""
    plan, coming = sql.table(ImportPlan), iter(rows)
    while some := list(islice(coming, MADE_AT_ONCE)):
        values = ", ".join(f"({row.number}, {sql.literal(row.made)})" for row in some)
        sql.run(
            f"UPDATE {plan} SET made = x.column2 FROM (VALUES {values}) x"
            f" WHERE {plan}.run_id = {some[0].run_id} AND {plan}.number = x.column1"
        )
