from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from backoffice.refused import StaleVersion
from catalog import services as catalog
from catalog.models import Product, StockLevel, StockMovement
from catalog.services.allocation import NotEnoughStock
from orders import services
from orders.guards import OrderEmpty
from orders.models import Contact
from orders.numbers import luhn_digit, number_for
from orders.refusals import NotForSale
from tests.orders.factories import (
    CustomerFactory,
    OrderFactory,
    ProductFactory,
    boss,
    click,
    fresh,
)

pytestmark = pytest.mark.django_db


def place(order, by, **more):
    with click(by):
        return services.place_order(order_id=order.pk, by=by, reason="by phone", **more)


def level_of(product):
    return StockLevel.objects.get(product=product)


def test_place_order_numbers_the_order_and_promises_its_stock(support):
    mug, pot = ProductFactory(stock=5), ProductFactory(stock=9, price=Decimal(30))
    order = OrderFactory(status="draft", lines=[(mug, 2), (pot, 1)])

    placed = place(order, support)

    assert placed.status == "pending"
    assert placed.number == number_for(order.pk)
    assert placed.placed_at is not None
    assert (level_of(mug).committed, level_of(pot).committed) == (2, 1)
    assert [line.committed for line in placed.lines.all()] == [2, 1]
    assert all(line.location_id for line in placed.lines.all())
    line = placed.lines.first()
    assert StockMovement.objects.filter(cause_uuid=line.uuid, kind="commit").count() == 1


def test_place_order_freezes_sku_name_and_the_price_of_that_moment(support, manager):
    mug = ProductFactory(price=Decimal("10.00"), name="Mug")
    order = OrderFactory(status="draft", lines=[(mug, 3)], shipping_fee=Decimal("4.90"))
    with click(manager):
        catalog.change_price(product_id=mug.pk, price=Decimal("11.00"), by=manager, reason="dearer")

    placed = place(order, support)
    with click(manager):
        catalog.change_price(product_id=mug.pk, price=Decimal("99.00"), by=manager, reason="typo")
        catalog.edit_product(product_id=mug.pk, changes={"name": "Cup"}, by=manager, reason="new")

    line = fresh(placed).lines.get()
    assert (line.sku, line.name, line.unit_price) == (mug.sku, "Mug", Decimal("11.00"))
    assert (placed.subtotal, placed.total) == (Decimal("33.00"), Decimal("37.90"))


def test_place_order_takes_a_running_scheduled_price(support, manager):
    mug = ProductFactory(price=Decimal("10.00"))
    order = OrderFactory(status="draft", lines=[(mug, 1)], shipping_fee=Decimal(0))
    now = timezone.now()
    with click(manager):
        catalog.schedule_price(
            product_id=mug.pk,
            price=Decimal("7.00"),
            starts_at=now - timedelta(hours=1),
            ends_at=now + timedelta(hours=1),
            by=manager,
            reason="weekend",
        )

    placed = place(order, support)

    assert placed.total == Decimal("7.00")


def test_place_order_refuses_without_lines(support):
    order = OrderFactory(status="draft")
    with click(support):
        services.edit_draft(order_id=order.pk, lines=[], by=support, reason="")

    with pytest.raises(OrderEmpty) as refusal:
        place(order, support)

    assert refusal.value.message == "The order has no lines."


def test_place_order_commits_all_or_nothing_and_names_what_is_short(support):
    mug, pot = ProductFactory(stock=5), ProductFactory(sku="POT", stock=2)
    order = OrderFactory(status="draft", lines=[(mug, 1), (pot, 2)])
    other = OrderFactory(status="draft", lines=[(pot, 1)])
    place(other, support)

    with pytest.raises(NotEnoughStock) as refusal:
        place(order, support)

    assert refusal.value.facts == {"sku": "POT", "wanted": 2, "free": 1}
    assert level_of(mug).committed == 0
    assert fresh(order).status == "draft"
    assert fresh(order).number is None


def test_place_order_refuses_a_product_that_is_no_longer_for_sale(support, manager):
    mug = ProductFactory(sku="MUG")
    order = OrderFactory(status="draft", lines=[(mug, 1)])
    with click(manager):
        catalog.unpublish_product(product_id=mug.pk, by=manager, reason="recall")

    with pytest.raises(NotForSale) as refusal:
        place(order, support)

    assert refusal.value.message == "MUG is draft; only published products can be sold."


def test_place_order_refuses_a_stale_version(support):
    order = OrderFactory(status="draft")
    with click(support):
        services.edit_draft(order_id=order.pk, channel="web", by=support, reason="")

    with pytest.raises(StaleVersion) as refusal:
        place(order, support, version=order.version)

    assert refusal.value.facts["theirs"] == order.version + 1


def test_place_order_takes_the_customers_latest_contact_and_address(support):
    customer = CustomerFactory()
    order = OrderFactory(status="draft", customer=customer)
    with click(support):
        contact = services.record_contact(
            customer_id=customer.pk,
            name="Ada L.",
            email="ada@example.com",
            phone="",
            by=support,
            reason="",
        )
        address = services.record_address(
            customer_id=customer.pk, line1="Pier 1", city="Kiel", by=support, reason=""
        )

    placed = place(order, support)

    assert placed.contact == contact
    assert placed.shipping_address == placed.billing_address == address


def test_place_order_keeps_the_drafts_own_address(support):
    customer = CustomerFactory()
    order = OrderFactory(status="draft", customer=customer)
    first = customer.address_records.get()
    with click(support):
        services.address_order(
            order_id=order.pk, shipping_address_id=first.pk, by=support, reason=""
        )
        services.record_address(
            customer_id=customer.pk, line1="Pier 1", city="Kiel", by=support, reason=""
        )

    placed = place(order, support)

    assert placed.shipping_address == first


def test_place_order_records_a_contact_for_a_customer_who_has_none(support):
    with click(boss()):
        customer = services.create_customer(
            email="bo@example.com", first_name="Bo", last_name="Ek", by=boss(), reason=""
        )
    order = OrderFactory(status="draft", customer=customer)

    placed = place(order, support)

    assert (placed.contact.name, placed.contact.email) == ("Bo Ek", "bo@example.com")
    assert Contact.objects.filter(customer=customer).count() == 1


def test_a_parent_is_only_sold_through_its_variants(support):
    parent = ProductFactory(sku="SHIRT", stock=0)
    ProductFactory(parent=Product.objects.get(pk=parent.pk), sku="SHIRT-M")

    with pytest.raises(services.SoldThroughVariants) as refusal:
        OrderFactory(status="draft", lines=[(parent, 1)])

    assert refusal.value.message == "SHIRT is only sold through its variants."


@pytest.mark.parametrize(("digits", "check"), [("7992739871", "3"), ("0", "0"), ("10482", "8")])
def test_order_numbers_end_in_the_luhn_digit(digits, check):
    assert luhn_digit(digits) == check


def test_two_swapped_digits_never_make_another_order_number():
    number = number_for(482)
    serial, digit = number.split("-")[1:]

    for place_ in range(len(serial) - 1):
        swapped = list(serial)
        swapped[place_ : place_ + 2] = reversed(swapped[place_ : place_ + 2])
        changed = "".join(swapped)
        # Luhn's one known gap: 09 and 90.
        if changed != serial and {serial[place_], serial[place_ + 1]} != {"0", "9"}:
            assert luhn_digit(changed) != digit
