"""Capture and void beside the flow: whole or part, one charge or all."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice.refused import BadValue, NotAllowed, ReasonMissing, StepNotOpen
from orders import services
from orders.guards import ClaimOpen, NothingToCapture
from orders.models import Payment, SandboxCharge
from orders.refusals import PaymentDeclined, PaymentInDoubt
from orders.services.payments import MoreThanAuthorised
from tests.orders.factories import OrderFactory, boss, click, fresh, pay

pytestmark = pytest.mark.django_db


def capture(order, by, **more):
    with click(by):
        return services.capture_payment(order_id=order.pk, by=by, **{"reason": "", **more})


def void(order, by, **more):
    with click(by):
        return services.void_payment(order_id=order.pk, by=by, **{"reason": "Not needed", **more})


def authorised(card="tok_visa"):
    return pay(OrderFactory(), card=card)


def two_cards():
    order = OrderFactory()
    pay(order, amount=Decimal("10.00"))
    pay(order)
    return order


def test_capture_takes_all_that_is_authorised(finance):
    order = authorised()

    capture(order, finance)

    after = fresh(order)
    assert (after.facts.captured, after.facts.authorised) == (order.total, 0)
    assert after.status == "pending"
    assert (order.history.first().step, order.history.first().change_set.action) == (
        "capture_payment", "orders.capture_payment",
    )  # fmt: skip


def test_capture_of_a_part_releases_the_rest_of_that_card(finance):
    order = authorised()

    capture(order, finance, amount=Decimal("10.00"))

    facts = fresh(order).facts
    assert (facts.captured, facts.authorised, facts.due) == (10, 0, Decimal("19.90"))
    assert facts.payment_state(order.total) == "partly_paid"


def test_capture_takes_the_oldest_card_first_and_may_name_one(finance):
    order = two_cards()
    first, second = (charge.charge for charge in fresh(order).facts.charges)

    capture(order, finance, charge=second)
    assert fresh(order).facts.captured == Decimal("19.90")
    capture(order, finance)

    assert fresh(order).facts.captured == order.total
    charges = SandboxCharge.objects.filter(operation="capture").order_by("pk")
    assert [row.charge for row in charges] == [second, first]


@pytest.mark.parametrize(
    ("amount", "refusal"),
    [
        (Decimal("29.91"), MoreThanAuthorised),
        (Decimal(0), BadValue),
        (Decimal(-1), BadValue),
        (Decimal("0.001"), BadValue),
        (Decimal("NaN"), BadValue),
    ],
)
def test_capture_refuses_what_is_no_amount_or_too_much(finance, amount, refusal):
    order = authorised()

    with pytest.raises(refusal):
        capture(order, finance, amount=amount)

    assert fresh(order).facts.captured == 0


def test_capture_refuses_a_charge_that_is_not_open(finance):
    with pytest.raises(BadValue):
        capture(authorised(), finance, charge="ch_of_nobody")


def test_capture_and_void_refuse_an_order_without_a_reservation(finance):
    order = OrderFactory()

    with pytest.raises(NothingToCapture):
        capture(order, finance)
    with pytest.raises(NothingToCapture):
        void(order, finance)


def test_capture_refuses_a_cancelled_order(finance):
    with pytest.raises(StepNotOpen):
        capture(OrderFactory(status="cancelled"), finance)


def test_void_releases_what_is_authorised(finance):
    order = authorised()

    void(order, finance)

    facts = fresh(order).facts
    assert (facts.authorised, facts.captured) == (0, 0)
    assert Payment.objects.filter(kind="voided").count() == 1
    assert order.history.first().step == "void_payment"


def test_void_of_one_card_leaves_the_other(finance):
    order = two_cards()
    first = fresh(order).facts.charges[0].charge

    void(order, finance, charge=first)

    assert fresh(order).facts.authorised == Decimal("19.90")


def test_void_asks_for_a_reason(finance):
    with pytest.raises(ReasonMissing):
        void(authorised(), finance, reason=" ")


@pytest.mark.parametrize("role", ["support", "fulfilment", "merchandiser", "auditor", "admin"])
@pytest.mark.parametrize("verb", [capture, void])
def test_roles_without_the_permission_are_refused(verb, role, make_user):
    with pytest.raises(NotAllowed):
        verb(authorised(), make_user(role))


def test_a_declined_capture_leaves_the_order_as_it_was(finance):
    order = authorised("tok_capture_declined")

    with pytest.raises(PaymentDeclined):
        capture(order, finance)

    assert (fresh(order).facts.claim, fresh(order).facts.captured) == (None, 0)


@pytest.mark.parametrize(
    ("verb", "card"), [(capture, "tok_capture_timeout"), (void, "tok_return_timeout")]
)
def test_a_lost_answer_is_settled_by_the_machine(verb, card, finance):
    order = authorised(card)
    with pytest.raises(PaymentInDoubt):
        verb(order, finance)
    with pytest.raises(ClaimOpen):
        verb(order, finance)

    services.settle_in_doubt(intent_id=fresh(order).facts.claim.pk, by=None)

    after = fresh(order)
    assert (after.facts.claim, after.facts.authorised) == (None, 0)
    row = order.history.first()
    assert (row.step, row.change_set.actor) == (verb.__name__ + "_payment", finance)


def test_capturing_first_and_processing_then_takes_nothing_twice(finance, support):
    order = authorised()
    capture(order, finance)

    with click(support):
        services.process_order(order_id=order.pk, by=boss(), reason="")

    after = fresh(order)
    assert (after.status, after.facts.captured) == ("processing", order.total)
    assert SandboxCharge.objects.filter(operation="capture").count() == 1
