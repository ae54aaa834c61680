"""Deliveries go on the shelf, and the ledger says why."""

from datetime import timedelta

import pytest
from django.utils import timezone

from backoffice import changes
from backoffice.refused import NotAllowed
from catalog.models import Product, StockMovement
from catalog.refusals import NotPositive, PriceStockRuleBroken, UnknownProduct
from catalog.services import default_location, receive_stock, stock_drift
from catalog.services.locations import LocationClosed
from tests.catalog.factories import LocationFactory, ProductFactory, level_of, put_on_shelf

pytestmark = pytest.mark.django_db


def test_receive_stock_raises_the_level_and_writes_one_movement(fulfilment, click):
    mug = ProductFactory()

    with click():
        movement = receive_stock(product_id=mug.pk, units=12, by=fulfilment, reason="delivery 4711")

    assert level_of(mug) == (12, 0, 0)
    assert (movement.kind, movement.on_hand_delta) == (StockMovement.Kind.RECEIVE, 12)
    assert movement.change_set.actor == fulfilment
    assert movement.change_set.note == "delivery 4711"
    assert StockMovement.objects.count() == 1
    assert stock_drift() == []


def test_receive_stock_leaves_the_products_version_and_history_alone(fulfilment):
    mug = ProductFactory()
    history_rows = Product.history.count()

    receive_stock(product_id=mug.pk, units=1, by=fulfilment, reason="")

    mug.refresh_from_db()
    assert mug.version == 1
    assert Product.history.count() == history_rows


def test_receive_stock_goes_to_the_location_asked_for(fulfilment):
    mug, shed = ProductFactory(), LocationFactory()

    receive_stock(product_id=mug.pk, units=3, by=fulfilment, reason="", location_id=shed.pk)

    assert level_of(mug, shed) == (3, 0, 0)


def test_receive_stock_makes_the_main_warehouse_once(fulfilment):
    for _ in range(2):
        receive_stock(product_id=ProductFactory().pk, units=1, by=fulfilment, reason="")

    assert default_location().code == "MAIN"
    assert default_location() == default_location()


@pytest.mark.parametrize("units", [0, -1, 1.5, True, "3", None])
def test_receive_stock_refuses_what_is_no_number_of_pieces(fulfilment, units):
    with pytest.raises(NotPositive) as refusal:
        receive_stock(product_id=ProductFactory().pk, units=units, by=fulfilment, reason="")

    assert refusal.value.code == "not_positive"
    assert str(refusal.value) == f"{units} units: a whole number, 1 or more, is needed."


def test_receive_stock_refuses_an_unknown_product(fulfilment):
    with pytest.raises(UnknownProduct, match="There is no product 404"):
        receive_stock(product_id=404, units=1, by=fulfilment, reason="")


def test_receive_stock_refuses_a_closed_location(fulfilment):
    shed = LocationFactory(is_active=False, name="Old shed")

    with pytest.raises(LocationClosed, match="Old shed is not active"):
        receive_stock(
            product_id=ProductFactory().pk, units=1, by=fulfilment, reason="", location_id=shed.pk
        )


def test_receive_stock_refuses_a_role_that_may_not(support):
    with pytest.raises(NotAllowed, match="receive stock"):
        receive_stock(product_id=ProductFactory().pk, units=1, by=support, reason="")

    assert StockMovement.objects.count() == 0


@pytest.mark.row("C8")
def test_receive_stock_refuses_many_of_a_dear_product_over_all_locations(fulfilment):
    clock = ProductFactory(sku="CLOCK", price="10000.01", stock=60)
    put_on_shelf(clock, 40, LocationFactory())

    with pytest.raises(PriceStockRuleBroken) as refusal:
        receive_stock(product_id=clock.pk, units=1, by=fulfilment, reason="")

    assert "CLOCK: a price of 10000.01 with 101 units on hand" in str(refusal.value)
    assert level_of(clock) == (60, 0, 0)


@pytest.mark.row("C8")
def test_receive_stock_takes_a_dear_product_up_to_the_limit(fulfilment):
    clock = ProductFactory(price="10000.01", stock=99)
    cheap = ProductFactory(price="10000.00", stock=99)

    receive_stock(product_id=clock.pk, units=1, by=fulfilment, reason="")
    receive_stock(product_id=cheap.pk, units=900, by=fulfilment, reason="")

    assert level_of(clock) == (100, 0, 0)
    assert level_of(cheap) == (999, 0, 0)


def test_receive_stock_carries_the_time_that_the_door_states(fulfilment):
    moment = timezone.now() - timedelta(days=30)
    mug = ProductFactory()

    with changes.change(separate=True, at=moment):
        movement = receive_stock(product_id=mug.pk, units=1, by=fulfilment, reason="")

    assert movement.at == moment
