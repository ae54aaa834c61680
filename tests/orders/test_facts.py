from __future__ import annotations

from decimal import Decimal

import pytest

from orders import services
from orders.facts import load_facts
from orders.models import Order
from tests.orders.factories import OrderFactory, ProductFactory, boss, click, fresh, pay

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("number", [1, 5])
def test_facts_of_any_number_of_orders_take_six_queries(number, django_assert_num_queries):
    for _ in range(number):
        pay(OrderFactory())
    orders = list(Order.objects.all())

    with django_assert_num_queries(6):
        load_facts(orders)

    assert [order.facts.authorised for order in orders] == [Decimal("29.90")] * number


def test_facts_of_one_order_do_not_leak_into_another():
    paid, unpaid = OrderFactory(status="processing"), OrderFactory()

    assert (fresh(paid).facts.captured, fresh(unpaid).facts.captured) == (paid.total, 0)


def test_facts_keep_cents_exact_where_the_database_adds_up_in_floating_point():
    order = OrderFactory(
        lines=[(ProductFactory(price=Decimal("0.10")), 3)], shipping_fee=Decimal(0)
    )
    with click(boss()):
        for _ in range(3):
            services.record_payment(order_id=order.pk, amount=Decimal("0.10"), by=boss(), reason="")

    facts = fresh(order).facts

    assert str(facts.captured) == "0.30"
    assert facts.payment_state(order.total) == "paid"


def test_money_in_and_back_is_kept_apart_by_charge_and_by_transfer():
    order = OrderFactory()
    with click(boss()):
        services.record_payment(order_id=order.pk, amount=Decimal("9.90"), by=boss(), reason="")
    pay(order)
    with click(boss()):
        services.process_order(order_id=order.pk, by=boss(), reason="")
    assert (fresh(order).facts.received, fresh(order).facts.captured) == (
        Decimal("9.90"),
        order.total,
    )

    with click(boss()):
        services.cancel_order(order_id=order.pk, by=boss(), reason_code="other", reason="")

    facts = fresh(order).facts
    (charge,) = facts.charges
    assert (charge.captured, charge.refunded, charge.returnable) == (20, 20, 0)
    assert (facts.received, facts.refunded, facts.net_paid) == (0, order.total, 0)
