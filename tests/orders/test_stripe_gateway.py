"""Stripe by its official library against a stand-in on loopback: every way it answers, or does not."""

from __future__ import annotations

import socket
from decimal import Decimal

import pytest

from orders.integrations.gateway import (
    Approved,
    Declined,
    GatewayDown,
    GatewayTimeout,
    KeyReused,
    UnknownGateway,
    gateway,
    gateway_named,
)
from orders.integrations.stripe_gateway import StripeGateway, from_units, to_units
from tests.orders.stripe_standin import StripeStandIn

BANK = StripeGateway()
SUM = {"amount": Decimal("29.90"), "currency": "EUR"}


@pytest.fixture
def stripe(settings):
    with StripeStandIn() as running:
        settings.STRIPE_API_BASE = running.url
        settings.STRIPE_SECRET_KEY = f"sk_test_{running.url[-5:]}"
        settings.STRIPE_TIMEOUT_SECONDS = 0.7
        yield running


def authorised(key="a", card="pm_card_visa", **more):
    answer = BANK.authorise(key=key, card_token=card, **{**SUM, **more})
    assert isinstance(answer, Approved), answer
    return answer.charge


def captured():
    charge = authorised()
    assert isinstance(BANK.capture(key="c", charge=charge, **SUM), Approved)
    return charge


def test_money_is_reserved_taken_and_given_back(stripe):
    charge = captured()

    refund = BANK.refund(key="r", charge=charge, amount=Decimal("9.90"), currency="EUR")

    assert isinstance(refund, Approved)
    assert refund.charge == charge
    intent = stripe.book.intents[charge]
    assert (intent["amount"], intent["amount_received"], intent["status"]) == (
        2990,
        2990,
        "succeeded",
    )
    assert [refund["amount"] for refund in stripe.book.refunds.values()] == [990]


def test_a_part_is_taken_and_the_rest_is_released(stripe):
    charge = authorised()

    BANK.capture(key="c", charge=charge, amount=Decimal("10.00"), currency="EUR")

    assert stripe.book.intents[charge]["amount_received"] == 1000
    assert isinstance(BANK.void(key="v", charge=charge, **SUM), Declined)


def test_a_reservation_is_released(stripe):
    charge = authorised()

    assert isinstance(BANK.void(key="v", charge=charge, **SUM), Approved)
    assert stripe.book.intents[charge]["status"] == "canceled"


def test_a_token_of_the_old_kind_is_taken_too(stripe):
    assert authorised(card="tok_visa").startswith("pi_")


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("pm_card_chargeDeclined", "card_declined"),
        ("pm_card_authenticationRequired", "authentication_required"),
    ],
)
def test_a_card_that_is_declined_is_declined_in_its_own_words(stripe, card, code):
    answer = BANK.authorise(key="a", card_token=card, **SUM)

    assert isinstance(answer, Declined)
    assert answer.code == code
    assert answer.message.endswith(".")


def test_a_refund_above_what_was_taken_is_declined(stripe):
    charge = captured()

    answer = BANK.refund(key="r", charge=charge, amount=Decimal("30.00"), currency="EUR")

    assert isinstance(answer, Declined)


def test_an_unknown_charge_is_declined(stripe):
    assert isinstance(BANK.capture(key="c", charge="pi_none", **SUM), Declined)


def test_the_same_key_does_it_once_and_gives_the_first_answer(stripe):
    first = authorised("same")

    assert authorised("same") == first
    assert len(stripe.book.intents) == 1


def test_the_same_key_with_another_question_is_a_bug(stripe):
    authorised("same")

    with pytest.raises(KeyReused):
        BANK.authorise(key="same", card_token="pm_card_visa", amount=Decimal(1), currency="EUR")


@pytest.mark.parametrize(
    "mishap", ["drop_before", "drop_after", "rubbish", "half", "slow", "500", "busy"]
)
def test_an_answer_that_is_lost_or_rubbish_leaves_the_question_open(stripe, mishap):
    stripe.book.mishaps = [mishap]

    with pytest.raises(GatewayTimeout):
        BANK.authorise(key="lost", card_token="pm_card_visa", **SUM)

    # Asked again with the same key it is done once, whatever happened the first time.
    assert authorised("lost") == "pi_000001"
    assert len(stripe.book.intents) == 1


@pytest.mark.parametrize("mishap", ["401", "429"])
def test_a_question_that_stripe_does_not_take_was_not_carried_out(stripe, mishap):
    stripe.book.mishaps = [mishap]

    with pytest.raises(GatewayDown):
        BANK.authorise(key="a", card_token="pm_card_visa", **SUM)

    assert not stripe.book.intents


def test_a_dead_line_sends_nothing(stripe, settings):
    with socket.socket() as held:
        # Bound and not listening: whoever connects is turned away.
        held.bind(("127.0.0.1", 21_999))
        settings.STRIPE_API_BASE = "http://127.0.0.1:21999"

        with pytest.raises(GatewayDown):
            BANK.authorise(key="a", card_token="pm_card_visa", **SUM)


def test_without_a_key_nothing_is_sent(settings):
    settings.STRIPE_SECRET_KEY = ""

    with pytest.raises(GatewayDown):
        BANK.refund(key="r", charge="pi_1", **SUM)


def test_what_stripe_itself_does_not_know_yet_stays_open(stripe):
    with pytest.raises(GatewayTimeout):
        BANK.authorise(key="a", card_token="pm_slow_bank", **SUM)


def test_an_authorisation_is_found_by_its_key(stripe):
    charge = authorised("mine")

    found = BANK.lookup(key="mine")

    assert isinstance(found, Approved)
    assert found.charge == charge
    assert BANK.lookup(key="never") is None
    assert BANK.lookup(key="' OR 1") is None


@pytest.mark.django_db(transaction=True)
def test_stripe_is_never_asked_inside_a_transaction(stripe):
    from django.db import transaction

    with transaction.atomic(), pytest.raises(RuntimeError, match="transactions"):
        BANK.refund(key="r", charge="pi_1", **SUM)


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [("29.90", "EUR", 2990), ("500", "JPY", 500), ("1.25", "KWD", 1250), ("0.07", "usd", 7)],
)
def test_money_is_counted_in_the_currencys_own_units(amount, currency, units):
    assert to_units(Decimal(amount), currency) == units
    assert from_units(units, currency) == Decimal(amount)


def test_a_charge_belongs_to_the_gateway_that_made_it(settings):
    settings.PAYMENT_GATEWAY = "orders.integrations.stripe_gateway.StripeGateway"

    assert gateway().name == "stripe"
    assert gateway_named("sandbox").name == "sandbox"
    with pytest.raises(UnknownGateway, match="no longer set up"):
        gateway_named("adyen")
