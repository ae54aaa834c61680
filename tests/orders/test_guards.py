"""Guards are pure: they look at one loaded order, ask the database nothing, and say a sentence."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from backoffice.models import User
from orders import guards
from orders.facts import ChargeFacts, OrderFacts
from orders.models import Order, PaymentIntent
from orders.states import ORDER_FLOW


def order_with(total="100.00", *, held="", merged_into=None, **facts):
    order = Order(
        pk=7,
        total=Decimal(total),
        currency="EUR",
        is_held=bool(held),
        hold_reason=held,
        status="pending",
        number="SO-10007-5",
        merged_into=merged_into,
    )
    order.facts = OrderFacts(**facts)
    return order


def claim():
    return PaymentIntent(
        step="cancel", operation="refund", claimed_at=timezone.now(), by=User(first_name="Nora")
    )


HUNDRED = Decimal(100)
CASES = [
    (guards.has_lines, {"ordered_units": 0}, "order_empty"),
    (guards.has_lines, {"ordered_units": 1}, None),
    (guards.not_held, {"held": "address unclear"}, "order_held"),
    (guards.not_held, {}, None),
    (guards.is_held, {}, "order_not_held"),
    (guards.is_held, {"held": "address unclear"}, None),
    (guards.is_covered, {}, "payment_missing"),
    (guards.is_covered, {"authorised": Decimal("99.99")}, "payment_missing"),
    (guards.is_covered, {"authorised": HUNDRED}, None),
    (guards.is_covered, {"authorised": Decimal(60), "captured": Decimal(40)}, None),
    (guards.is_covered, {"captured": HUNDRED, "refunded": Decimal(1)}, "payment_missing"),
    (guards.is_covered, {"authorised": HUNDRED, "doubtful": HUNDRED}, None),
    (guards.is_not_covered, {"authorised": HUNDRED}, "payment_present"),
    (guards.is_not_covered, {"authorised": HUNDRED, "doubtful": HUNDRED}, None),
    (guards.is_not_covered, {}, None),
    (guards.is_paid, {"authorised": HUNDRED}, "not_fully_paid"),
    (guards.is_paid, {"captured": HUNDRED}, None),
    (guards.is_not_paid, {"captured": HUNDRED}, "already_paid"),
    (guards.is_not_paid, {"authorised": HUNDRED}, None),
    (guards.all_shipped, {"ordered_units": 3, "shipped_units": 2}, "not_fully_shipped"),
    (guards.all_shipped, {"ordered_units": 3, "shipped_units": 2, "cancelled_units": 1}, None),
    (guards.has_open_units, {"ordered_units": 3, "shipped_units": 3}, "nothing_to_ship"),
    (guards.has_open_units, {"ordered_units": 3}, None),
    (guards.nothing_shipped, {"shipped_units": 1}, "already_shipped"),
    (guards.nothing_shipped, {"ordered_units": 3}, None),
    (guards.has_loose_units, {"committed_units": 3, "packed_units": 3}, "nothing_loose"),
    (guards.has_loose_units, {"ordered_units": 3}, "nothing_promised"),
    (guards.has_loose_units, {"committed_units": 3, "packed_units": 2}, None),
    (guards.nothing_packed, {"packed_units": 2}, "still_packed"),
    (guards.nothing_packed, {"committed_units": 2}, None),
    (guards.no_claim, {}, None),
    (guards.has_no_money, {"authorised": HUNDRED}, "money_moved"),
    (guards.has_no_money, {"captured": HUNDRED}, "money_moved"),
    (guards.has_no_money, {}, None),
    (guards.not_merged, {"merged_into": Order(pk=8, number="SO-10008-3")}, "order_merged"),
    (guards.not_merged, {}, None),
    (guards.has_money_left, {"captured": HUNDRED, "refunded": HUNDRED}, "nothing_to_refund"),
    (guards.has_money_left, {"captured": HUNDRED, "received": HUNDRED}, None),
    (guards.has_authorised, {"captured": HUNDRED}, "nothing_to_capture"),
    (guards.has_authorised, {"authorised": HUNDRED}, None),
]


@pytest.mark.row("G4")
@pytest.mark.parametrize(("guard", "facts", "code"), CASES)
def test_a_guard_says_why_and_asks_no_database(guard, facts, code, django_assert_num_queries, db):
    order = order_with(**facts)

    with django_assert_num_queries(0):
        refusal = guard(order)
        sentence = str(refusal)

    assert (refusal.code if refusal else None) == code
    assert "{" not in sentence


def test_an_open_claim_names_the_step_and_who(django_assert_num_queries, db):
    order = order_with(claim=claim())

    with django_assert_num_queries(0):
        refusal = guards.no_claim(order)

    assert refusal.code == "claim_open"
    assert "“Cancel” by Nora, since" in refusal.message


def test_every_guard_of_the_flow_is_tried_here():
    tried = {guard for guard, _facts, _code in CASES} | {guards.no_claim}

    used = {guard for step in ORDER_FLOW.steps.values() for guard in step.guards}

    assert used <= tried


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({}, "unpaid"),
        ({"authorised": HUNDRED}, "authorised"),
        ({"captured": Decimal(40)}, "partly_paid"),
        ({"captured": HUNDRED}, "paid"),
        ({"captured": HUNDRED, "refunded": Decimal(40)}, "partly_refunded"),
        ({"captured": HUNDRED, "refunded": HUNDRED}, "refunded"),
        # A refund that lowers what is due leaves the rest paid; one that did not leaves it due.
        ({"captured": HUNDRED, "refunded": Decimal(10), "lowered": Decimal(10)}, "partly_refunded"),
        ({"captured": HUNDRED, "refunded": HUNDRED, "lowered": HUNDRED}, "refunded"),
        ({"captured": Decimal(50), "refunded": Decimal(10), "lowered": Decimal(10)}, "partly_paid"),
        # Cancelled, refunded and reopened: what went back belongs to another try.
        ({"captured": HUNDRED, "refunded": HUNDRED, "past": HUNDRED}, "unpaid"),
        # Reopened, and paid once more: what went back before does not make it less paid.
        ({"captured": Decimal(200), "refunded": HUNDRED}, "paid"),
        ({"captured": HUNDRED, "refunded": HUNDRED, "authorised": HUNDRED}, "authorised"),
    ],
)
def test_the_payment_axis_is_computed_from_the_money(facts, state):
    assert OrderFacts(**facts).payment_state(HUNDRED) == state


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({"ordered_units": 3}, "unfulfilled"),
        ({"ordered_units": 3, "shipped_units": 1}, "partly"),
        ({"ordered_units": 3, "shipped_units": 3}, "fulfilled"),
    ],
)
def test_the_fulfilment_axis_is_computed_from_the_units(facts, state):
    assert OrderFacts(**facts).fulfilment_state == state


def test_a_charge_is_open_for_what_is_neither_captured_nor_voided():
    charge = ChargeFacts("ch_1", authorised=HUNDRED, captured=Decimal(60), voided=Decimal(40))

    assert (charge.open, charge.returnable) == (0, 60)
