"""Editing a pending order: its lines, sums and addresses, with the stock that is promised to it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from backoffice import changes
from backoffice.models import User
from backoffice.steps import taking
from catalog.services.reallocation import reallocate_stock
from orders.discounts import Discount
from orders.models import Order
from orders.services.addresses import point_to
from orders.services.discounts import require_may_discount
from orders.services.edit_plan import EditPlan, Wish, plan_edit
from orders.services.line_drafts import LineDraft, write_lines
from orders.services.lines import locked_lines
from orders.states import ORDER_FLOW

EDIT = ORDER_FLOW["edit"]


@ORDER_FLOW.verb("edit")
def edit_order(  # noqa: PLR0913  (each part that can change has its name)
    *,
    order_id: int,
    by: User,
    reason: str,
    lines: Sequence[LineDraft] | None = None,
    shipping_fee: Decimal | None = None,
    discount: Discount | None = None,
    contact_id: int | None = None,
    billing_address_id: int | None = None,
    shipping_address_id: int | None = None,
    version: int | None = None,
) -> Order:
    """Change a pending order, held or not; None leaves a part as it is.

    lines: the whole set as it shall be. What stays keeps its frozen price, what is added is priced
    now; discounts that are a share follow. Money is left alone: `balance_of` says what the new
    total leaves to be paid, uncaptured or refunded.
    Refuses: what `taking` refuses; ClaimOpen; OrderEmpty; LineBound; NotEnoughStock; NotForSale,
    SoldThroughVariants, OtherCurrency (of what is added); BadValue; UnknownRow; DiscountTooLarge;
    DiscountUnexplained; NotAllowed when discounts change without the permission for them.
    Atomic: locks the order, its lines, their stock levels in order; stock moves by the difference;
    one history row for the order and one for each line that changed.
    """
    with taking(EDIT, order_id, by=by, reason=reason, version=version) as order:
        point_to(
            order,
            contact_id=contact_id,
            billing_address_id=billing_address_id,
            shipping_address_id=shipping_address_id,
        )
        wish = Wish(lines, shipping_fee, discount)
        plan = plan_edit(order, locked_lines(order), wish, at=changes.moment())
        require_may_discount(by, order, plan.arranged.kept)
        carry_out(plan, step=EDIT.name)
    return order


def carry_out(plan: EditPlan, *, step: str) -> None:
    """Move the stock of locked lines as planned, and save them. Refuses: NotEnoughStock."""
    places = reallocate_stock(allotments=plan.allotments)
    wanted = {line.cause_uuid: line.wanted for line in plan.allotments}
    for row in plan.arranged.kept:
        row.committed, row.location_id = wanted[row.uuid], places[row.uuid]
    write_lines(plan.arranged, step=step)
