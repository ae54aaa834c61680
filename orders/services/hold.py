"""Holding: an order that nobody may process or ship until it is released, or until a moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice import changes, steps
from backoffice.models import User
from backoffice.refused import BadValue
from backoffice.steps import Outcome, taking, taking_many
from orders.models import Order
from orders.services.bulk import once_each
from orders.states import ORDER_FLOW

HOLD, RELEASE = ORDER_FLOW["hold"], ORDER_FLOW["release"]
ORDERS_PER_TRANSACTION = 200
LONGEST_HOLD = timedelta(days=3653)
FIELD = gettext_lazy("Held until")


@ORDER_FLOW.verb("hold")
def hold_order(
    *,
    order_id: int,
    by: User,
    reason: str,
    until: datetime | None = None,
    version: int | None = None,
) -> Order:
    """Stop an order where it stands.

    reason: why, required; colleagues see it on the order. until: the hold ends by itself at that
    moment (`release_due_holds`); None: when somebody releases it.
    Refuses: what `taking` refuses; ClaimOpen; OrderHeld; BadValue when `until` has passed, or is
    more than ten years away.
    Atomic: locks the order; one history row.
    """
    _require_future(until)
    now = changes.moment()
    with taking(HOLD, order_id, by=by, reason=reason, version=version) as order:
        _hold(order, reason, until, now)
    return order


@ORDER_FLOW.verb("hold", many=True)
def hold_orders(
    *, order_ids: Sequence[int], by: User, reason: str, until: datetime | None = None
) -> Outcome[Order]:
    """Stop many orders for one reason, until one moment.

    Refuses: BadValue when `until` has passed, or is more than ten years away; per order what
    `hold_order` refuses.
    Atomic: locks the orders in key order; one history row each.
    """
    _require_future(until)
    now = changes.moment()
    with taking_many(HOLD, once_each(order_ids), by=by, reason=reason) as taken:
        for order in taken:
            _hold(order, reason, until, now)
    return taken.outcome


@ORDER_FLOW.verb("release")
def release_order(*, order_id: int, by: User, reason: str, version: int | None = None) -> Order:
    """End an order's hold.

    Refuses: what `taking` refuses; ClaimOpen; OrderNotHeld.
    Atomic: locks the order; one history row.
    """
    with taking(RELEASE, order_id, by=by, reason=reason, version=version) as order:
        _release(order)
    return order


@ORDER_FLOW.verb("release", many=True)
def release_orders(*, order_ids: Sequence[int], by: User, reason: str) -> Outcome[Order]:
    """End the hold of many orders. Refuses: per order what `release_order` refuses.

    Atomic: locks the orders in key order; one history row each.
    """
    with taking_many(RELEASE, once_each(order_ids), by=by, reason=reason) as taken:
        for order in taken:
            _release(order)
    return taken.outcome


def release_due_holds(*, now: datetime) -> Outcome[Order]:
    """End the holds whose moment has come, in the name of the system.

    now: holds until then, or before, are due. An order that another step is at work on is refused
    here and released by the next run.
    Atomic: per moment one transaction and one change set: it locks the orders in key order and
    writes one history row each.
    """
    due = Order.objects.held().filter(hold_until__lte=now).order_by("hold_until", "pk")
    outcome: Outcome[Order] = Outcome()
    for until, rows in groupby(due.values_list("hold_until", "pk"), key=lambda row: row[0]):
        ids = [pk for _until, pk in rows]
        for start in range(0, len(ids), ORDERS_PER_TRANSACTION):
            outcome += _release_due(ids[start : start + ORDERS_PER_TRANSACTION], until)
    return outcome


def _release_due(ids: Sequence[int], until: datetime) -> Outcome[Order]:
    note = _("The hold was set until %(moment)s.") % {"moment": _in_words(until)}
    outcome: Outcome[Order] = Outcome()
    with (
        changes.change(action=RELEASE.action, note=note, channel="job", separate=True),
        transaction.atomic(),
    ):
        for order in steps.lock(RELEASE, ids):
            if order.hold_until != until:  # released, or held anew, since it was read
                continue
            if (refused := RELEASE.refusal(order)) is not None:
                outcome.refused.append((order, refused))
                continue
            _release(order)
            outcome.done.append(order)
        steps.write(RELEASE, outcome.done)
    return outcome


def _hold(order: Order, reason: str, until: datetime | None, now: datetime) -> None:
    order.is_held, order.hold_reason = True, reason
    order.held_since, order.hold_until = now, until


def _release(order: Order) -> None:
    order.is_held, order.hold_reason = False, ""
    order.held_since = order.hold_until = None


def _require_future(until: datetime | None) -> None:
    if until is None:
        return
    if until <= changes.moment():
        raise BadValue(field=FIELD, problem=_("choose a moment in the future."))
    # A database keeps the year 10000 in UTC, and Python can never read it again.
    if until > changes.moment() + LONGEST_HOLD:
        raise BadValue(field=FIELD, problem=_("choose a moment in the next ten years."))


def _in_words(until: datetime) -> str:
    return f"{date_format(timezone.localtime(until, UTC), 'j M Y, H:i')} UTC"
