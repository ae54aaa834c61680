"""Stock of a sheet: the counted number on the shelf of the main warehouse."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from backoffice.imports.rows import Row
from backoffice.imports.sheets import Part, Plan, Work
from catalog import services
from catalog.models import Product, StockLevel
from catalog.services import rules
from catalog.services.locations import MAIN_CODE

CHUNK = 1_000


class StockPart(Part):
    """falling: writes the stocks that fall; the other one those that rise, and judges both."""

    def __init__(self, *, falling: bool) -> None:
        self.falling = falling

    def prepare(self, plan: Plan) -> None:
        """A shelf that was never used holds nothing: 0 there is no change."""
        if self.falling:
            return
        for row in plan.rows:
            unused = row.current is not None and row.current.shelf_units is None
            if unused and row.texts.get("stock") == "0":
                row.texts["stock"], row.values["stock"] = "", None

    def judge(self, plan: Plan) -> None:
        if self.falling:
            return
        touched = [row for row in plan.rows if {"stock", "price"} & row.changes.keys()]
        there = [row.current.pk for row in touched if row.current is not None]
        on_hand: dict[int, int] = {}
        scheduled: dict[int, Decimal] = {}
        promised: dict[int, int] = {}
        for start in range(0, len(there), CHUNK):
            some = there[start : start + CHUNK]
            on_hand.update(rules.units_on_hand(some))
            scheduled.update(rules.highest_scheduled(some))
            levels = StockLevel.objects.filter(product__in=some, location__code=MAIN_CODE)
            promised.update((at.product_id, at.committed + at.unavailable) for at in levels)
        for row in touched:
            product: Product | None = row.current
            units = row.values.get("stock") if "stock" in row.changes else None
            if product is None:
                self._judge_rule(row, row.values.get("price") or Decimal(0), units or 0)
                continue
            shelf = product.shelf_units or 0
            after = on_hand[product.pk] + (units - shelf if units is not None else 0)
            price = row.values["price"] if "price" in row.changes else product.price
            if price > product.price or after > on_hand[product.pk]:
                self._judge_rule(row, max(price, scheduled.get(product.pk, price)), after)
            if units is not None and units < shelf and units < promised.get(product.pk, 0):
                row.refuse_by(
                    services.StockWouldBeNegative(
                        sku=product.sku, on_hand=units, promised=promised[product.pk]
                    ),
                    "stock",
                )
            if units == 0 and shelf > 0:
                row.note("stock", "stock_to_zero", str(_("The stock goes to zero.")))

    def _judge_rule(self, row: Row, price: Decimal, units: int) -> None:
        if refusal := services.price_stock_refusal(sku=row.key, price=price, units=units):
            row.refuse_by(refusal, "price" if "price" in row.cells else "stock")

    def apply(self, work: Work) -> None:
        counted = {
            work.id_of(row): row.values["stock"]
            for row in (work.rows if not self.falling else work.changed)
            if "stock" in row.changes and self._falls(row) is self.falling
        }
        if counted:
            work.note_refused(
                services.set_stocks(
                    counted=counted,
                    by=work.by,
                    reason=work.reason,
                    cause_kind="import",
                    cause_uuid=work.cause,
                )
            )

    def _falls(self, row: Row) -> bool:
        return row.current is not None and row.values["stock"] < (row.current.shelf_units or 0)
