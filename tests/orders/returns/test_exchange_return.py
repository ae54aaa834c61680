from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice.refused import NotAllowed, Refused, StepNotOpen
from catalog.services import NotEnoughStock, stock_drift
from orders import services
from orders.models import Order, Payment, Refund
from orders.refusals import PaymentDeclined
from orders.return_guards import ExchangedAlready, NothingDue
from orders.services import LineDraft
from orders.services.returns import fresh_return
from tests.orders.factories import ProductFactory, boss, click, fresh
from tests.orders.returns.doing import announced, inspected, shipped_order

pytestmark = pytest.mark.django_db(transaction=True)


def exchange(row, by, product=None, units=1, **more):
    product = product or ProductFactory(price=Decimal("25.00"))
    with click(by):
        return services.exchange_return(
            return_id=row.pk,
            lines=[LineDraft(product.pk, units)],
            by=by,
            **{"reason": "another colour", **more},
        )


def money_of(*orders: Order) -> Decimal:
    """What the house holds for these orders."""
    return sum((fresh(order).facts.net_paid for order in orders), Decimal(0))


def test_exchange_return_places_an_order_that_what_came_back_pays(support):
    old = shipped_order()
    row = inspected(old)

    new = fresh(exchange(row, support))

    assert new.status == "pending"
    assert new.number
    assert new.customer_id == old.customer_id
    assert (new.shipping_address_id, new.contact_id) == (old.shipping_address_id, old.contact_id)
    assert new.facts.committed_units == 1
    assert (new.total, new.facts.net_paid, new.facts.due) == (Decimal(25), Decimal(25), 0)
    after = fresh_return(row.pk)
    assert after.exchange == new
    assert (after.status, after.facts.due, after.facts.credited) == ("closed", 0, Decimal(25))
    assert money_of(old, new) == old.total
    assert fresh(old).facts.due == 0
    with click(support):
        services.process_order(order_id=new.pk, by=support, reason="")
    assert fresh(new).status == "processing"


def test_a_dearer_exchange_leaves_the_rest_to_pay(support):
    row = inspected()

    new = fresh(
        exchange(row, support, ProductFactory(price=Decimal("30.00")), shipping_fee=Decimal("4.90"))
    )

    assert new.total == Decimal("34.90")
    assert new.facts.due == Decimal("9.90")
    assert new.facts.payment_state(new.total) == "partly_paid"
    assert fresh_return(row.pk).status == "closed"


def test_a_cheaper_exchange_leaves_the_rest_to_refund_once(support):
    old = shipped_order()
    row = inspected(old)

    new = exchange(row, support, ProductFactory(price=Decimal("10.00")))

    left = fresh_return(row.pk)
    assert (left.status, left.facts.due) == ("inspected", Decimal("15.00"))
    with click(support):
        services.refund_return(return_id=row.pk, by=support, reason="")
    after = fresh_return(row.pk)
    assert (after.status, after.facts.due) == ("closed", 0)
    assert after.facts.refunded == Decimal("15.00")
    assert money_of(old, new) == old.total - Decimal("15.00")


def test_what_an_exchange_took_over_cannot_be_refunded_where_it_came_from(support):
    old = shipped_order(shipping_fee=Decimal(0))
    exchange(inspected(old), support)

    assert fresh(old).facts.returnable == 0
    with pytest.raises(Refused) as refusal, click(support):
        services.refund_order(
            order_id=old.pk,
            by=support,
            reason_code="goodwill",
            reason="again",
            amount=Decimal("0.01"),
        )

    assert refusal.value.code == "nothing_to_refund"
    assert Refund.objects.count() == 1


def test_a_cancelled_exchange_gives_the_credit_back_by_hand_and_only_once(support):
    old = shipped_order()
    row = inspected(old)
    new = exchange(row, support)

    with click(support):
        services.cancel_order(
            order_id=new.pk, by=support, reason_code="changed_mind", reason="", notify=False
        )

    by_hand = Refund.objects.get(order=new)
    assert (by_hand.amount, by_hand.charge) == (Decimal("25.00"), "")
    assert money_of(old, new) == old.total - Decimal("25.00")
    assert fresh_return(row.pk).facts.due == 0


def test_an_exchange_can_be_returned_in_its_turn(support):
    row = inspected()
    new = exchange(row, support)
    for verb in (services.process_order, services.ship_order):
        with click(boss()):
            verb(order_id=new.pk, by=boss(), reason="")

    again = inspected(fresh(new))

    assert again.facts.due == Decimal("25.00")
    with click(support):
        services.refund_return(return_id=again.pk, by=support, reason="")
    assert Refund.objects.get(of_return=again).amount == Decimal("25.00")
    assert money_of(row.order, new) == row.order.total - Decimal("25.00")


def test_exchange_return_keeps_the_fee_that_was_decided(support):
    row = inspected(shipped_order(card="tok_refund_declined"))
    with pytest.raises(PaymentDeclined), click(support):
        services.refund_return(return_id=row.pk, fee=Decimal("5.00"), by=support, reason="")

    new = exchange(row, support)

    assert fresh(new).facts.net_paid == Decimal("20.00")


def test_exchange_return_refuses_a_second_time(support):
    row = inspected()
    exchange(row, support, ProductFactory(price=Decimal("1.00")))

    with pytest.raises(ExchangedAlready):
        exchange(row, support)


def test_exchange_return_refuses_when_nothing_is_due(finance, support):
    row = inspected()
    with click(finance):
        services.refund_return(return_id=row.pk, by=finance, reason="")

    with pytest.raises(NothingDue):
        exchange(row, support)

    assert Order.objects.count() == 1


def test_exchange_return_refuses_what_is_not_on_the_shelf_and_leaves_nothing_behind(support):
    row = inspected()
    rare = ProductFactory(stock=1)

    with pytest.raises(NotEnoughStock):
        exchange(row, support, rare, units=2)

    assert fresh_return(row.pk).exchange is None
    assert Order.objects.count() == 1
    assert not Payment.objects.filter(kind="received").exists()
    assert stock_drift() == []


def test_exchange_return_refuses_before_inspection_and_whoever_may_not(support, fulfilment):
    with pytest.raises(StepNotOpen):
        exchange(announced(), support)
    with pytest.raises(NotAllowed):
        exchange(inspected(), fulfilment)
