from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice.refused import ReasonMissing
from catalog import services as catalog
from catalog.models import StockLevel
from catalog.services.allocation import NotEnoughStock
from orders import services
from tests.orders.factories import OrderFactory, ProductFactory, boss, click, fresh, pay

pytestmark = pytest.mark.django_db


def reopen(order, by, reason="customer called"):
    with click(by):
        return services.reopen_order(order_id=order.pk, by=by, reason=reason)


def test_reopen_order_promises_the_stock_again(manager):
    mug = ProductFactory(stock=9)
    order = OrderFactory(status="cancelled", lines=[(mug, 4)])

    reopened = reopen(order, manager)

    assert (reopened.status, reopened.cancelled_at) == ("pending", None)
    line = reopened.lines.get()
    assert (line.committed, line.cancelled) == (4, 0)
    assert StockLevel.objects.get(product=mug).committed == 4


def test_reopen_order_keeps_the_prices_of_the_day_it_was_placed(manager):
    mug = ProductFactory(price=Decimal(10))
    order = OrderFactory(status="cancelled", lines=[(mug, 1)])
    with click(manager):
        catalog.change_price(product_id=mug.pk, price=Decimal(99), by=manager, reason="dearer")

    reopened = reopen(order, manager)

    assert (reopened.number, reopened.total) == (order.number, order.total)


def test_reopen_order_refuses_when_the_stock_is_gone(manager):
    mug = ProductFactory(sku="MUG", stock=4)
    order = OrderFactory(status="cancelled", lines=[(mug, 4)])
    OrderFactory(lines=[(mug, 1)])

    with pytest.raises(NotEnoughStock) as refusal:
        reopen(order, manager)

    assert refusal.value.facts == {"sku": "MUG", "wanted": 4, "free": 3}
    assert fresh(order).status == "cancelled"


def test_reopen_order_needs_a_reason(manager):
    order = OrderFactory(status="cancelled")

    with pytest.raises(ReasonMissing):
        reopen(order, manager, reason="")


def test_reopening_a_cancelled_draft_places_it(manager):
    order = OrderFactory(status="draft")
    with click(boss()):
        services.cancel_order(order_id=order.pk, by=boss(), reason_code="other", reason="")

    reopened = reopen(order, manager)

    assert reopened.status == "pending"
    assert reopened.number
    assert reopened.lines.get().committed == 2


def test_a_reopened_order_is_paid_anew(manager, support):
    order = OrderFactory(status="processing")
    with click(support):
        services.cancel_order(order_id=order.pk, by=support, reason_code="changed_mind", reason="")
    reopen(order, manager)

    pay(order)
    with click(support):
        services.process_order(order_id=order.pk, by=support, reason="")

    after = fresh(order)
    assert (after.status, after.facts.net_paid) == ("processing", order.total)
    assert after.facts.payment_state(order.total) == "paid"
