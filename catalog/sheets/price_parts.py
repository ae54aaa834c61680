"""Prices of a sheet: list prices are written on products, periods become scheduled prices."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from backoffice.imports import sql
from backoffice.imports.checks import Check, Facts
from backoffice.imports.fields import Field
from backoffice.imports.parse import Fault, shown
from backoffice.imports.relation import Relation
from backoffice.imports.table_sheet import OwnRows, SetPart
from backoffice.imports.writing import Writing
from backoffice.models.imports import Verdict
from backoffice.refused import Refused
from catalog import services
from catalog.models import PriceChange
from catalog.services import staged_prices
from catalog.sheets import price_checks
from catalog.sheets.price_checks import price_after
from catalog.sheets.price_fields import PERIOD, Scheduling, share_a_look
from catalog.sheets.read_along import ReadAlongField

_LIST_ONLY = ("compare_at_price", "cost")


class PriceRows(OwnRows):
    """List prices, compare-at prices and costs, on products that are there."""

    def checks(self, relation: Relation) -> Iterable[Check]:
        yield from super().checks(relation)
        if relation.field("price") or relation.field("compare_at_price"):
            yield price_checks.compare_at(relation)
        if relation.field("price"):
            yield price_checks.price_drop(relation)
        if relation.field("price") or relation.field("cost"):
            yield _below_cost(relation)
        if (currency := relation.field("currency")) is not None:
            assert isinstance(currency, ReadAlongField)
            yield _other_currency(currency)

    def write(self, relation: Relation, writing: Writing) -> None:
        about = Scheduling(relation)
        for first, last in relation.batches():
            writing.update(
                relation,
                self.own_fields(relation),
                first,
                last,
                only=f"NOT {about.is_meant}",
            )
            writing.went_on(last)


class SchedulePart(SetPart):
    """Prices for a while: scheduled by an import, withdrawn when it is taken back."""

    def prepare(self, relation: Relation) -> None:
        share_a_look(relation)

    def resolve(self, relation: Relation) -> None:
        if relation.run.is_undo:
            # Made just now, perhaps: unknown to the planner, it would look through all of them
            # for each.
            sql.analyze(PriceChange)
            sql.analyze(PriceChange.history.model)

    def checks(self, relation: Relation) -> Iterable[Check]:
        about = Scheduling(relation)
        if about.is_undo or not any(relation.field(name) for name in PERIOD):
            return
        meant = about.is_meant
        yield Check(
            field="price",
            of=Verdict.CHANGED,
            when=f"{meant} AND COALESCE({relation.said('price')}, '') = ''",
            words=lambda _facts: Fault(
                "price_missing",
                _("There is a period, and no price for it."),
                _("Fill the price in, or leave the period blank."),
            ),
        )
        for name in _LIST_ONLY:
            if (field := relation.field(name)) is not None:
                yield _not_for_a_period(field, meant)
        yield from _period(about, f"{meant} AND {_is_scheduling()}")

    def lock(self, relation: Relation) -> None:
        if relation.run.is_undo:
            staged_prices.lock_price_changes(self._made(relation))

    def write(self, relation: Relation, writing: Writing) -> None:
        about = Scheduling(relation)
        if about.is_undo:
            staged_prices.withdraw_prices(self._made(relation))
        elif any(relation.field(name) for name in PERIOD):
            staged_prices.schedule_prices(
                f"SELECT t.id AS id, {about.price} AS price, {about.starts_at} AS starts_at,"
                f" {about.ends_at} AS ends_at {self._planned(relation)} AND {about.is_meant}"
            )

    def _made(self, relation: Relation) -> str:
        """A query that goes on naming its rows when they are withdrawn."""
        return (
            f"SELECT c.id AS id FROM {sql.table(PriceChange)} c"
            f" WHERE c.id IN ({Scheduling(relation).made_ids})"
            f" AND c.product_id IN (SELECT p.target_id {self._planned(relation)})"
        )

    def _planned(self, relation: Relation) -> str:
        return f"{relation.to_write([])} AND p.verdict = 'changed' AND {_is_scheduling()}"


def _not_for_a_period(field: Field, meant: str) -> Check:
    fault = Fault(
        "not_for_a_period",
        _("{label} cannot be set for a period."),
        _("Leave it blank here; change it by a row without a period."),
        label=field.column.label,
    )
    return Check(
        field=field.name,
        of=Verdict.CHANGED,
        when=f"{meant} AND {sql.has_change(field.name)}",
        words=lambda _facts: fault,
    )


def _is_scheduling() -> str:
    """Whether the plan `p` schedules or withdraws something."""
    return "(" + " OR ".join(sql.has_change(name) for name in PERIOD) + ")"


def _period(about: Scheduling, scheduling: str) -> Iterable[Check]:
    """Return what `schedule_price` refuses: periods that are none, are over, or overlap."""
    fault = Fault(
        "ends_before_start",
        _("The period ends before it starts."),
        _("Correct one of the two days."),
    )
    yield Check(
        field="valid_until",
        of=Verdict.CHANGED,
        when=f"{scheduling} AND {about.start} <> '' AND {about.ends_at} <= {about.starts_at}",
        words=lambda _facts: fault,
    )
    over = services.PriceChangeOver()
    yield Check(
        field="valid_until",
        of=Verdict.CHANGED,
        when=f"{scheduling} AND {about.ends_at} <= {about.now}",
        words=lambda _facts: Fault(
            over.code,
            _("The period is over already."),
            _("Write a later end, or leave the row out."),
        ),
    )

    def words(facts: Facts) -> Fault:
        other = PriceChange.objects.get(pk=facts["other"])
        return _said(services.PriceChangeOverlaps(sku=facts["sku"], other=other))

    yield Check(
        field="valid_from",
        of=Verdict.CHANGED,
        when=f"{scheduling} AND EXISTS (SELECT 1 {about.in_the_way})",
        needs={"sku": "t.sku", "other": f"(SELECT min(c.id) {about.in_the_way})"},
        words=words,
    )


def _other_currency(field: ReadAlongField) -> Check:
    return Check(
        field=field.name,
        of=Verdict.CHANGED,
        when=field.contradicts,
        needs={"said": field.said, "stored": field.present},
        words=lambda facts: Fault(
            "other_currency",
            _("The price is in {said}, the product is sold in {stored}."),
            _("Give the price in {stored}, or leave the row out."),
            said=shown(facts["said"]),
            stored=facts["stored"],
        ),
    )


def _below_cost(relation: Relation) -> Check:
    price, cost = price_after(relation), _cost_after(relation)

    def words(facts: Facts) -> Fault:
        return Fault(
            "below_cost",
            _("The price {price} is below the cost {cost}."),
            price=_money(facts["price"]),
            cost=_money(facts["cost"]),
        )

    touched = f"({relation.changes('price')} OR {relation.changes('cost')})"
    return Check(
        field="price" if relation.field("price") else "cost",
        of=Verdict.CHANGED,
        when=f"{touched} AND {price} < {cost}",
        needs={"price": price, "cost": cost},
        words=words,
        is_warning=True,
    )


def _cost_after(relation: Relation) -> str:
    field = relation.field("cost")
    if field is None:
        return "t.cost"
    said = field.value(relation.said("cost"))
    return f"(CASE WHEN {sql.has_change('cost')} THEN {said} ELSE t.cost END)"


def _money(value: object) -> str:
    return f"{Decimal(str(value)):.2f}"


def _said(refused: Refused) -> Fault:
    return Fault(refused.code, refused.message, refused.way_out)
