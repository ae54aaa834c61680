"""Money off an order, or off one of its lines, while it has not been processed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from backoffice import history, steps
from backoffice.models import User
from backoffice.refused import UnknownRow
from backoffice.steps import taking
from orders.discounts import Discount
from orders.models import Order, OrderLine
from orders.services.lines import add_up, locked_lines
from orders.states import DISCOUNT_LINE, ORDER_FLOW

DISCOUNT = ORDER_FLOW["discount"]
COLUMNS = ("discount", "discount_percent", "discount_reason")


@ORDER_FLOW.verb("discount")
def discount_order(
    *,
    order_id: int,
    by: User,
    reason: str,
    amount: Decimal | None = None,
    percent: Decimal | None = None,
    version: int | None = None,
) -> Order:
    """Take money off a draft or a pending order; without amount and percent: nothing any more.

    amount: in the order's currency, at most what it costs; percent: 0 to 100, of the goods without
    shipping; it follows when the lines change. reason: stands beside the sum, required.
    Refuses: what `taking` refuses; OrderEmpty; ClaimOpen; BadValue; DiscountTooLarge.
    Atomic: locks the order and its lines; one history row.
    """
    with taking(DISCOUNT, order_id, by=by, reason=reason, version=version) as order:
        Discount(amount, percent, reason).put_on(order)
        add_up(order, locked_lines(order))
    return order


def discount_line(
    *,
    order_id: int,
    line_id: int,
    by: User,
    reason: str,
    amount: Decimal | None = None,
    percent: Decimal | None = None,
    version: int | None = None,
) -> Order:
    """Take money off one line of a draft or a pending order; as `discount_order` does.

    amount: off the whole line, not off each unit.
    Refuses: what `taking` refuses; ReasonMissing; UnknownRow; ClaimOpen; BadValue;
    DiscountTooLarge, also when the order's own discount no longer fits.
    Atomic: locks the order and its lines; one history row each for order and line.
    """
    steps.require_reason(DISCOUNT, reason)
    with taking(DISCOUNT_LINE, order_id, by=by, reason=reason, version=version) as order:
        lines = locked_lines(order)
        line = next((line for line in lines if line.pk == line_id), None)
        if line is None:
            raise UnknownRow(what=_("line"), key=line_id)
        Discount(amount, percent, reason).put_on(line)
        add_up(order, lines)
        history.update_rows([line], step=DISCOUNT_LINE.name)
    return order


def require_may_discount(by: User, order: Order, lines: Sequence[OrderLine]) -> None:
    """Refuse with NotAllowed when discounts were given or changed that `by` may not give.

    A share that follows its sum is the old discount.
    """
    if _was_changed(order) or any(_was_changed(line) for line in lines):
        steps.require_permission(by, DISCOUNT.permission_name, _("give discounts"))


def _was_changed(row: Order | OrderLine) -> bool:
    changed = set(row.changed_fields())
    if row._state.adding:
        return bool(row.discount or row.discount_percent)
    if row.discount_percent is not None:
        changed.discard("discount")
    return bool(changed & set(COLUMNS))
