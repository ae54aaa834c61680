"""What an edit makes of a pending order: one plan, for the preview and for the edit itself."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.refused import Refused
from catalog.services.prices import prices_of
from catalog.services.reallocation import Allotment
from orders.discounts import Discount
from orders.guards import OrderEmpty
from orders.models import Order, OrderLine
from orders.services.drafts import clean_fee
from orders.services.line_drafts import Arrangement, LineDraft, arrange
from orders.services.lines import CAUSE, add_up, sellable_products


class LineBound(Refused):
    """facts: sku, units (that are cancelled or in papers)."""

    sentence = _("{sku}: {units} of its units are cancelled, refunded or were in a parcel.")
    hint = _("The line stays with at least those; cancel the order and duplicate it instead.")
    http_status = 409


@dataclass(frozen=True)
class Wish:
    """What shall be otherwise; None leaves a part as it is."""

    lines: Sequence[LineDraft] | None = None
    shipping_fee: Decimal | None = None
    discount: Discount | None = None


@dataclass
class EditPlan:
    """The lines as they shall be, what each was before (by key), and the stock it takes."""

    arranged: Arrangement
    before: dict[int, OrderLine]
    allotments: list[Allotment] = field(default_factory=list)

    def units_more(self, row: OrderLine) -> int:
        was = self.before.get(row.pk)
        return row.quantity - (was.quantity if was else 0)


def plan_edit(order: Order, rows: Sequence[OrderLine], wish: Wish, *, at: datetime) -> EditPlan:
    """Set a pending order and its lines as wished; nothing is saved, no stock is moved.

    New lines get the price of `at`; the others keep theirs.
    Refuses: OrderEmpty; LineBound; BadValue; DiscountTooLarge; DiscountUnexplained; UnknownRow;
    for what is added: NotForSale, SoldThroughVariants, OtherCurrency.
    """
    plan = EditPlan(Arrangement(kept=list(rows)), {row.pk: copy.copy(row) for row in rows})
    if wish.lines is not None:
        plan.arranged = arrange(order, rows, wish.lines)
        if not plan.arranged.kept:
            raise OrderEmpty(hint=_("Cancel the order instead."))
        _require_loose(plan)
        _price_what_is_added(order, plan, at)
    if wish.shipping_fee is not None:
        order.shipping_fee = clean_fee(wish.shipping_fee)
    if wish.discount is not None and not wish.discount.is_on(order):
        wish.discount.put_on(order)
    add_up(order, plan.arranged.kept)
    plan.allotments = [_allotment(row, plan) for row in plan.arranged.kept]
    plan.allotments += [_allotted(row, 0) for row in plan.arranged.dropped]
    return plan


def _require_loose(plan: EditPlan) -> None:
    """Refuse to take away units that other papers name: a refund, a parcel, a cancellation."""
    fewer = [row for row in plan.arranged.kept if row.pk and plan.units_more(row) < 0]
    for row in fewer:
        if row.quantity < (bound := row.cancelled + row.shipped):
            raise LineBound(sku=row.sku, units=bound)
    if not plan.arranged.dropped:
        return
    named = Q(refund_lines__isnull=False) | Q(shipment_lines__isnull=False)
    named |= Q(return_lines__isnull=False) | Q(cancelled__gt=0) | Q(shipped__gt=0)
    dropped = [row.pk for row in plan.arranged.dropped]
    bound_line = OrderLine.objects.filter(named, pk__in=dropped).order_by("pk").first()
    if bound_line is not None:
        units = bound_line.cancelled or bound_line.shipped or bound_line.quantity
        raise LineBound(sku=bound_line.sku, units=units)


def _price_what_is_added(order: Order, plan: EditPlan, at: datetime) -> None:
    """Let only what is for sale be added; new lines get SKU, name and price of now."""
    more = [row for row in plan.arranged.kept if plan.units_more(row) > 0]
    products = sellable_products([row.product_id for row in more], currency=order.currency)
    new = [row for row in more if row._state.adding]
    prices = prices_of([products[row.product_id] for row in new], at)
    for row in new:
        product = products[row.product_id]
        row.sku, row.name = product.sku, product.name
        row.unit_price = prices[product.pk]


def _allotment(row: OrderLine, plan: EditPlan) -> Allotment:
    """A line that is left alone keeps its promise, even a missing one."""
    still_open = row.quantity - row.cancelled - row.shipped
    more = plan.units_more(row)
    if more == 0:
        return _allotted(row, row.committed)
    return _allotted(row, still_open if more > 0 else min(row.committed, still_open))


def _allotted(row: OrderLine, wanted: int) -> Allotment:
    return Allotment(row.product_id, row.committed, row.location_id, wanted, CAUSE, row.uuid)
