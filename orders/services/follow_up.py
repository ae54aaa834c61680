"""When somebody wants to look at an order again."""

from __future__ import annotations

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice import changes, steps
from backoffice.models import User
from backoffice.refused import BadValue
from orders.models import Order

PERMISSION = "orders.note_order"


def set_follow_up(
    *, order_id: int, on: date | None, by: User, reason: str, version: int | None = None
) -> Order:
    """Say on which day an order shall be looked at again; None: not any more.

    on: today or later, in the person's own time zone; from that day on it stands in “Follow up”.
    Refuses: UnknownRow; NotAllowed; StaleVersion; BadValue for a day that has passed.
    Atomic: locks the order; one history row when the day changed.
    """
    if on is not None and on < timezone.localdate():
        raise BadValue(field=_("Follow up on"), problem=_("choose today or a later day."))
    changes.say(action="orders.follow_up", by=by, reason=reason)
    with steps.editing(
        Order, order_id, by=by, permission=PERMISSION, reason=reason, version=version
    ) as order:
        order.follow_up_on = on
    return order
