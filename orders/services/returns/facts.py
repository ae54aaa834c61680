"""What guards and sums of a return are computed from: its units, its worth, what went back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from backoffice import steps
from backoffice.flows import Step
from backoffice.models import Approval, User
from backoffice.refused import UnknownRow
from orders.facts import CENT, ZERO, is_past, load_facts
from orders.models import Order, OrderLine, Refund, RefundLine, Return, ReturnLine
from orders.services.amounts import LineMoney, net_lines, worth
from orders.states import EXCHANGED, RETURN_FLOW

REFUND_ACTION = "orders.refund"


@dataclass
class ReturnFacts:
    """Loaded once per return; money in its order's currency, quantities in units."""

    announced: int = 0
    sellable: int = 0
    damaged: int = 0
    missing: int = 0
    worth: Decimal = ZERO  # of the units that came back and were not refunded ahead of the return
    refunded: Decimal = ZERO  # for those units, without shipping
    fee: Decimal = ZERO
    credited: Decimal = ZERO  # taken over by its exchange
    left_on_order: Decimal = ZERO  # more than this cannot be refunded for the order at all
    # Units by line key that came back and no refund has named yet, and what they are worth.
    open_units: dict[int, int] = field(default_factory=dict)
    open_worth: dict[int, Decimal] = field(default_factory=dict)
    asked: Approval | None = None  # a refund of it that waits for a second person

    @property
    def came_back(self) -> int:
        return self.sellable + self.damaged

    @property
    def unsettled(self) -> Decimal:
        """What is due before a fee is kept: the most that a fee may be."""
        return max(min(self.worth - self.refunded - self.credited, self.left_on_order), ZERO)

    @property
    def due(self) -> Decimal:
        """What the customer still gets for what came back."""
        return max(min(self.worth - self.fee - self.refunded - self.credited,
                       self.left_on_order), ZERO)  # fmt: skip


@RETURN_FLOW.loader
def load_return_facts(found: Sequence[Return]) -> None:
    """Put `facts` on each return, and its order with its own facts beside it.

    Nine queries or so, however many returns.
    """
    orders = Order.objects.in_bulk({row.order_id for row in found})
    load_facts(list(orders.values()))
    parts = _parts([row.order_id for row in found])
    whole = _whole(orders)
    named = _named_units(parts)
    refunded = _refunded(found)
    asked = _asked(found)
    for row in found:
        row.order = orders[row.order_id]
        facts = row.facts = ReturnFacts(
            fee=row.fee,
            refunded=refunded.get((row.pk, False), ZERO),
            credited=refunded.get((row.pk, True), ZERO),
            left_on_order=row.order.facts.returnable,
            asked=asked.get(row.pk),
        )
        for part in parts[row.pk]:
            facts.announced += part.quantity
            facts.sellable += part.sellable
            facts.damaged += part.damaged
            facts.missing += part.missing
        for part, gone, units in _worthy(row, parts[row.pk], named, parts):
            money = whole[part.line_id]
            value = worth(money.whole, money.units, gone=gone, quantity=units)
            facts.worth += value
            left = units - named[part.line_id].get(row.pk, 0)
            if left > 0:
                facts.open_units[part.line_id] = left
                facts.open_worth[part.line_id] = value


def _parts(order_ids: Sequence[int]) -> dict[int, list[ReturnLine]]:
    """Return the lines of all returns of these orders, by return."""
    found: dict[int, list[ReturnLine]] = defaultdict(list)
    rows = ReturnLine.objects.filter(of_return__order__in=order_ids)
    for part in rows.select_related("line__order").order_by("of_return_id", "line_id"):
        found[part.of_return_id].append(part)
    return found


def _named_units(parts: Mapping[int, list[ReturnLine]]) -> dict[int, dict[int | None, int]]:
    """Return how many units refunds have named: by line, then by return (None: by no return)."""
    found: dict[int, dict[int | None, int]] = defaultdict(dict)
    lines = {part.line_id for of_return in parts.values() for part in of_return}
    refunds = Refund.objects.filter(order__lines__in=lines).exclude(is_past())
    for line_id, return_id, units in (
        RefundLine.objects.filter(line__in=lines, refund__in=refunds.values("pk"))
        .order_by()
        .values_list("line", "refund__of_return")
        .annotate(Sum("quantity"))
    ):
        found[line_id][return_id] = units
    return found


def _worthy(
    row: Return,
    own: Sequence[ReturnLine],
    named: Mapping[int, Mapping[int | None, int]],
    parts: Mapping[int, list[ReturnLine]],
) -> Iterator[tuple[ReturnLine, int, int]]:
    """Yield each part with the units that count before it, and its own that are to be paid back.

    Units that were refunded before they came (a goodwill refund, then the parcel) are paid back
    already; the oldest return is taken to be the one that they were refunded for.
    """
    for part in own:
        ahead = max(named[part.line_id].get(None, 0) - part.line.cancelled, 0)
        earlier = sum(
            other.came_back
            for return_id, of_return in parts.items()
            if return_id < row.pk
            for other in of_return
            if other.line_id == part.line_id
        )
        forgone = min(max(ahead - earlier, 0), part.came_back)
        yield part, part.line.cancelled + max(earlier, ahead), part.came_back - forgone


def _whole(orders: Mapping[int, Order]) -> dict[int, LineMoney]:
    """Return what all units of each line are worth, discounts spread, by line."""
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=orders).order_by("pk"):
        lines[line.order_id].append(line)
    found: dict[int, LineMoney] = {}
    for order_id, of_order in lines.items():
        rows = [(line.pk, line.sku, line.quantity, line.total, 0) for line in of_order]
        order = orders[order_id]
        found |= net_lines(rows, discount=order.discount, tax=order.tax)
    return found


def _refunded(found: Sequence[Return]) -> dict[tuple[int, bool], Decimal]:
    """Return what refunds gave back for each return: by key and whether it was an exchange."""
    rows = Refund.objects.filter(of_return__in=[row.pk for row in found]).order_by()
    sums: dict[tuple[int, bool], Decimal] = defaultdict(Decimal)
    for return_id, code, amount, shipping in rows.values_list("of_return", "reason_code").annotate(
        Sum("amount"), Sum("shipping_amount")
    ):
        sums[return_id, code == EXCHANGED] += (amount - shipping).quantize(CENT)
    return sums


def _asked(found: Sequence[Return]) -> dict[int, Approval]:
    """Return the refunds that wait for a second person, by return."""
    wanted = {row.pk for row in found}
    waiting = Approval.objects.waiting(timezone.now()).filter(
        action=REFUND_ACTION,
        subject_kind=Order._meta.label,
        subject_key__in=[str(row.order_id) for row in found],
    )
    return {
        approval.arguments["return_id"]: approval
        for approval in waiting.select_related("asked_by")
        if approval.arguments.get("return_id") in wanted
    }


def order_of(return_id: int) -> int:
    """Return the order of a return; it never changes. Refuses: UnknownRow."""
    found: int | None = Return.objects.filter(pk=return_id).values_list("order", flat=True).first()
    if found is None:
        raise UnknownRow(what=Return._meta.verbose_name, key=return_id)
    return found


@contextmanager
def locked_return(
    step: Step,
    return_id: int,
    *,
    by: User,
    reason: str,
    version: int | None = None,
) -> Iterator[Any]:
    """Take a step on a return, its order locked before it: the same order of locks for everybody.

    Refuses: what `taking` refuses.
    """
    with transaction.atomic():
        Order.objects.select_for_update(of=("self",), no_key=True).get(pk=order_of(return_id))
        with steps.taking(step, return_id, by=by, reason=reason, version=version) as row:
            yield row
