from __future__ import annotations

import pytest

from backoffice.refused import StepNotOpen, UnknownRow
from orders import services
from orders.guards import AlreadyShipped, StillPacked
from orders.models import Address, Contact
from tests.orders.factories import CustomerFactory, OrderFactory, ProductFactory, click, fresh

pytestmark = pytest.mark.django_db


def move_house(order, by, **fields):
    with click(by):
        return services.record_address(
            customer_id=order.customer_id,
            by=by,
            reason="",
            **{"line1": "Pier 7", "city": "Bremen", **fields},
        )


def address(order, by, **ids):
    with click(by):
        return services.address_order(order_id=order.pk, by=by, reason="she moved", **ids)


@pytest.mark.parametrize("status", ["draft", "pending", "processing"])
def test_the_shipping_address_changes_until_something_is_packed(status, support):
    order = OrderFactory(status=status)
    pier = move_house(order, support)

    address(order, support, shipping_address_id=pier.pk)

    after = fresh(order)
    assert after.shipping_address == pier
    assert after.version == order.version + 1
    assert order.history.latest("history_id").change_set.note == "she moved"


def test_a_packed_or_shipped_order_goes_where_it_was_going(support, fulfilment):
    mug = ProductFactory()
    packed, shipped = (OrderFactory(status="processing", lines=[(mug, 2)]) for _ in range(2))
    line = shipped.lines.get()
    with click(fulfilment):
        services.pack_order(order_id=packed.pk, by=fulfilment, reason="")
    with click(fulfilment):
        services.ship_order(
            order_id=shipped.pk, lines=[services.ShipUnits(line.pk, 1)], by=fulfilment, reason=""
        )

    with pytest.raises(StillPacked):
        address(packed, support, shipping_address_id=move_house(packed, support).pk)
    with pytest.raises(AlreadyShipped):
        address(shipped, support, shipping_address_id=move_house(shipped, support).pk)


def test_a_bill_is_written_when_an_order_is_processed(support):
    pending, processing = OrderFactory(), OrderFactory(status="processing")
    pier = move_house(pending, support)

    address(pending, support, billing_address_id=pier.pk)
    with pytest.raises(services.BillWritten):
        address(processing, support, billing_address_id=move_house(processing, support).pk)

    assert fresh(pending).billing_address == pier


def test_a_contact_changes_while_the_order_is_processed(support):
    order = OrderFactory(status="processing")
    with click(support):
        contact = services.record_contact(
            customer_id=order.customer_id,
            name="Ada",
            email="new@example.com",
            phone="",
            by=support,
            reason="",
        )

    address(order, support, contact_id=contact.pk)

    assert fresh(order).contact == contact


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_an_order_that_is_over_stays_as_it_is(status, support):
    order = OrderFactory(status=status)

    with pytest.raises(StepNotOpen, match="Change contact or address"):
        address(order, support, shipping_address_id=order.shipping_address_id)


def test_edit_order_takes_addresses_along(support):
    order = OrderFactory()
    pier = move_house(order, support)

    with click(support):
        services.edit_order(
            order_id=order.pk, shipping_address_id=pier.pk, by=support, reason="she moved"
        )

    after = fresh(order)
    assert (after.shipping_address, after.billing_address) == (pier, order.billing_address)


def test_another_customers_and_an_erased_record_are_unknown(support):
    order = OrderFactory()
    theirs = CustomerFactory()

    with pytest.raises(UnknownRow, match="There is no contact"):
        address(order, support, contact_id=Contact.objects.get(customer=theirs).pk)
    erased = Address.objects.get(customer=order.customer_id)
    pier = move_house(order, support)
    address(order, support, shipping_address_id=pier.pk)
    erased.erase()
    with pytest.raises(UnknownRow, match="There is no address"):
        address(order, support, shipping_address_id=erased.pk)


def test_the_same_address_again_writes_nothing(support):
    order = OrderFactory()

    address(order, support, shipping_address_id=order.shipping_address_id)

    assert fresh(order).version == order.version
