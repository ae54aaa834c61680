"""Lines as somebody wants them: matched with the lines that an order has, and written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from backoffice import history
from backoffice.refused import BadValue, UnknownRow
from orders.discounts import Discount
from orders.models import Order, OrderLine

MOST_UNITS = 100_000


@dataclass(frozen=True)
class LineDraft:
    """One line as it shall be. quantity: whole units, 1 or more.

    discount: None leaves the line's as it is. line_id: which of the order's lines is meant; None:
    the first one with this product, or a new one.
    """

    product_id: int
    quantity: int
    discount: Discount | None = None
    line_id: int | None = None


@dataclass
class Arrangement:
    """An order's lines as they shall be (some not saved yet), and those that go."""

    kept: list[OrderLine] = field(default_factory=list)
    dropped: list[OrderLine] = field(default_factory=list)

    @property
    def rows(self) -> list[OrderLine]:
        return [*self.kept, *self.dropped]


def arrange(order: Order, rows: Sequence[OrderLine], drafts: Sequence[LineDraft]) -> Arrangement:
    """Set quantities and discounts of an order's lines as drafted; nothing is saved.

    The same product twice adds up, unless the order has two lines of it and both are named.
    Refuses: BadValue for what is no number of units, or no discount; DiscountUnexplained;
    UnknownRow for a line of another order.
    """
    by_id = {row.pk: row for row in rows}
    named = {draft.line_id for draft in drafts if draft.line_id is not None}
    if unknown := named - set(by_id):
        raise UnknownRow(what=_("line"), key=min(unknown))
    units: dict[int, int] = {}
    arranged = Arrangement()
    for draft in drafts:
        _require_units(draft.quantity)
        row = _row_for(order, draft, rows, named, arranged.kept)
        is_first = all(row is not kept for kept in arranged.kept)
        if is_first:
            arranged.kept.append(row)
        units[id(row)] = units.get(id(row), 0) + draft.quantity
        _require_units(units[id(row)])
        row.quantity = units[id(row)]
        if draft.discount is not None and not draft.discount.is_on(row):
            draft.discount.put_on(row)
    kept = {id(row) for row in arranged.kept}
    arranged.dropped = [row for row in rows if id(row) not in kept]
    return arranged


def write_lines(arranged: Arrangement, *, step: str = "") -> bool:
    """Save what changed on the arranged lines; tell whether anything did."""
    with history.step(step):
        for row in arranged.dropped:
            row.delete()
        made = history.insert_rows([row for row in arranged.kept if row._state.adding])
        changed = history.update_rows([row for row in arranged.kept if row not in made])
    return bool(arranged.dropped or made or changed)


def _row_for(
    order: Order,
    draft: LineDraft,
    rows: Sequence[OrderLine],
    named: set[int],
    taken: Sequence[OrderLine],
) -> OrderLine:
    """Return the line that a draft means: the named one, one of its product, or a new one."""
    of_product = [row for row in rows if row.product_id == draft.product_id]
    if draft.line_id is not None:
        for row in of_product:
            if row.pk == draft.line_id:
                return row
    # Another product was chosen on a line: that line goes, the product gets one of its own.
    for row in taken:
        if row.product_id == draft.product_id and (row.pk is None or row.pk not in named):
            return row
    for row in of_product:
        if row.pk not in named:
            return row
    for row in of_product:
        if any(row is one for one in taken):
            return row
    return OrderLine(order=order, product_id=draft.product_id)


def _require_units(quantity: int) -> None:
    if isinstance(quantity, bool) or not isinstance(quantity, int):
        raise BadValue(field=_("Quantity"), problem=_("a whole number is needed."))
    if not 1 <= quantity <= MOST_UNITS:
        raise BadValue(
            field=_("Quantity"), problem=_("between 1 and {most} units.").format(most=MOST_UNITS)
        )
