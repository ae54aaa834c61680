from __future__ import annotations

from decimal import Decimal
from functools import partial

import pytest
from django.db import transaction

from backoffice.refused import BadValue
from orders.integrations.gateway import (
    Approved,
    Declined,
    GatewayTimeout,
    KeyReused,
    gateway,
    require_no_transaction,
)
from orders.integrations.sandbox import TEST_CARDS, SandboxGateway, tokenise
from orders.models import SandboxCharge
from orders.numbers import luhn_digit

pytestmark = pytest.mark.django_db

TEN = Decimal(10)
BANK = SandboxGateway()
KNOWN = [
    "4242424242424242",
    "4000000000000002",
    "4000000000009995",
    "4000000000000069",
    "4000000000000127",
    "4000000000000119",
    "4000000000000341",
]


def authorised(token="tok_visa", key="key-auth", amount=TEN):
    answer = BANK.authorise(key=key, card_token=token, amount=amount, currency="EUR")
    assert isinstance(answer, Approved)
    return answer.charge


def on(operation, charge, key, amount=TEN):
    return getattr(BANK, operation)(key=key, charge=charge, amount=amount, currency="EUR")


def test_the_setting_names_the_gateway():
    assert isinstance(gateway(), SandboxGateway)


def test_the_well_known_test_cards_are_there_and_all_numbers_are_well_formed():
    numbers = [card.number for card in TEST_CARDS]

    assert set(KNOWN) <= set(numbers)
    assert len(set(numbers)) == len({card.token for card in TEST_CARDS}) == len(TEST_CARDS)
    assert all(luhn_digit(number[:-1]) == number[-1] for number in numbers)


def test_the_tokeniser_takes_test_cards_however_they_are_typed():
    assert tokenise("4242 4242 4242 4242") == tokenise("4242-4242-4242-4242") == "tok_visa"


def test_the_tokeniser_refuses_a_real_card_without_repeating_it():
    with pytest.raises(BadValue) as refusal:
        tokenise("5555555555554444")

    assert "5555" not in str(refusal.value)


def test_the_same_key_gives_the_first_answer_and_charges_once():
    first = BANK.authorise(key="k", card_token="tok_visa", amount=TEN, currency="EUR")
    second = BANK.authorise(key="k", card_token="tok_visa", amount=TEN, currency="EUR")

    assert first == second
    assert SandboxCharge.objects.count() == 1


@pytest.mark.parametrize(
    "other", [{"amount": Decimal(11)}, {"currency": "USD"}, {"card_token": "tok_declined"}]
)
def test_the_same_key_with_other_content_is_refused(other):
    asked = {"key": "k", "card_token": "tok_visa", "amount": TEN, "currency": "EUR"}
    BANK.authorise(**asked)

    with pytest.raises(KeyReused):
        BANK.authorise(**{**asked, **other})


def test_the_same_key_for_another_operation_is_refused():
    charge = authorised(key="k")

    with pytest.raises(KeyReused):
        on("capture", charge, "k")


@pytest.mark.parametrize("card", TEST_CARDS, ids=lambda card: card.token)
def test_each_card_does_what_the_table_says(card):
    asked = {"card_token": card.token, "amount": TEN, "currency": "EUR"}
    charge = None
    for operation in ("authorise", "capture", "refund"):
        key = f"{card.token}-{operation}"
        call = (
            partial(BANK.authorise, key=key, **asked)
            if operation == "authorise"
            else partial(on, operation, charge, key)
        )
        if operation in (*card.loses_before, *card.loses_after):
            with pytest.raises(GatewayTimeout):
                call()
            done = SandboxCharge.objects.get(key=key).is_done
            assert done is (operation in card.loses_after)
        answer = call()
        if operation in card.declines:
            code, message = card.declines[operation]
            assert answer == Declined(code, message)
            break
        assert isinstance(answer, Approved)
        charge = answer.charge


def test_lookup_tells_what_was_done_for_a_key():
    with pytest.raises(GatewayTimeout):
        BANK.authorise(key="before", card_token="tok_timeout", amount=TEN, currency="EUR")
    with pytest.raises(GatewayTimeout):
        BANK.authorise(key="after", card_token="tok_charged_timeout", amount=TEN, currency="EUR")

    assert BANK.lookup(key="before") is None
    assert isinstance(BANK.lookup(key="after"), Approved)
    assert BANK.lookup(key="never") is None


def test_a_charge_is_captured_once():
    charge = authorised()
    assert isinstance(on("capture", charge, "k1"), Approved)

    assert on("capture", charge, "k2").code == "already_captured"
    assert on("void", charge, "k3").code == "already_captured"


def test_a_voided_charge_is_not_captured():
    charge = authorised()
    assert isinstance(on("void", charge, "k1"), Approved)

    assert on("capture", charge, "k2").code == "charge_voided"


def test_no_more_is_captured_than_authorised_nor_refunded_than_captured():
    charge = authorised()

    assert on("capture", charge, "k1", Decimal(11)).code == "amount_too_large"
    assert on("refund", charge, "k2", Decimal(1)).code == "amount_too_large"
    on("capture", charge, "k3")
    assert isinstance(on("refund", charge, "k4", Decimal(6)), Approved)
    assert on("refund", charge, "k5", Decimal(5)).code == "amount_too_large"
    assert isinstance(on("refund", charge, "k6", Decimal(4)), Approved)


def test_an_unknown_charge_and_a_declined_one_are_refused():
    BANK.authorise(key="k", card_token="tok_declined", amount=TEN, currency="EUR")

    assert on("capture", "ch_nobody", "k1").code == "no_such_charge"
    declined = SandboxCharge.objects.get(key="k").charge
    assert on("capture", declined, "k2").code == "no_such_charge"


def test_the_bank_is_never_asked_inside_a_transaction():
    with pytest.raises(RuntimeError, match="leave the atomic block"), transaction.atomic():
        BANK.authorise(key="k", card_token="tok_visa", amount=TEN, currency="EUR")

    assert not SandboxCharge.objects.exists()
    require_no_transaction()
