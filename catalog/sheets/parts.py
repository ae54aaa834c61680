"""Categories, tags, and the products themselves: how a sheet's rows are judged and written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from backoffice.imports.parse import Fault, shown
from backoffice.imports.plan import not_allowed
from backoffice.imports.rows import Row
from backoffice.imports.sheets import Part, Plan, Work
from backoffice.imports.tables import Note
from backoffice.refused import Refused
from catalog import services
from catalog.models import Product, Tag
from catalog.refusals import facts_of
from catalog.resources import category_paths
from catalog.services import identity
from catalog.services.fields import CLEANERS

CHUNK = 1_000
PRICE_DROP_PERCENT = 20
NAMED = 5


class CategoryPart(Part):
    """Paths of the tree; what is missing is made before the products are."""

    def judge(self, plan: Plan) -> None:
        there = {" > ".join(path) for path in category_paths().values()}
        missing = set()
        for row in plan.rows:
            path = row.texts.get("category", "")
            if not path or path in there or "category" not in row.changes:
                continue
            try:
                services.category_path(path)
            except Refused as refused:
                row.refuse_by(refused, "category")
                continue
            if not plan.allows("catalog.add_category"):
                row.refuse("category", not_allowed(what=_("add a category, as"), noun=path))
            elif not row.faults:
                missing.add(path)
        if missing:
            plan.notes.append(
                Note(
                    "new_categories",
                    _named(_("New categories ({count}): {names}."), missing),
                )
            )

    def apply(self, work: Work) -> None:
        paths = {
            row.texts["category"]
            for row in work.rows
            if row.texts.get("category") and "category" in row.changes
        }
        work.plan.facts["categories"] = services.ensure_category_paths(
            paths=sorted(paths), by=work.by, reason=work.reason
        )


class TagPart(Part):
    """Tags in the spelling that is there already; the links are written with the product."""

    def prepare(self, plan: Plan) -> None:
        known = {services.tag_key(tag.name): tag.name for tag in Tag.objects.order_by("-pk")}
        plan.facts["tags"] = set(known.values())
        # Of two new spellings in one file the same one wins in whatever order the rows come.
        names = {name for row in plan.rows for name in row.values.get("tags", ())}
        for name in sorted(names):
            known.setdefault(services.tag_key(name), name)
        column = plan.sheet.columns()["tags"]
        for row in plan.rows:
            if row.values.get("tags"):
                row.values["tags"] = tuple(known[services.tag_key(n)] for n in row.values["tags"])
                row.texts["tags"] = column.write(row.values["tags"])

    def judge(self, plan: Plan) -> None:
        missing = set()
        for row in plan.rows:
            if "tags" not in row.changes:
                continue
            new = set(row.values["tags"]) - plan.facts["tags"]
            if new and not plan.allows("catalog.add_tag"):
                row.refuse("tags", not_allowed(what=_("add a tag, as"), noun=min(new)))
            elif not row.faults:
                missing |= new
        if missing:
            plan.notes.append(Note("new_tags", _named(_("New tags ({count}): {names}."), missing)))


class ProductPart(Part):
    """The products' own columns: created and edited set-based, one history row each."""

    def judge(self, plan: Plan) -> None:
        owners = {
            name: identity.owners(
                name,
                {
                    row.texts[name]
                    for row in plan.rows
                    if row.texts.get(name) and name in row.changes
                },
            )
            for name in ("slug", "barcode")
        }
        for row in plan.rows:
            if not row.key:
                continue
            self._judge_columns(row)
            self._judge_unique(row, owners)
            self._warn(row)
        self._note_look_alikes(plan)

    def _judge_columns(self, row: Row) -> None:
        """Ask the service's own rules; what a cell's form already says is not said twice."""
        values = {name: row.values[name] for name in row.changes if name in CLEANERS}
        values = {name: value for name, value in values.items() if value != "" or name != "slug"}
        present = (
            {}
            if row.current is None
            else {
                "price": row.current.price,
                "compare_at_price": row.current.compare_at_price,
            }
        )
        _clean, errors = services.clean_fields(values, present=present)
        faulty = {fault.column for fault in row.faults}
        for name, sentences in errors.items():
            if row.source_of(name) not in faulty:
                row.refuse(name, Fault(f"bad_{name}", " ".join(str(text) for text in sentences)))

    def _judge_unique(self, row: Row, owners: Mapping[str, Mapping[str, Product]]) -> None:
        for name, bearers in owners.items():
            other = bearers.get(row.texts.get(name, "")) if name in row.changes else None
            if other is not None and (row.current is None or other.pk != row.current.pk):
                kind = identity.UNIQUE[name]
                row.refuse_by(kind(value=row.texts[name], **facts_of(other)), name)

    def _note_look_alikes(self, plan: Plan) -> None:
        """Capitals make another SKU: nobody shall make a second product by a slip of them."""
        new: dict[str, list[Row]] = defaultdict(list)
        for row in plan.rows:
            if row.is_new and row.key:
                new[row.key.lower()].append(row)
        there: dict[str, str] = {}
        wanted = sorted(new)
        for start in range(0, len(wanted), CHUNK):
            like = Product.objects.alias(lower=Lower("sku")).order_by()
            found = like.filter(lower__in=wanted[start : start + CHUNK])
            there.update((sku.lower(), sku) for sku in found.values_list("sku", flat=True))
        for lower, rows in new.items():
            keys = sorted({row.key for row in rows})
            for row in rows:
                other = there.get(lower) or next((key for key in keys if key != row.key), "")
                if other:
                    sentence = str(_("A new product, though {other} differs in capitals only."))
                    row.note("sku", "sku_look_alike", sentence.format(other=shown(other)))

    def _warn(self, row: Row) -> None:
        price = row.values.get("price")
        if row.is_new:
            if row.values.get("status") == "published" and not price:
                row.note("price", "no_price", str(_("It will be published at 0.00.")))
            return
        if price is None or "price" not in row.changes or not row.current.price:
            return
        drop = (row.current.price - price) / row.current.price * 100
        if drop > PRICE_DROP_PERCENT:
            row.note(
                "price",
                "price_drop",
                str(_("The price falls by {percent} %.")).format(percent=drop.quantize(Decimal(1))),
            )

    def apply(self, work: Work) -> None:
        new, categories = work.new, work.plan.facts["categories"]
        if new:  # who may not create must not be asked for it
            made = services.create_products(
                drafts=[_draft(row, categories) for row in new], by=work.by, reason=work.reason
            )
            work.made.update((row.key, product.pk) for row, product in zip(new, made, strict=True))
        parents = {sku: parent.pk for sku, parent in work.plan.facts["parents"].items()}
        edits = {
            row.current.pk: changes
            for row in work.changed
            if (changes := _edit(row, categories, {**parents, **work.made}))
        }
        if edits:
            outcome = services.edit_products(changes=edits, by=work.by, reason=work.reason)
            work.note_refused(outcome)


def _draft(row: Row, categories: Mapping[str, Any]) -> services.ProductDraft:
    values = {
        name: value
        for name, value in row.values.items()
        if name not in {"category", "stock", "price"} and value not in (None, "")
    }
    return services.ProductDraft(
        **values,
        price=row.values.get("price") or Decimal(0),
        category=categories.get(row.texts.get("category", "")),
    )


def _edit(row: Row, categories: Mapping[str, Any], parents: Mapping[str, int]) -> dict[str, Any]:
    """Return what `edit_products` takes for a row; stock and status have verbs of their own."""
    changes: dict[str, Any] = {}
    for name in row.changes:
        if name == "category":
            path = row.texts["category"]
            changes["category"] = categories[path] if path else None
        elif name == "parent_sku":
            sku = row.texts["parent_sku"]
            changes["parent_id"] = parents[sku] if sku else None
        elif name not in {"stock", "status"}:
            changes[name] = row.values[name]
    return changes


def _named(sentence: Any, names: set[str]) -> str:
    some = ", ".join(shown(name) for name in sorted(names)[:NAMED])
    return str(sentence).format(count=len(names), names=some + (" …" if len(names) > NAMED else ""))
