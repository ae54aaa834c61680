from __future__ import annotations

import uuid

import pytest

from catalog.models import StockMovement
from catalog.services import NotPositive, TakenBack, default_location, stock_drift, take_back_stock
from tests.catalog.factories import LocationFactory, ProductFactory, level_of

pytestmark = pytest.mark.django_db


def back(product, sellable=0, damaged=0, location=None) -> TakenBack:
    place = location or default_location()
    return TakenBack(product.pk, place.pk, sellable, damaged, "return", uuid.uuid4())


def test_take_back_stock_shelves_what_is_sellable_and_sets_the_rest_aside():
    mug, bowl = ProductFactory(stock=5), ProductFactory(stock=1)

    moves = take_back_stock(returned=[back(mug, 2, 1), back(bowl, 0, 3)])

    assert level_of(mug) == (8, 0, 1)
    assert level_of(bowl) == (4, 0, 3)
    assert {move.kind for move in moves} == {StockMovement.Kind.RETURN}
    assert stock_drift() == []


def test_take_back_stock_makes_the_level_where_there_was_none():
    mug, shed = ProductFactory(stock=5), LocationFactory()

    take_back_stock(returned=[back(mug, 2, location=shed)])

    assert level_of(mug, shed) == (2, 0, 0)
    assert level_of(mug) == (5, 0, 0)


def test_take_back_stock_leaves_out_a_line_of_which_nothing_came():
    mug = ProductFactory(stock=5)

    assert take_back_stock(returned=[back(mug)]) == []
    assert level_of(mug) == (5, 0, 0)


@pytest.mark.parametrize(("sellable", "damaged"), [(-1, 2), (2, -1), (True, 0), (1.0, 0)])
def test_take_back_stock_refuses_what_is_no_number_of_units(sellable, damaged):
    mug = ProductFactory(stock=5)

    with pytest.raises(NotPositive):
        take_back_stock(returned=[back(mug, sellable, damaged)])

    assert level_of(mug) == (5, 0, 0)
