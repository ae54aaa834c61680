"""What orders do to stock: commit, release, keep off sale, ship."""

import pytest

from catalog.models import StockMovement
from catalog.refusals import NotPositive, UnknownProduct
from catalog.services import (
    NotCommitted,
    NotEnoughStock,
    Wanted,
    commit_stock,
    default_location,
    keep_off_sale_stock,
    release_stock,
    ship_stock,
    stock_drift,
)
from tests.catalog.factories import (
    LocationFactory,
    ProductFactory,
    held,
    level_of,
    put_on_shelf,
    wanted,
)

pytestmark = pytest.mark.django_db


def test_commit_stock_promises_units_and_names_the_line():
    mug = ProductFactory(stock=5)
    line = wanted(mug, 2)

    places = commit_stock(wanted=[line])

    assert places == {line.cause_uuid: default_location().pk}
    assert level_of(mug) == (5, 2, 0)
    movement = StockMovement.objects.get(kind=StockMovement.Kind.COMMIT)
    assert (movement.cause_kind, movement.cause_uuid) == ("orders.orderline", line.cause_uuid)
    assert movement.committed_delta == 2
    assert stock_drift() == []


def test_commit_stock_refuses_more_than_is_available_and_commits_nothing():
    mug, bowl = ProductFactory(stock=5), ProductFactory(sku="BOWL", stock=1)

    with pytest.raises(NotEnoughStock) as refusal:
        commit_stock(wanted=[wanted(mug, 2), wanted(bowl, 3)])

    assert refusal.value.facts == {"sku": "BOWL", "wanted": 3, "free": 1}
    assert str(refusal.value).startswith("BOWL: 3 wanted, 1 available.")
    assert refusal.value.code == "not_enough_stock"
    assert refusal.value.http_status == 409
    assert level_of(mug) == (5, 0, 0)


def test_commit_stock_counts_two_lines_of_one_product_together():
    mug = ProductFactory(stock=5)

    with pytest.raises(NotEnoughStock) as refusal:
        commit_stock(wanted=[wanted(mug, 3), wanted(mug, 3)])

    assert refusal.value.facts["free"] == 2
    assert level_of(mug) == (5, 0, 0)


def test_commit_stock_refuses_a_product_that_never_had_stock():
    with pytest.raises(NotEnoughStock) as refusal:
        commit_stock(wanted=[wanted(ProductFactory(), 1)])

    assert refusal.value.facts["free"] == 0


def test_commit_stock_refuses_an_unknown_product():
    with pytest.raises(UnknownProduct, match="There is no product 404"):
        commit_stock(wanted=[Wanted(404, 1, "orders.orderline", None)])


@pytest.mark.parametrize("units", [0, -2, 1.5, True])
def test_commit_stock_refuses_what_is_no_number_of_pieces(units):
    with pytest.raises(NotPositive):
        commit_stock(wanted=[wanted(ProductFactory(stock=5), units)])


def test_commit_stock_takes_the_first_location_that_can_serve_the_whole_line():
    mug = ProductFactory()
    near, far = LocationFactory(priority=2), LocationFactory(priority=3)
    put_on_shelf(mug, 1, near)
    put_on_shelf(mug, 9, far)
    one, many = wanted(mug, 1), wanted(mug, 4)

    places = commit_stock(wanted=[many, one])

    assert places == {many.cause_uuid: far.pk, one.cause_uuid: near.pk}


def test_commit_stock_passes_over_a_closed_location():
    mug = ProductFactory()
    put_on_shelf(mug, 9, LocationFactory(is_active=False))

    with pytest.raises(NotEnoughStock):
        commit_stock(wanted=[wanted(mug, 1)])


def test_release_stock_makes_the_units_available_again():
    mug = ProductFactory(stock=5)
    commit_stock(wanted=[wanted(mug, 3)])

    release_stock(held=[held(mug, 2)])

    assert level_of(mug) == (5, 1, 0)
    assert stock_drift() == []


def test_keep_off_sale_stock_turns_a_promise_into_unavailable_units():
    mug = ProductFactory(stock=5)
    commit_stock(wanted=[wanted(mug, 3)])

    keep_off_sale_stock(held=[held(mug, 3)])

    assert level_of(mug) == (5, 0, 3)
    with pytest.raises(NotEnoughStock):
        commit_stock(wanted=[wanted(mug, 3)])
    assert stock_drift() == []


def test_ship_stock_takes_the_units_out_of_the_house():
    mug = ProductFactory(stock=5)
    commit_stock(wanted=[wanted(mug, 3)])

    ship_stock(held=[held(mug, 3)])

    assert level_of(mug) == (2, 0, 0)
    movement = StockMovement.objects.get(kind=StockMovement.Kind.SHIP)
    assert (movement.on_hand_delta, movement.committed_delta) == (-3, -3)
    assert stock_drift() == []


@pytest.mark.parametrize("verb", [release_stock, keep_off_sale_stock, ship_stock])
def test_what_was_not_committed_cannot_leave_its_commitment(verb):
    mug = ProductFactory(sku="MUG-OAK", stock=5)
    commit_stock(wanted=[wanted(mug, 1)])

    with pytest.raises(NotCommitted, match="MUG-OAK: 1 committed units are named") as refusal:
        verb(held=[held(mug, 1), held(mug, 1)])

    assert refusal.value.http_status == 409
    assert level_of(mug) == (5, 1, 0)
