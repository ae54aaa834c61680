"""Refunding: money goes back to where it came from, then what hangs on it follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice import approvals, changes, history, steps
from backoffice.models import User
from backoffice.refused import BadValue, ReasonMissing, UnknownRow
from backoffice.steps import Outcome
from catalog.services.allocation import Held, release_stock
from orders.facts import ZERO, load_facts
from orders.models import Order, PaymentIntent, Refund, RefundLine
from orders.services import claims
from orders.services.bulk import one_by_one
from orders.services.ledger import BY_HAND
from orders.services.lines import CAUSE, locked_lines
from orders.services.messages import queue_message
from orders.services.moves import Move
from orders.services.parcels import packed_units
from orders.services.refund_plan import Plan, plan_refund
from orders.services.returns.due import require_due
from orders.services.returns.settling import close_if_settled
from orders.states import ORDER_FLOW, REFUND_REASONS

Operation = PaymentIntent.Operation
REFUND = ORDER_FLOW["refund"]


@dataclass(frozen=True)
class RefundUnits:
    """Whole units of an order line that are refunded."""

    line_id: int
    quantity: int


Units = Sequence[RefundUnits] | Mapping[int, int]


@ORDER_FLOW.verb("refund")
def refund_order(  # noqa: PLR0913  (what a refund can be told is the trade's, not ours)
    *,
    order_id: int,
    by: User,
    reason_code: str,
    reason: str,
    lines: Units = (),
    shipping: Decimal = ZERO,
    amount: Decimal | None = None,
    restock: bool = False,
    notify: bool = True,
    return_id: int | None = None,
    version: int | None = None,
) -> Order:
    """Give money back: for units, for shipping, as an amount, or all that is left.

    reason_code: a key of REFUND_REASONS. lines: units that are paid back (`RefundUnits`, or units
    by line). shipping: what of the shipping fee. amount: None is the worth of both; without them,
    everything that is left. restock: units among them that have not left the house are taken off
    the order and released, once the money has gone back. return_id: the return that it is for.
    Refuses: what `taking` refuses; ClaimOpen; NothingToRefund; MoreThanLeft; MoreUnitsThanLeft;
    MoreShippingThanLeft; BadValue; ApprovalAsked above a four-eyes rule; PaymentDeclined (the
    order is as it was); PartlyReturned and PaymentInDoubt (it stays reserved); ServiceUnavailable.
    Moves money: claim, call, settle for each charge, oldest first; what did not come through a
    gateway is noted, to be transferred by hand. Then in one transaction the refunded lines, the
    stock, one history row and the letter. Call it outside of a transaction.
    """
    require_reason_code(reason_code)
    units = _units_of(lines)
    work = _Work(
        units=units,
        shipping=shipping,
        amount=amount,
        said={
            "reason_code": reason_code,
            "restock": restock,
            "notify": notify,
            "return_id": return_id,
        },
    )
    if not claims.begun(REFUND, [order_id]):
        _pass_the_gate(work, order_id, by=by, reason=reason, version=version)
    return claims.take(
        REFUND,
        order_id,
        by=by,
        reason=reason,
        version=version,
        answers=work.answers,
        plan=work.moves,
    )


@ORDER_FLOW.verb("refund", many=True)
def refund_orders(
    *,
    order_ids: Sequence[int],
    by: User,
    reason_code: str,
    reason: str,
    restock: bool = False,
    notify: bool = True,
) -> Outcome[Order]:
    """Give back all that is left of each order; what one refuses stops no other.

    Refuses: ReasonMissing; BadValue; per order what `refund_order` refuses, ApprovalAsked too.
    Moves money: each order in its own claim. Call it outside of a transaction.
    """
    require_reason_code(reason_code)
    return one_by_one(
        order_ids,
        lambda order_id: refund_order(
            order_id=order_id,
            by=by,
            reason_code=reason_code,
            reason=reason,
            restock=restock,
            notify=notify,
        ),
    )


def require_reason_code(reason_code: str) -> None:
    if not reason_code:
        raise ReasonMissing(step=REFUND.label, hint=_("Choose one from the list."))
    if reason_code not in dict(REFUND_REASONS):
        raise BadValue(field=_("Reason"), problem=_("choose one from the list."))


# --- Once it is asked for --------------------------------------------------------------------


class _Work:
    """One refund on its way: what was asked for, and what it comes to under the lock."""

    def __init__(
        self,
        *,
        units: Mapping[int, int],
        shipping: Decimal,
        amount: Decimal | None,
        said: Mapping[str, Any],
    ) -> None:
        self.units, self.shipping, self.amount, self.said = units, shipping, amount, said
        self._plan: Plan | None = None

    def plan(self, order: Order) -> Plan:
        plan = plan_refund(order, self.units, shipping=self.shipping, amount=self.amount)
        if (return_id := self.said["return_id"]) is not None:
            # What was asked for as shipping: a fee may have made the plan's own part of it smaller.
            require_due(order, return_id, plan.sum.amount - self.shipping)
        return plan

    def answers(self, order: Order) -> dict[str, Any]:
        """Return what the finisher needs, as the claim keeps it."""
        self._plan = self.plan(order)
        by_hand = self._plan.by_hand
        return {
            **self.said,
            "amount": str(self._plan.sum.amount),
            "lines": [[s.line_id, s.quantity, str(s.amount)] for s in self._plan.sum.lines],
            "by_hand": by_hand.as_json() if by_hand else None,
        }

    def moves(self, order: Order) -> list[Move]:
        assert self._plan is not None, "answers come first"
        return self._plan.moves

    def arguments(self, order_id: int) -> dict[str, Any]:
        """Return the verb's keywords as JSON holds them, for an approved run."""
        return {
            **self.said,
            "order_id": order_id,
            "lines": [[line_id, quantity] for line_id, quantity in self.units.items()],
            "shipping": str(self.shipping),
            "amount": None if self.amount is None else str(self.amount),
        }


# --- Four eyes ----------------------------------------------------------------------------------


def _pass_the_gate(
    work: _Work, order_id: int, *, by: User, reason: str, version: int | None
) -> None:
    """Refuse what can be refused at once, then ask a second person where a rule says so."""
    order = Order.objects.filter(pk=order_id).first()
    if order is None:
        raise UnknownRow(what=REFUND.flow.model_name, key=order_id)
    load_facts([order])
    steps.check(REFUND, order, by=by, version=version)
    plan = work.plan(order)
    approvals.gate(
        action=REFUND.action,
        measure=plan.sum.amount,
        currency=order.currency,
        subject=order,
        arguments=work.arguments(order_id),
        by=by,
        reason=reason,
        plan=[
            (_("Refund"), f"{plan.sum.amount:,.2f} {order.currency}"),
            (_("Left afterwards"), f"{order.facts.returnable - plan.sum.amount:,.2f}"),
            (_("Order total"), f"{order.total:,.2f} {order.currency}"),
            (_("Units"), sum(share.quantity for share in plan.sum.lines) or "–"),
            (_("Reason"), dict(REFUND_REASONS)[work.said["reason_code"]]),
        ],
    )


def _refund_approved(
    *, lines: Sequence[Sequence[int]], shipping: str, amount: str | None, **rest: Any
) -> Order:
    """Run what was approved: the very verb, from what the approval kept."""
    return refund_order(
        lines=[RefundUnits(line_id, quantity) for line_id, quantity in lines],
        shipping=Decimal(shipping),
        amount=None if amount is None else Decimal(amount),
        **rest,
    )


approvals.action(REFUND.action, label=REFUND.label, unit="money", verb=_refund_approved)


# --- Once the money has gone back ---------------------------------------------------------------


@claims.finisher(REFUND.name, is_binding=True)
def _refund(order_id: int, /, *, by: User, reason: str, answers: Mapping[str, Any]) -> Order:
    with claims.finishing(REFUND, order_id, by=by, reason=reason) as order:
        if answers["by_hand"]:
            _note_transfer(order, Move.from_json(answers["by_hand"]), reason, answers)
        units = {line_id: quantity for line_id, quantity, _amount in answers["lines"]}
        last = order.refunds.order_by("-pk").first()
        RefundLine.objects.bulk_create(
            RefundLine(refund=last, line_id=line_id, quantity=quantity, amount=Decimal(amount))
            for line_id, quantity, amount in answers["lines"]
        )
        if answers["restock"]:
            _take_off(order, units)
        if answers["notify"] and order.number is not None:
            made = list(order.refunds.filter(change_set=changes.require()))
            queue_message(order=order, template="refunded", by=by, context={"refunds": made})
    if answers["return_id"] is not None:
        close_if_settled(answers["return_id"], by=by)
    return order


def _note_transfer(order: Order, move: Move, reason: str, answers: Mapping[str, Any]) -> None:
    Refund.objects.create(
        order=order,
        amount=move.amount,
        currency=order.currency,
        shipping_amount=move.shipping,
        lowers_due_by=move.lowers_due_by,
        of_return_id=answers["return_id"],
        reason_code=answers["reason_code"],
        note=f"{reason} {BY_HAND}".strip(),
        is_by_hand=True,
        change_set=changes.require(),
        at=changes.moment(),
    )


def _take_off(order: Order, units: Mapping[int, int]) -> None:
    """Take refunded units that have not left the house off the order; their stock is free again.

    What was promised no stock goes first: it could not be sent anyway. Packed units stay.
    """
    lines = [line for line in locked_lines(order) if units.get(line.pk)]
    packed = packed_units(lines)
    held = []
    for line in lines:
        inside = line.quantity - line.shipped - line.cancelled
        off = min(units[line.pk], inside - packed.get(line.pk, 0))
        promised = max(off - (inside - line.committed), 0)
        if promised:
            assert line.location_id is not None, "a committed line knows where its stock lies"
            held.append(Held(line.product_id, line.location_id, promised, CAUSE, line.uuid))
            line.committed -= promised
        line.cancelled += off
    if held:
        release_stock(held=held)
    history.update_rows(lines, step=REFUND.name)


def _units_of(lines: Units) -> dict[int, int]:
    """Return units by line; a line that is named twice counts together."""
    pairs = (
        lines.items() if isinstance(lines, Mapping) else ((x.line_id, x.quantity) for x in lines)
    )
    units: dict[int, int] = {}
    for line_id, quantity in pairs:
        units[line_id] = units.get(line_id, 0) + quantity
    return units
