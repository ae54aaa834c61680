from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice.refused import NotAllowed, UnknownRow
from catalog.models import StockLevel
from orders import services
from tests.orders.factories import OrderFactory, ProductFactory, click, fresh

pytestmark = pytest.mark.django_db


def duplicate(order, by, reason=""):
    with click(by):
        return services.duplicate_order(order_id=order.pk, by=by, reason=reason)


@pytest.mark.parametrize("status", ["draft", "pending", "processing", "completed", "cancelled"])
def test_an_order_in_any_state_becomes_a_draft_of_the_same_at_the_prices_of_today(status, support):
    mug = ProductFactory(price=Decimal(10))
    order = OrderFactory(status=status, lines=[(mug, 3)], shipping_fee=Decimal("4.90"))
    committed = StockLevel.objects.get(product=mug).committed
    mug.price = Decimal(12)
    mug.save()

    copy = duplicate(order, support, "the same again")

    draft = fresh(copy.order)
    assert copy.left_out == []
    assert (draft.status, draft.number, draft.copied_from) == ("draft", None, order)
    assert (draft.customer_id, draft.shipping_address_id) == (
        order.customer_id,
        order.shipping_address_id,
    )
    assert (draft.total, draft.lines.get().quantity) == (Decimal("40.90"), 3)
    assert StockLevel.objects.get(product=mug).committed == committed
    assert draft.history.get().change_set.note == "the same again"


def test_what_is_no_longer_for_sale_is_left_out_and_said_so(support):
    old, mug = ProductFactory(sku="OLD"), ProductFactory()
    order = OrderFactory(lines=[(old, 1), (mug, 2)])
    old.status = "archived"
    old.save()

    copy = duplicate(order, support)

    assert [line.product_id for line in copy.order.lines.all()] == [mug.pk]
    (sentence,) = copy.left_out
    assert sentence.startswith("Left out: OLD. OLD is archived")
    assert sentence in copy.order.history.get().change_set.note


def test_an_order_of_which_nothing_is_for_sale_is_not_duplicated(support):
    order = OrderFactory()
    product = order.lines.get().product
    product.status = "archived"
    product.save()

    with pytest.raises(services.NothingForSale, match="None of the products"):
        duplicate(order, support)

    assert not order.copies.exists()


def test_discounts_stay_behind(support):
    order = OrderFactory()
    with click(support):
        services.discount_order(order_id=order.pk, percent=Decimal(50), by=support, reason="once")

    copy = duplicate(order, support)

    assert copy.order.discount == 0


def test_an_erased_address_does_not_come_along(support):
    order = OrderFactory()
    order.shipping_address.erase()

    copy = duplicate(order, support)

    assert copy.order.shipping_address is None
    assert copy.order.contact == order.contact


def test_duplicate_order_refuses_who_may_not_write_orders_and_what_is_not_there(
    support, fulfilment
):
    order = OrderFactory()

    with pytest.raises(NotAllowed):
        duplicate(order, fulfilment)
    order.pk = 10**9
    with pytest.raises(UnknownRow):
        duplicate(order, support)
