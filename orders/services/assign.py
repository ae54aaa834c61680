"""Who takes care of an order."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from backoffice import steps
from backoffice.models import User
from backoffice.refused import BadValue, UnknownRow
from backoffice.steps import Outcome
from orders.models import Order
from orders.services.bulk import once_each

PERMISSION = "orders.note_order"


def assign_order(
    *,
    order_id: int,
    assignee_id: UUID | str | None,
    by: User,
    reason: str,
    version: int | None = None,
) -> Order:
    """Give an order to a colleague, take it oneself (one's own id), or lay it down (None).

    Refuses: UnknownRow; NotAllowed; StaleVersion; BadValue when that is no active colleague.
    Atomic: locks the order; one history row when the assignee changed.
    """
    with steps.editing(
        Order, order_id, by=by, permission=PERMISSION, reason=reason, version=version
    ) as order:
        order.assignee = _colleague(assignee_id)
    return order


def assign_orders(
    *, order_ids: Sequence[int], assignee_id: UUID | str | None, by: User, reason: str
) -> Outcome[Order]:
    """Give many orders to a colleague, or lay them down (None).

    Refuses: NotAllowed; BadValue when that is no active colleague; per order UnknownRow.
    Atomic: locks the orders in key order; one history row for each whose assignee changed.
    """
    ids = once_each(order_ids)
    colleague = _colleague(assignee_id)
    with steps.editing_many(Order, ids, by=by, permission=PERMISSION, reason=reason) as orders:
        for order in orders:
            order.assignee = colleague
    found = {order.pk for order in orders}
    missing = [(pk, UnknownRow(what=_("order"), key=pk)) for pk in ids if pk not in found]
    return Outcome(done=list(orders), refused=list(missing))


def take_order(*, order_id: int, by: User, reason: str, version: int | None = None) -> Order:
    """Take an order oneself. Refuses and writes what `assign_order` does."""
    return assign_order(order_id=order_id, assignee_id=by.pk, by=by, reason=reason, version=version)


def _colleague(pk: UUID | str | None) -> User | None:
    if not pk:
        return None
    colleague: User | None = User.objects.get_or_none(pk=pk, is_staff=True, is_active=True)
    if colleague is None:
        raise BadValue(field=_("Assignee"), problem=_("choose an active colleague."))
    return colleague
