"""Steps that move money: claim, call, settle over PaymentIntents. Nothing else calls a gateway.

claim: a transaction that locks and checks the order and reserves it (one open intent per order).
call: the gateway, outside of every transaction.
settle: a transaction that records what happened, then the next claim, or the step itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice import changes, steps
from backoffice.flows import Step
from backoffice.models import User
from backoffice.refused import Refused, ServiceUnavailable, UnknownRow
from orders.guards import ClaimOpen
from orders.integrations.gateway import (
    Answer,
    Approved,
    Declined,
    GatewayDown,
    GatewayTimeout,
    gateway,
    gateway_named,
    require_no_transaction,
)
from orders.models import Order, Payment, PaymentIntent
from orders.refusals import PartlyReturned, PaymentDeclined, PaymentInDoubt
from orders.services.ledger import record_answer, record_decline
from orders.services.moves import Move

Operation = PaymentIntent.Operation
State = PaymentIntent.State


class Finisher(Protocol):
    """Takes the step once its money has moved, inside the settling transaction."""

    def __call__(
        self, order_id: int, /, *, by: User, reason: str, answers: Mapping[str, Any]
    ) -> Order: ...


_finishers: dict[str, Finisher] = {}
# Steps that stay claimed when some of their money has moved and the next piece is declined.
_binding: set[str] = set()


def finisher(step_name: str, *, is_binding: bool = False) -> Callable[[Finisher], Finisher]:
    """Decorator: this function takes the step after its money has moved.

    is_binding: once money has moved, a later decline leaves the order claimed.
    """

    def register(function: Finisher) -> Finisher:
        _finishers[step_name] = function
        if is_binding:
            _binding.add(step_name)
        return function

    return register


def take(
    step: Step,
    order_id: int,
    *,
    by: User,
    reason: str,
    version: int | None = None,
    answers: Mapping[str, Any] | Callable[[Order], Mapping[str, Any]] | None = None,
    plan: Callable[[Order], Sequence[Move]],
) -> Order:
    """Take a step that may move money: claim, call, settle; with nothing to move, at once.

    answers: what else the step's finisher needs, as JSON can hold it, or what works it out from
    the locked order.
    plan: what to ask of the gateway, from the locked order with its facts.
    Refuses: what `steps.taking` refuses; ClaimOpen; PaymentDeclined; PartlyReturned;
    PaymentInDoubt; ServiceUnavailable.
    """
    require_no_transaction()
    steps.require_reason(step, reason)
    if (own := begun(step, [order_id]).get(order_id)) is not None:
        return pursue(own, is_first=False)
    with transaction.atomic(durable=True):
        order = lock_order(step, order_id, by=by, version=version)
        answers = dict(answers(order) if callable(answers) else answers or {})
        steps.say(step, by=by, reason=reason, reason_code=answers.get("reason_code", ""))
        moves = plan(order)
        if not moves:
            return _finishers[step.name](order_id, by=by, reason=reason, answers=answers)
        intent = _claim(
            order,
            moves,
            {"answers": answers, "has_moved": False, "attempts": 0},
            step=step.name,
            by=by,
            reason=reason,
        )
    return pursue(intent)


def begun(step: Step, order_ids: Iterable[int]) -> dict[int, PaymentIntent]:
    """Return the claims that this very change and step left open, by order.

    A worker that was killed half way leaves one: whoever resumes its change pursues it, where
    everybody else is told that the order is being worked on.
    """
    change = changes.current()
    if change is None or not change.is_written:
        return {}
    left = PaymentIntent.objects.filter(
        order__in=list(order_ids),
        step=step.name,
        change_set=change.row(),
        state__in=PaymentIntent.OPEN,
    )
    return {intent.order_id: intent for intent in left.select_related("order", "by")}


@contextmanager
def finishing(step: Step, order_id: int, *, by: User, reason: str) -> Iterator[Order]:
    """Take a step whose money has moved: lock, body, one save, one history row.

    What opened the step was checked at the claim, and the claim kept everybody else out since; its
    guards would object by now (after a whole refund nothing is left to refund).
    """
    with transaction.atomic():
        (order,) = steps.lock(step, [order_id])
        steps.say(step, by=by, reason=reason)
        yield order
        steps.write(step, [order])


def lock_order(step: Step, order_id: int, *, by: User, version: int | None = None) -> Order:
    """Lock an order, load its facts, and refuse unless `by` may take the step on it now."""
    rows = steps.lock(step, [order_id])
    if not rows:
        raise UnknownRow(what=step.flow.model_name, key=order_id)
    order: Order = rows[0]
    steps.check(step, order, by=by, version=version)
    return order


def pursue(intent: PaymentIntent, *, is_first: bool = True) -> Order:
    """Call and settle until nothing is left to move and the step is taken.

    is_first: False when this intent may have reached the gateway before.
    """
    while True:
        settled = settle(intent, _call(intent, is_first=is_first))
        if settled.refusal is not None:
            raise settled.refusal
        if settled.following is None:
            return settled.order
        intent, is_first = settled.following, True


def _claim(
    order: Order,
    moves: Sequence[Move],
    arguments: Mapping[str, Any],
    *,
    step: str,
    by: User,
    reason: str,
) -> PaymentIntent:
    """Reserve the order for the first of `moves`; the others wait in its arguments."""
    try:
        with transaction.atomic():
            return PaymentIntent.objects.create(
                order=order,
                step=step,
                operation=moves[0].operation,
                amount=moves[0].amount,
                currency=order.currency,
                gateway=_bank_of(moves[0]),
                charge=moves[0].charge,
                arguments={**arguments, "moves": [move.as_json() for move in moves]},
                by=by,
                reason=reason,
                change_set=changes.require(),
            )
    except IntegrityError:
        # The lock and the guard come first; the constraint is what holds if either is ever lost.
        rival = PaymentIntent.objects.filter(order=order, state__in=(State.CLAIMED, State.IN_DOUBT))
        if (claim := rival.select_related("by").first()) is None:
            raise
        raise ClaimOpen(step=claim.step_label, who=claim.by, since=claim.claimed_at) from None


def _bank_of(move: Move) -> str:
    """Return the gateway that a move goes to: a charge belongs to the one that made it."""
    if move.charge:
        made = Payment.objects.filter(charge=move.charge, kind=Payment.Kind.AUTHORISED)
        if name := made.values_list("gateway", flat=True).first():
            return gateway_named(name).name
    return gateway().name


def _call(intent: PaymentIntent, *, is_first: bool) -> Answer:
    require_no_transaction()
    try:
        return _send(intent)
    except GatewayTimeout:
        _mark(intent, state=State.IN_DOUBT)
        raise PaymentInDoubt(**_facts_of(intent)) from None
    except GatewayDown:
        # Only a first call that never left proves that nothing moved.
        if is_first and not _is_bound(intent):
            _mark(intent, state=State.NOT_SENT, settled_at=timezone.now())
            raise ServiceUnavailable(service=gateway_named(intent.gateway).label) from None
        raise ServiceUnavailable(
            service=gateway_named(intent.gateway).label,
            hint=_("The order stays reserved; ask the bank again later."),
        ) from None


def _send(intent: PaymentIntent) -> Answer:
    bank, key = gateway_named(intent.gateway), str(intent.uuid)
    amount, currency = intent.amount, intent.currency
    if intent.operation == Operation.AUTHORISE:
        token = intent.arguments["answers"]["card_token"]
        return bank.authorise(key=key, card_token=token, amount=amount, currency=currency)
    ask = {
        Operation.CAPTURE: bank.capture,
        Operation.VOID: bank.void,
        Operation.REFUND: bank.refund,
    }[Operation(intent.operation)]
    return ask(key=key, charge=intent.charge, amount=amount, currency=currency)


def _mark(intent: PaymentIntent, **values: Any) -> None:
    """Write on an intent unless somebody else has settled it meanwhile."""
    PaymentIntent.objects.filter(pk=intent.pk, settled_at=None).update(**values)


def _is_bound(intent: PaymentIntent) -> bool:
    return intent.step in _binding and bool(intent.arguments["has_moved"])


@dataclass(frozen=True)
class Settled:
    """What one settlement led to: the order, the next claim, or why the step ends here."""

    order: Order
    following: PaymentIntent | None = None
    refusal: Refused | None = None


def settle(intent: PaymentIntent, answer: Answer) -> Settled:
    """Record what the gateway answered; then claim the next move, or take the step.

    The step is taken for the original actor in the original change set. What moved is never
    rolled back: if the step is refused by now, the money's facts stand and the refusal is told.
    Whoever settles second finds it done.
    """
    with _change_of(intent), transaction.atomic(durable=True):
        order = Order.objects.select_for_update(of=("self",)).get(pk=intent.order_id)
        intent = (
            PaymentIntent.objects.select_for_update(of=("self",))
            .select_related("by")
            .get(pk=intent.pk)
        )
        if intent.settled_at is not None:
            return Settled(order, refusal=_told(intent))
        moves = [Move.from_json(value) for value in intent.arguments["moves"]]
        arguments = {**intent.arguments, "attempts": 0}
        if isinstance(answer, Approved):
            _close(intent, State.SETTLED, answer.message)
            record_answer(intent, answer)
            arguments["has_moved"] = True
        else:
            _close(intent, State.DECLINED, answer.message)
            record_decline(intent, answer)
            if moves[0].is_needed:
                return Settled(order, refusal=_decline(order, intent, answer))
        if moves[1:]:
            return Settled(order, following=_claim_next(order, intent, moves[1:], arguments))
        return _finish(order, intent)


@contextmanager
def _change_of(intent: PaymentIntent) -> Iterator[None]:
    """Work under the change set of the click that asked; stay in it when it is still open."""
    change = changes.current()
    if change is not None and change.is_written and change.row().pk == intent.change_set_id:
        yield
        return
    with changes.resume(intent.change_set_id):
        yield


def _claim_next(
    order: Order, intent: PaymentIntent, moves: Sequence[Move], arguments: Mapping[str, Any]
) -> PaymentIntent:
    return _claim(order, moves, arguments, step=intent.step, by=intent.by, reason=intent.reason)


def _finish(order: Order, intent: PaymentIntent) -> Settled:
    finish, answers = _finishers[intent.step], intent.arguments["answers"]
    try:
        # A step is atomic itself: its refusal undoes the step, and never what moved before it.
        return Settled(finish(order.pk, by=intent.by, reason=intent.reason, answers=answers))
    except Refused as refusal:
        return Settled(order, refusal=refusal)


def _decline(order: Order, intent: PaymentIntent, answer: Declined) -> Refused:
    """Let the order go, or, when a binding step has moved money, claim it again with a new key."""
    if not _is_bound(intent):
        return PaymentDeclined(words=answer.message, **_facts_of(intent))
    moves = [Move.from_json(value) for value in intent.arguments["moves"]]
    attempts = intent.arguments["attempts"] + 1
    _claim_next(order, intent, moves, {**intent.arguments, "attempts": attempts})
    left = sum(move.amount for move in moves)
    return PartlyReturned(words=answer.message, left=left, **_facts_of(intent))


def _told(intent: PaymentIntent) -> Refused | None:
    """Say to whoever comes second what the first one was told."""
    if intent.state == State.DECLINED:
        return PaymentDeclined(words=intent.answer, **_facts_of(intent))
    return None


def _close(intent: PaymentIntent, state: str, answer: str) -> None:
    intent.state, intent.answer, intent.settled_at = state, answer, timezone.now()
    intent.save(update_fields=["state", "answer", "settled_at"])


def _facts_of(intent: PaymentIntent) -> dict[str, Any]:
    return {
        "operation": intent.get_operation_display(),
        "amount": intent.amount,
        "currency": intent.currency,
    }
