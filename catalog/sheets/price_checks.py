"""What sheets ask of prices, and what a row's product will cost: as SQL over r, p and t."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from backoffice.imports import sql
from backoffice.imports.checks import Check, Facts
from backoffice.imports.parse import Fault
from backoffice.imports.relation import Relation
from backoffice.models.imports import Verdict
from catalog import services

PRICE_DROP_PERCENT = 20


def compare_at(relation: Relation) -> Check:
    price, struck_out = price_after(relation), compare_at_after(relation)

    def words(facts: Facts) -> Fault:
        values = {name: Decimal(str(facts[name])) for name in ("price", "compare_at_price")}
        _clean, errors = services.clean_fields(values)
        sentences = errors.get("compare_at_price") or next(iter(errors.values()))
        return Fault("bad_compare_at_price", " ".join(map(str, sentences)))

    touched = f"({relation.changes('price')} OR {relation.changes('compare_at_price')})"
    return Check(
        field="compare_at_price",
        when=f"{touched} AND {struck_out} < {price}",
        needs={"price": sql.money_text(price), "compare_at_price": sql.money_text(struck_out)},
        words=words,
    )


def price_drop(relation: Relation) -> Check:
    new = relation.fields["price"].value(relation.said("price"))
    share = f"(t.price - {new}) * 100 / t.price"

    def words(facts: Facts) -> Fault:
        percent = Decimal(str(facts["share"])).quantize(Decimal(1))
        return Fault("price_drop", _("The price falls by {percent} %."), percent=percent)

    return Check(
        field="price",
        of=Verdict.CHANGED,
        when=f"{sql.has_change('price')} AND t.price > 0"
        f" AND {new} * 100 < t.price * {100 - PRICE_DROP_PERCENT}",
        needs={"share": share},
        words=words,
        is_warning=True,
    )


def price_after(relation: Relation) -> str:
    """Return the price that a row's product will have."""
    field = relation.fields.get("price")
    if field is None:
        return "t.price"
    new = f"COALESCE({field.value(relation.said_when_new('price'))}, 0)"
    said = field.value(relation.said("price"))
    changed = f"CASE WHEN {sql.has_change('price')} THEN {said} ELSE t.price END"
    return f"(CASE WHEN t.id IS NULL THEN {new} ELSE {changed} END)"


def compare_at_after(relation: Relation) -> str:
    name = "compare_at_price"
    field = relation.fields.get(name)
    if field is None:
        return "t.compare_at_price"
    new, said = relation.said_when_new(name), relation.said(name)
    return (
        f"(CASE WHEN t.id IS NULL THEN {field.value(new)} WHEN {sql.has_change(name)}"
        f" THEN {field.value(said)} ELSE t.compare_at_price END)"
    )
