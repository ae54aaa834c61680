"""What an edit would change, before anybody saves it: selectors, no writing and no lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from backoffice import changes
from backoffice.refused import Refused, UnknownRow
from catalog.services.reallocation import Foresight, foresee_reallocation
from orders.balance import Balance, balance_of
from orders.discounts import Discount
from orders.facts import load_facts
from orders.models import Order, OrderLine
from orders.services.edit_plan import EditPlan, Wish, plan_edit
from orders.services.line_drafts import LineDraft
from orders.states import ORDER_FLOW
from orders.sums import plain

EDIT = ORDER_FLOW["edit"]
ZERO = Decimal(0)


@dataclass(frozen=True)
class LinePreview:
    """One line before and after. free: units that can be promised, after the edit.

    shortage: why the shelf cannot give what the line asks for.
    """

    sku: str
    name: str
    price: Decimal
    old_units: int
    new_units: int
    old_total: Decimal
    new_total: Decimal
    free: int
    shortage: Refused | None

    @property
    def was(self) -> str:
        return plain(self.old_total)

    @property
    def becomes(self) -> str:
        return plain(self.new_total)

    @property
    def is_changed(self) -> bool:
        return (self.old_units, self.old_total) != (self.new_units, self.new_total)


@dataclass(frozen=True)
class SumPreview:
    """A sum of the order before and after."""

    label: str
    old: Decimal
    new: Decimal

    @property
    def is_changed(self) -> bool:
        return self.old != self.new

    @property
    def was(self) -> str:
        return plain(self.old)

    @property
    def becomes(self) -> str:
        return plain(self.new)


@dataclass(frozen=True)
class EditPreview:
    """What `edit_order` would do to an order with the same arguments now."""

    order: Order
    lines: list[LinePreview]
    sums: list[SumPreview]
    balance: Balance

    @property
    def total(self) -> Decimal:
        return self.sums[-1].new

    @property
    def changed_lines(self) -> list[LinePreview]:
        return [line for line in self.lines if line.is_changed]

    @property
    def changed_sums(self) -> list[SumPreview]:
        return [row for row in self.sums if row.is_changed]

    @property
    def is_empty(self) -> bool:
        return not (self.changed_lines or self.changed_sums)

    @property
    def shortage(self) -> Refused | None:
        """What saving would be refused with, as far as the shelf is concerned."""
        return next((line.shortage for line in self.lines if line.shortage), None)


def preview_edit(
    *,
    order_id: int,
    lines: Sequence[LineDraft] | None = None,
    shipping_fee: Decimal | None = None,
    discount: Discount | None = None,
) -> EditPreview:
    """Return what `edit_order` would change, line by line and in sums.

    Refuses: UnknownRow and what `edit_order` refuses; a shortage of stock stands in the preview.
    """
    order = Order.objects.get_or_none(pk=order_id)
    if order is None:
        raise UnknownRow(what=_("order"), key=order_id)
    load_facts([order])
    if (refused := EDIT.refusal(order)) is not None:
        raise refused
    old_sums = _sums(order)
    rows = list(order.lines.order_by("pk"))
    plan = plan_edit(order, rows, Wish(lines, shipping_fee, discount), at=changes.moment())
    foreseen = foresee_reallocation(allotments=plan.allotments)
    sums = [
        SumPreview(label, old, new)
        for (label, old), (_label, new) in zip(old_sums, _sums(order), strict=True)
    ]
    return EditPreview(
        order=order,
        lines=[_line(row, plan, foreseen) for row in plan.arranged.rows],
        sums=[row for row in sums[:-1] if row.old or row.new] + sums[-1:],
        balance=balance_of(order),
    )


def _line(row: OrderLine, plan: EditPlan, foreseen: Foresight) -> LinePreview:
    was = plan.before.get(row.pk)
    is_out = any(row is one for one in plan.arranged.dropped)
    taken = sum(
        line.wanted - line.held for line in plan.allotments if line.product_id == row.product_id
    )
    shortage = foreseen.shortages.get(row.uuid)
    free = foreseen.free.get(row.product_id, 0)
    return LinePreview(
        sku=row.sku,
        name=row.name,
        price=row.unit_price,
        old_units=was.quantity if was else 0,
        new_units=0 if is_out else row.quantity,
        old_total=was.total if was else ZERO,
        new_total=ZERO if is_out else row.total,
        free=free if shortage else free - taken,
        shortage=shortage,
    )


def _sums(order: Order) -> list[tuple[str, Decimal]]:
    return [
        (_("Subtotal"), order.subtotal),
        (_("Discount"), -order.discount),
        (_("Shipping"), order.shipping_fee),
        (_("Tax"), order.tax),
        (_("Total"), order.total),
    ]
