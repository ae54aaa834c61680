"""Merging: two pending orders of one customer become one, and nothing costs more or less by it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history, steps
from backoffice.models import User
from backoffice.refused import Refused
from backoffice.steps import taking
from catalog.services.reallocation import Allotment, reallocate_stock
from orders.discounts import LONGEST_REASON_CHARS
from orders.models import Cancellation, Order, OrderLine, OrderNote
from orders.services.lines import CAUSE, add_up, locked_lines
from orders.services.notes import LONGEST_NOTE_CHARS
from orders.states import ORDER_FLOW, TAKE_OVER

MERGE = ORDER_FLOW["merge"]


class SameOrder(Refused):
    sentence = _("An order is not merged with itself.")
    hint = _("Choose another one of the customer.")


class OtherCustomer(Refused):
    """facts: one, other (the orders)."""

    sentence = _("{one} and {other} are of different customers.")
    http_status = 409


class TwoCurrencies(Refused):
    """facts: one, other (the orders)."""

    sentence = _("{one} and {other} are in different currencies.")
    http_status = 409


def merge_orders(
    *,
    keep_id: int,
    absorb_id: int,
    by: User,
    reason: str,
    keep_version: int | None = None,
    absorb_version: int | None = None,
) -> Order:
    """Let one pending order take over the lines of another of the same customer.

    Prices, line discounts and both orders' discounts stay, as amounts; the kept order's shipping
    fee is the only one. Lines of one product at one price add up. The absorbed order ends as
    cancelled, “merged”, and points to the kept one.
    Refuses: what `taking` refuses of either; SameOrder; OtherCustomer; TwoCurrencies; ClaimOpen;
    of the absorbed order: OrderHeld; MoneyMoved; NotEnoughStock when no place has all of a line.
    Atomic: locks both orders in key order, their lines, their stock levels in order; promises go
    over in one step, so that nobody takes a unit in between.
    """
    if keep_id == absorb_id:
        raise SameOrder
    with transaction.atomic():
        steps.lock(MERGE, [keep_id, absorb_id])
        with (
            taking(MERGE, absorb_id, by=by, reason=reason, version=absorb_version) as absorbed,
            taking(TAKE_OVER, keep_id, by=by, reason=reason, version=keep_version) as kept,
        ):
            _require_kin(kept, absorbed)
            lines = locked_lines(kept, absorbed)
            ours = [line for line in lines if line.order_id == kept.pk]
            theirs = [line for line in lines if line.order_id == absorbed.pk]
            _take_over_lines(kept, ours, theirs)
            _take_over_sums(kept, absorbed, ours)
            _carry_notes(kept, absorbed)
            _close(absorbed, kept, reason)
    return kept


@ORDER_FLOW.verb("merge")
def merge_into(
    *, order_id: int, into_id: int, by: User, reason: str, version: int | None = None
) -> Order:
    """Merge an order into another one: `merge_orders`, seen from the order that ends."""
    return merge_orders(
        keep_id=into_id, absorb_id=order_id, by=by, reason=reason, absorb_version=version
    )


def merge_candidates(order: Order) -> QuerySet[Order]:
    """Return the customer's other pending orders in the same currency, oldest first."""
    found: QuerySet[Order] = (
        Order.objects.filter(customer=order.customer_id, status="pending", currency=order.currency)
        .exclude(pk=order.pk)
        .oldest_first()
    )
    return found


def _require_kin(kept: Order, absorbed: Order) -> None:
    if kept.customer_id != absorbed.customer_id:
        raise OtherCustomer(one=absorbed, other=kept)
    if kept.currency != absorbed.currency:
        raise TwoCurrencies(one=absorbed, other=kept)


def _take_over_lines(kept: Order, ours: list[OrderLine], theirs: Sequence[OrderLine]) -> None:
    """Move quantities and promises; `ours` is added to. Refuses: NotEnoughStock."""
    wanted = {line.uuid: line.committed for line in ours}
    for line in theirs:
        units = line.quantity - line.cancelled
        twin = next((one for one in ours if _is_twin(one, line)), None)
        if twin is not None:
            twin.quantity += units
            wanted[twin.uuid] += line.committed
        elif units:
            new = _copy(line, kept, units)
            ours.append(new)
            wanted[new.uuid] = line.committed
    places = reallocate_stock(
        allotments=[
            *(_allotment(line, 0) for line in theirs),
            *(_allotment(line, wanted[line.uuid]) for line in ours),
        ]
    )
    for line in ours:
        line.committed, line.location_id = wanted[line.uuid], places[line.uuid]
    for line in theirs:
        line.cancelled += line.committed
        line.committed = 0
    history.insert_rows([line for line in ours if line._state.adding], step=TAKE_OVER.name)
    history.update_rows(ours, step=TAKE_OVER.name)
    history.update_rows(theirs, step=MERGE.name)


def _is_twin(one: OrderLine, other: OrderLine) -> bool:
    """Tell whether two lines may become one without a cent going astray."""
    is_plain = not (one.discount or other.discount)
    same = one.product_id == other.product_id and one.unit_price == other.unit_price
    return is_plain and same


def _copy(line: OrderLine, kept: Order, units: int) -> OrderLine:
    return OrderLine(
        order=kept,
        product_id=line.product_id,
        location_id=line.location_id,
        sku=line.sku,
        name=line.name,
        unit_price=line.unit_price,
        quantity=units,
        discount=min(line.discount, line.unit_price * units),
        discount_percent=line.discount_percent,
        discount_reason=line.discount_reason,
    )


def _allotment(line: OrderLine, wanted: int) -> Allotment:
    return Allotment(line.product_id, line.committed, line.location_id, wanted, CAUSE, line.uuid)


def _take_over_sums(kept: Order, absorbed: Order, lines: Sequence[OrderLine]) -> None:
    """Add up discounts as amounts: a share of one order was never promised for the other."""
    kept.discount += absorbed.discount
    kept.discount_percent = None
    reasons = dict.fromkeys(filter(None, (kept.discount_reason, absorbed.discount_reason)))
    kept.discount_reason = "; ".join(reasons)[:LONGEST_REASON_CHARS]
    kept.tax += absorbed.tax
    add_up(kept, lines)


def _carry_notes(kept: Order, absorbed: Order) -> None:
    """Copy what colleagues told each other: whoever packs the parcel reads one order only."""
    OrderNote.objects.bulk_create(
        OrderNote(
            order=kept,
            author=note.author,
            body=f"{absorbed} · {note.author}: {note.body}"[:LONGEST_NOTE_CHARS],
            change_set=changes.require(),
            at=changes.moment(),
        )
        for note in absorbed.notes.select_related("author").order_by("pk")
    )


def _close(absorbed: Order, kept: Order, reason: str) -> None:
    absorbed.merged_into = kept
    absorbed.cancelled_at = changes.moment()
    Cancellation.objects.create(
        order=absorbed,
        reason_code="merged",
        note=reason,
        is_restocked=False,
        is_refunded=False,
        is_notified=False,
        change_set=changes.require(),
        at=changes.moment(),
    )
