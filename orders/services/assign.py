"""Who takes care of an order."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from backoffice import steps
from backoffice.models import User
from backoffice.refused import BadValue
from orders.models import Order

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
