"""The parcel is there: received at a place, then looked at, unit by unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history
from backoffice.models import User
from backoffice.refused import BadValue, Refused, UnknownRow
from backoffice.steps import taking
from catalog.services.allocation import TakenBack, take_back_stock
from catalog.services.locations import LocationClosed, location_or_default
from orders.models import Return, ReturnLine
from orders.services.lines import locked_lines
from orders.services.returns.facts import locked_return, order_of
from orders.states import RETURN_FLOW, TAKE_BACK

RECEIVE, INSPECT = RETURN_FLOW["receive"], RETURN_FLOW["inspect"]
CAUSE = "return"


class NotAddedUp(Refused):
    """facts: sku, sellable, damaged, missing, units."""

    sentence = _(
        "{sku}: {sellable} sellable, {damaged} damaged and {missing} missing are not {units}."
    )
    hint = _("Each announced unit is one of the three.")


class NotInThisReturn(Refused):
    """facts: number, line (its key)."""

    sentence = _("{number} has no line {line}.")


@dataclass(frozen=True)
class Inspected:
    """What became of a line's announced units; together they are as many."""

    sellable: int = 0
    damaged: int = 0
    missing: int = 0

    @property
    def units(self) -> int:
        return self.sellable + self.damaged + self.missing


@RETURN_FLOW.verb("receive")
def receive_return(
    *,
    return_id: int,
    by: User,
    reason: str,
    location_id: int | str | None = None,
    version: int | None = None,
) -> Return:
    """Note that the parcel is in the house; nothing of it is on sale yet.

    location_id: where it was opened; None or blank is the main warehouse.
    Refuses: what `taking` refuses; UnknownRow; LocationClosed.
    Atomic: locks the order, then the return; one history row.
    """
    with locked_return(RECEIVE, return_id, by=by, reason=reason, version=version) as row:
        place = location_or_default(_key(location_id))
        if not place.is_active:
            raise LocationClosed(location=place)
        row.location = place
        row.received_at = changes.moment()
    return row


@RETURN_FLOW.verb("inspect")
@transaction.atomic
def inspect_return(
    *,
    return_id: int,
    results: Mapping[int, Inspected],
    by: User,
    reason: str,
    version: int | None = None,
) -> Return:
    """Say of each announced unit what it is, and put what came back where it belongs.

    results: by order line; every line of the return, adding up to what was announced. Sellable
    units go on the shelf of the place that received them, damaged ones are set aside there;
    missing ones did not come back: they count as shipped still, and may be announced again.
    Refuses: what `taking` refuses, for the order and for the return; NotInThisReturn; BadValue;
    NotAddedUp.
    Atomic: locks the order, the return, the order's lines, their stock levels in order; one
    movement per line; one history row for each row that changed.
    """
    with (
        taking(TAKE_BACK, order_of(return_id), by=by, reason=reason) as order,
        taking(INSPECT, return_id, by=by, reason=reason, version=version) as row,
    ):
        parts = list(row.lines.order_by("line_id"))
        _require_whole(row, parts, results)
        lines = {line.pk: line for line in locked_lines(order)}
        for part in parts:
            found = results[part.line_id]
            part.line = lines[part.line_id]
            part.sellable, part.damaged = found.sellable, found.damaged
            part.missing = found.missing
            part.line.returned += part.came_back
        take_back_stock(returned=[_taken_back(row, part) for part in parts])
        history.update_rows(parts, step=INSPECT.name)
        history.update_rows([part.line for part in parts], step=INSPECT.name)
        row.inspected_at = changes.moment()
    return row


def _taken_back(row: Return, part: ReturnLine) -> TakenBack:
    assert row.location_id is not None, "a received return knows where it is"
    return TakenBack(
        part.line.product_id, row.location_id, part.sellable, part.damaged, CAUSE, row.uuid
    )


def _require_whole(row: Return, parts: list[ReturnLine], results: Mapping[int, Inspected]) -> None:
    """Refuse unless every announced unit is accounted for, once."""
    known = {part.line_id for part in parts}
    for line_id in results:
        if line_id not in known:
            raise NotInThisReturn(number=row, line=line_id)
    for part in parts:
        found = results.get(part.line_id, Inspected())
        numbers = (found.sellable, found.damaged, found.missing)
        if any(type(units) is not int or units < 0 for units in numbers):
            raise BadValue(field=part.line.sku, problem=_("whole numbers of units are needed."))
        if found.units != part.quantity:
            raise NotAddedUp(
                sku=part.line.sku,
                sellable=found.sellable,
                damaged=found.damaged,
                missing=found.missing,
                units=part.quantity,
            )


def _key(location_id: int | str | None) -> int | None:
    """Return a location's key as a form or a program gives it."""
    if location_id in (None, ""):
        return None
    try:
        return int(location_id)
    except ValueError:
        raise UnknownRow(what=_("stock location"), key=location_id) from None
