"""Announcing what comes back, and taking that back when the parcel does not come."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection, transaction
from django.db.models import Max, Sum
from django.utils.translation import gettext_lazy as _

from backoffice import history, steps
from backoffice.models import User
from backoffice.refused import BadValue, ReasonMissing, Refused
from orders.models import Order, OrderLine, Return, ReturnLine
from orders.models.returns import rma_for
from orders.services.claims import lock_order
from orders.services.lines import locked_lines
from orders.services.parcels import NothingChosen, NotOnOrder
from orders.services.returns.facts import locked_return
from orders.states import REQUEST_RETURN, RETURN_FLOW, RETURN_REASONS
from orders.states.returns import ANNOUNCED

REQUEST, WITHDRAW = RETURN_FLOW["request"], RETURN_FLOW["withdraw"]


class MoreThanShipped(Refused):
    """facts: sku, units, left, announced."""

    sentence = _("{sku}: {units} units cannot come back; {left} are still with the customer.")
    hint = _("{announced} more are announced in returns that nobody has looked at yet.")
    http_status = 409


@transaction.atomic
def request_return(
    *,
    order_id: int,
    lines: Mapping[int, int],
    reason_code: str,
    by: User,
    reason: str = "",
    version: int | None = None,
) -> Return:
    """Announce that units of an order come back.

    lines: units by order line, 1 or more; 0 is left out. reason_code: a key of RETURN_REASONS;
    reason: what the customer said, kept as the return's note.
    Refuses: UnknownRow; NotAllowed; StaleVersion; StepNotOpen; ReasonMissing; BadValue;
    NothingToReturn; NothingChosen; NotOnOrder; MoreThanShipped (what other returns announce
    counts).
    Atomic: locks the order, its lines; writes the return and its lines with a history row each.
    """
    _require_reason_code(reason_code)
    order = lock_order(REQUEST_RETURN, order_id, by=by, version=version)
    rows = {line.pk: line for line in locked_lines(order)}
    announced = announced_units(rows)
    for line_id, units in lines.items():
        _require_units(order, rows.get(line_id), line_id, units, announced)
    chosen = {line_id: units for line_id, units in lines.items() if units}
    if not chosen:
        raise NothingChosen
    pk = _next_key()
    row = Return(
        pk=pk, order=order, number=rma_for(pk), reason_code=reason_code, note=reason.strip()
    )
    steps.enter(REQUEST, [row], by=by, reason=reason)
    history.insert_rows(
        [
            ReturnLine(of_return=row, line=rows[line_id], quantity=units)
            for line_id, units in sorted(chosen.items())
        ],
        step=REQUEST.name,
    )
    return row


@RETURN_FLOW.verb("withdraw")
def withdraw_return(*, return_id: int, by: User, reason: str, version: int | None = None) -> Return:
    """End a return whose goods are not coming.

    reason: why, required.
    Refuses: what `taking` refuses.
    Atomic: locks the order, then the return; one history row.
    """
    with locked_return(WITHDRAW, return_id, by=by, reason=reason, version=version) as row:
        pass
    return row


def announced_units(lines: Mapping[int, OrderLine]) -> dict[int, int]:
    """Return by line how many of its units returns announce that nobody has looked at yet."""
    rows = ReturnLine.objects.filter(line__in=lines, of_return__status__in=ANNOUNCED)
    return dict(rows.order_by().values_list("line").annotate(Sum("quantity")))


def _require_reason_code(reason_code: str) -> None:
    if not reason_code:
        raise ReasonMissing(step=REQUEST_RETURN.label, hint=_("Choose one from the list."))
    if reason_code not in dict(RETURN_REASONS):
        raise BadValue(field=_("Reason"), problem=_("choose one from the list."))


def _require_units(
    order: Order,
    line: OrderLine | None,
    line_id: int,
    units: int,
    announced: Mapping[int, int],
) -> None:
    if line is None:
        raise NotOnOrder(order=order, line=line_id)
    if type(units) is not int or units < 0:
        raise BadValue(field=line.sku, problem=_("a whole number of units is needed."))
    coming = announced.get(line_id, 0)
    left = line.shipped - line.returned - coming
    if units > left:
        hint = None if coming else ""
        raise MoreThanShipped(sku=line.sku, units=units, left=left, announced=coming, hint=hint)


def _next_key() -> int:
    """Return the key of the return that is written next: its number is made of it.

    SQLite has one writer at a time, and the order's lock has made us that one.
    """
    if connection.vendor != "postgresql":
        return (Return.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [Return._meta.db_table])
        (key,) = cursor.fetchone()
    return int(key)
