"""Refunded ≤ captured, whoever writes: the database's own word."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from backoffice import changes
from orders import money_law
from orders.models import Refund
from tests.orders.factories import OrderFactory

pytestmark = pytest.mark.django_db


def write(order, *amounts):
    with transaction.atomic():
        Refund.objects.bulk_create(
            Refund(
                order=order, amount=Decimal(amount), currency="EUR", change_set=changes.require()
            )
            for amount in amounts
        )


def test_the_database_refuses_a_refund_above_what_was_captured():
    order = OrderFactory(status="processing")

    with pytest.raises(IntegrityError, match=money_law.WHY):
        write(order, "29.91")

    write(order, "29.90")


def test_the_database_counts_refunds_that_are_there_and_those_of_the_same_statement():
    order = OrderFactory(status="processing")
    write(order, "20.00")

    with pytest.raises(IntegrityError, match=money_law.WHY):
        write(order, "5.00", "5.00")

    assert Refund.objects.count() == 1


def test_an_authorisation_is_no_money_that_can_go_back():
    from tests.orders.factories import pay

    order = pay(OrderFactory())

    with pytest.raises(IntegrityError, match=money_law.WHY):
        write(order, "0.01")


def test_cents_that_add_up_exactly_are_let_through():
    order = OrderFactory(status="processing")

    write(order, *["0.10"] * 299)

    assert Refund.objects.count() == 299
