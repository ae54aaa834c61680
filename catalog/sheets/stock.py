"""Stock of a sheet: pieces on the shelf of the main warehouse, counted or as a difference."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from backoffice.imports import sql
from backoffice.imports.checks import Check, Facts
from backoffice.imports.choices import StockMeans
from backoffice.imports.parse import Fault
from backoffice.imports.relation import Relation
from backoffice.imports.table_sheet import SetPart
from backoffice.imports.writing import Writing
from backoffice.models.imports import Verdict
from backoffice.refused import Refused
from catalog import services
from catalog.models import PriceChange, StockLevel
from catalog.services import staged_stock
from catalog.services.ledger import MOST_UNITS
from catalog.sheets.price_checks import price_after


class StockPart(SetPart):
    """Writes levels and movements, and asks the catalogue's rule of dear goods in numbers."""

    columns = ("stock", "price")

    def lock(self, relation: Relation) -> None:
        if relation.field("stock") is not None:
            staged_stock.lock_levels(self._moving(relation, "t.id AS id"))

    def checks(self, relation: Relation) -> Iterable[Check]:
        if relation.field("stock") or relation.field("price"):
            yield self._rule(relation)
        if relation.field("stock") is None:
            return
        said, shelf = self._units(relation), "COALESCE(shelf.on_hand, 0)"
        after = f"({shelf} + {self._difference(relation)})"
        promised = "COALESCE(shelf.committed + shelf.unavailable, 0)"
        changed = sql.has_change("stock")
        yield Check(
            field="stock",
            of=Verdict.CHANGED,
            when=f"{changed} AND {after} < {shelf} AND {after} < {promised}",
            needs={"sku": "t.sku", "after": after, "promised": promised},
            words=lambda facts: _said(
                services.StockWouldBeNegative(
                    sku=facts["sku"], on_hand=facts["after"], promised=facts["promised"]
                )
            ),
        )
        yield Check(
            field="stock",
            of=Verdict.CHANGED,
            when=f"{changed} AND {after} > {MOST_UNITS}",
            words=lambda _facts: Fault(
                "too_many_units", _("That would be more pieces than can be counted.")
            ),
        )
        yield Check(
            field="stock",
            of=Verdict.CHANGED,
            when=f"{changed} AND {said} = 0 AND {shelf} > 0",
            words=lambda _facts: Fault("stock_to_zero", _("The stock goes to zero.")),
            is_warning=True,
        )

    def _rule(self, relation: Relation) -> Check:
        """Few rows are dear and many; only these are asked for one by one."""
        limits = settings.PRICE_STOCK_RULE
        limit = sql.as_money(sql.literal(str(limits["price_above"])))
        level, planned = sql.table(StockLevel), sql.table(PriceChange)
        held = f"COALESCE((SELECT sum(l.on_hand) FROM {level} l WHERE l.product_id = t.id), 0)"
        scheduled = (
            f"COALESCE((SELECT max(c.price) FROM {planned} c WHERE c.product_id = t.id"
            " AND c.withdrawn_at IS NULL AND (c.ends_at IS NULL OR c.ends_at >"
            " CURRENT_TIMESTAMP)), 0)"
        )
        price, units = price_after(relation), "0"
        if relation.field("stock") is not None:
            units = (
                f"(CASE WHEN t.id IS NULL THEN COALESCE({self._units(relation)}, 0)"
                f" WHEN {sql.has_change('stock')} THEN {self._difference(relation)} ELSE 0 END)"
            )
        after = f"({held} + {units})"

        def words(facts: Facts) -> Fault | None:
            highest = max(Decimal(str(facts["price"])), Decimal(str(facts["scheduled"])))
            refused = services.price_stock_refusal(
                sku=facts["key"], price=highest, units=int(facts["after"])
            )
            return _said(refused) if refused else None

        rises = f"(t.id IS NULL OR {price} > t.price OR {units} > 0)"
        is_dear = f"({price} > {limit} OR (t.id IS NOT NULL AND {scheduled} > {limit}))"
        return Check(
            field="price" if relation.field("price") else "stock",
            when=f"CASE WHEN {is_dear} THEN {rises} AND {after} > {int(limits['units_above'])}"
            f" ELSE {_FALSE} END",
            needs={"price": price, "scheduled": scheduled, "after": after},
            words=words,
        )

    def write(self, relation: Relation, writing: Writing) -> None:
        field = relation.fields.get("stock")
        if field is None or not field.is_given:
            return
        new = field.value(relation.said_when_new("stock"))
        staged_stock.open_levels(
            f"SELECT p.target_id AS id, {new} AS units {relation.to_write([field])}"
            f" AND p.verdict = 'new' AND {new} IS NOT NULL",
            cause=writing.cause,
        )
        if field.place is not None:
            difference = self._difference(relation)
            staged_stock.shift_levels(
                self._moving(relation, f"t.id AS id, {difference} AS units")
                + f" AND {difference} <> 0",
                cause=writing.cause,
            )

    def _moving(self, relation: Relation, columns: str) -> str:
        stock = [relation.fields["stock"]]
        return (
            f"SELECT {columns} {relation.to_write(stock)} AND p.verdict = 'changed'"
            f" AND {sql.has_change('stock')}"
        )

    def _units(self, relation: Relation) -> str:
        return relation.fields["stock"].value(relation.said_when_new("stock"))

    def _difference(self, relation: Relation) -> str:
        """Return how many pieces more, or fewer, there will be on the shelf."""
        said = relation.fields["stock"].value(relation.said("stock"))
        if relation.choices.stock_means == StockMeans.DIFFERENCE:
            return f"({said} - COALESCE({sql.as_whole(sql.old_text('stock'))}, 0))"
        return f"({said} - COALESCE(shelf.on_hand, 0))"


def _said(refused: Refused) -> Fault:
    return Fault(refused.code, refused.message, refused.way_out)


_FALSE = "(1 = 0)"
