"""Two people who ask the bank again at the same moment: one payment, one step."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection

from backoffice.models import User
from backoffice.refused import Refused
from orders import services
from orders.integrations.gateway import Approved, KeyReused
from orders.integrations.sandbox import SandboxGateway
from orders.models import Payment, SandboxCharge
from orders.services import PaymentInDoubt
from tests.orders.factories import OrderFactory, click, fresh, pay

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ROUNDS = 10


def together(*calls):
    """Run the calls at the same moment, each on its own connection; return what each said."""
    start = threading.Barrier(len(calls))

    def run(call):
        try:
            start.wait(timeout=30)
            return call()
        except (Refused, KeyReused) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_two_who_settle_at_once_record_the_money_once(support, manager):
    for _ in range(ROUNDS):
        order = OrderFactory()
        pay(order, "tok_capture_timeout")
        with pytest.raises(PaymentInDoubt), click(support):
            services.process_order(order_id=order.pk, by=support, reason="")
        intent_id = fresh(order).facts.claim.pk

        def settle(by: User, intent_id: int = intent_id):
            with click(by):
                return services.settle_in_doubt(intent_id=intent_id, by=by).status

        said = together(lambda: settle(support), lambda: settle(manager))

        assert "processing" in said
        assert all(one == "processing" or one.code == "already_settled" for one in said)
        assert Payment.objects.filter(order=order, kind="captured").count() == 1
        assert order.history.filter(step="process").count() == 1


def test_the_sandbox_charges_once_for_one_key_sent_twice_at_once():
    bank = SandboxGateway()
    for number in range(ROUNDS):
        asked = {"key": f"key-{number}", "card_token": "tok_visa", "currency": "EUR"}

        answers = together(
            *[lambda a=asked: bank.authorise(**a, amount=Decimal(10)) for _ in range(3)]
        )

        assert all(isinstance(answer, Approved) for answer in answers)
        assert SandboxCharge.objects.filter(key=asked["key"]).count() == 1
