from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice.refused import NotAllowed, StaleVersion, StepNotOpen
from catalog.models import StockLevel, StockMovement
from catalog.services import NotEnoughStock
from orders import services
from orders.guards import MoneyMoved, OrderHeld, OrderMerged
from orders.models import OrderNote
from tests.catalog.factories import LocationFactory, put_on_shelf
from tests.orders.factories import CustomerFactory, OrderFactory, ProductFactory, click, fresh, pay

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return CustomerFactory()


def merge(kept, absorbed, by, **more):
    with click(by):
        return services.merge_orders(
            keep_id=kept.pk, absorb_id=absorbed.pk, by=by, reason="one parcel", **more
        )


def committed(product) -> int:
    return sum(StockLevel.objects.filter(product=product).values_list("committed", flat=True))


def test_two_orders_become_one_with_all_lines_and_the_stock_that_was_promised(ada, support):
    mug, pot = ProductFactory(price=Decimal(10)), ProductFactory(price=Decimal(20))
    kept = OrderFactory(customer=ada, lines=[(mug, 2)], shipping_fee=Decimal(5))
    absorbed = OrderFactory(customer=ada, lines=[(mug, 1), (pot, 3)], shipping_fee=Decimal(7))

    merge(kept, absorbed, support)

    one, gone = fresh(kept), fresh(absorbed)
    assert {line.product_id: (line.quantity, line.committed) for line in one.lines.all()} == {
        mug.pk: (3, 3),
        pot.pk: (3, 3),
    }
    assert (one.status, one.subtotal, one.total) == ("pending", Decimal(90), Decimal(95))
    assert (gone.status, gone.merged_into) == ("cancelled", kept)
    assert [(line.committed, line.cancelled) for line in gone.lines.all()] == [(0, 1), (0, 3)]
    assert gone.cancellations.get().reason_code == "merged"
    assert (committed(mug), committed(pot)) == (3, 3)
    assert one.history.latest("history_id").step == "take_over"
    assert gone.history.latest("history_id").step == "merge"


def test_the_last_units_go_over_without_being_free_in_between(ada, support):
    rare = ProductFactory(stock=3)
    kept = OrderFactory(customer=ada, lines=[(rare, 1)])
    absorbed = OrderFactory(customer=ada, lines=[(rare, 2)])

    with click(support) as change:
        services.merge_orders(
            keep_id=kept.pk, absorb_id=absorbed.pk, by=support, reason="one parcel"
        )

    assert committed(rare) == 3
    moves = StockMovement.objects.filter(change_set=change.row())
    assert sum(move.committed_delta for move in moves) == 0


def test_prices_and_discounts_stay_so_that_nothing_costs_more_or_less(ada, support):
    mug = ProductFactory(price=Decimal(10))
    kept = OrderFactory(customer=ada, lines=[(mug, 2)], shipping_fee=Decimal(5))
    mug.price = Decimal(12)
    mug.save()
    absorbed = OrderFactory(customer=ada, lines=[(mug, 1)], shipping_fee=Decimal(5))
    for order, percent in ((kept, 10), (absorbed, 50)):
        with click(support):
            services.discount_order(
                order_id=order.pk, percent=Decimal(percent), by=support, reason=f"{percent} off"
            )

    merge(kept, absorbed, support)

    one = fresh(kept)
    assert sorted(one.lines.values_list("unit_price", "quantity")) == [(10, 2), (12, 1)]
    assert (one.subtotal, one.discount, one.discount_percent) == (Decimal(32), Decimal(8), None)
    assert one.discount_reason == "10 off; 50 off"
    assert one.total == Decimal(29)


def test_a_lines_own_discount_comes_along(ada, support):
    mug = ProductFactory(price=Decimal(10))
    kept = OrderFactory(customer=ada)
    absorbed = OrderFactory(customer=ada, lines=[(mug, 2)])
    with click(support):
        services.discount_line(
            order_id=absorbed.pk,
            line_id=absorbed.lines.get().pk,
            percent=Decimal(25),
            by=support,
            reason="scratched",
        )

    merge(kept, absorbed, support)

    line = kept.lines.get(product=mug)
    assert (line.discount, line.discount_percent, line.discount_reason) == (5, 25, "scratched")


def test_notes_come_along_with_their_authors(ada, support):
    kept, absorbed = OrderFactory(customer=ada), OrderFactory(customer=ada)
    with click(support):
        services.add_note(order_id=absorbed.pk, body="Gift wrap, please.", by=support)

    merge(kept, absorbed, support)

    note = OrderNote.objects.get(order=kept)
    assert note.body == f"{absorbed.number} · Support: Gift wrap, please."
    assert note.author == support


def test_the_kept_order_may_be_paid_and_then_more_is_due(ada, support):
    kept = OrderFactory(customer=ada, shipping_fee=Decimal(0))
    absorbed = OrderFactory(customer=ada, shipping_fee=Decimal(0))
    pay(kept)

    merge(kept, absorbed, support)

    one = fresh(kept)
    assert one.facts.covered == Decimal(25)
    assert one.total == Decimal(50)


def test_an_absorbed_order_with_money_is_refused_with_the_way_out(ada, support):
    kept, absorbed = OrderFactory(customer=ada), OrderFactory(customer=ada)
    pay(absorbed)

    with pytest.raises(MoneyMoved) as refusal:
        merge(kept, absorbed, support)

    assert refusal.value.message == f"{absorbed.number} has 29.90 EUR authorised or paid."
    assert "into this one instead" in refusal.value.way_out
    assert fresh(absorbed).status == "pending"


def test_orders_that_do_not_belong_together_are_not_merged(ada, support):
    kept = OrderFactory(customer=ada)
    stranger = OrderFactory()
    dollars = OrderFactory(customer=ada)
    dollars.currency = "USD"
    dollars.save()

    with pytest.raises(services.OtherCustomer):
        merge(kept, stranger, support)
    with pytest.raises(services.TwoCurrencies):
        merge(kept, dollars, support)
    with pytest.raises(services.SameOrder):
        merge(kept, kept, support)
    assert fresh(stranger).status == "pending"


@pytest.mark.parametrize("status", ["draft", "processing", "completed", "cancelled"])
def test_both_orders_must_be_pending(status, ada, support):
    pending, other = OrderFactory(customer=ada), OrderFactory(customer=ada, status=status)

    with pytest.raises(StepNotOpen):
        merge(pending, other, support)
    with pytest.raises(StepNotOpen):
        merge(other, pending, support)


def test_a_held_order_is_not_absorbed_but_may_absorb(ada, support):
    held, free = OrderFactory(customer=ada), OrderFactory(customer=ada)
    with click(support):
        services.hold_order(order_id=held.pk, by=support, reason="wait")

    with pytest.raises(OrderHeld):
        merge(free, held, support)
    merge(held, free, support)

    assert fresh(held).is_held


def test_a_line_that_no_place_has_whole_is_refused_and_nothing_moves(ada, support):
    mug = ProductFactory(price=Decimal(10), stock=3, sku="MUG")
    kept = OrderFactory(customer=ada, lines=[(mug, 3)])
    put_on_shelf(mug, 2, location=LocationFactory(priority=5))
    absorbed = OrderFactory(customer=ada, lines=[(mug, 2)])

    with pytest.raises(NotEnoughStock, match="MUG: 5 wanted, 3 available"):
        merge(kept, absorbed, support)

    assert committed(mug) == 5
    assert fresh(absorbed).status == "pending"


def test_stale_versions_of_either_are_refused(ada, support):
    kept, absorbed = OrderFactory(customer=ada), OrderFactory(customer=ada)

    with pytest.raises(StaleVersion):
        merge(kept, absorbed, support, keep_version=kept.version - 1)
    with pytest.raises(StaleVersion):
        merge(kept, absorbed, support, absorb_version=absorbed.version - 1)


def test_a_merged_order_is_not_reopened(ada, manager):
    kept, absorbed = OrderFactory(customer=ada), OrderFactory(customer=ada)
    merge(kept, absorbed, manager)

    with pytest.raises(OrderMerged) as refusal, click(manager):
        services.reopen_order(order_id=absorbed.pk, by=manager, reason="a mistake")

    assert str(kept.number) in refusal.value.message


def test_merging_needs_its_permission(ada, fulfilment):
    kept, absorbed = OrderFactory(customer=ada), OrderFactory(customer=ada)

    with pytest.raises(NotAllowed):
        merge(kept, absorbed, fulfilment)
