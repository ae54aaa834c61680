from __future__ import annotations

import uuid

import pytest

from catalog.models import Product, StockLocation, StockMovement
from catalog.refusals import NotPositive
from catalog.services import NotEnoughStock, Wanted, commit_stock
from catalog.services.reallocation import Allotment, foresee_reallocation, reallocate_stock
from tests.catalog.factories import LocationFactory, ProductFactory, level_of, put_on_shelf

pytestmark = pytest.mark.django_db


def promised(product: Product, units: int) -> tuple[uuid.UUID, int]:
    """Promise units to a line; return the line's uuid and its location."""
    cause = uuid.uuid4()
    places = commit_stock(wanted=[Wanted(product.pk, units, "line", cause)])
    return cause, places[cause]


def allotment(
    product: Product, held: int, wanted: int, cause: uuid.UUID, place: int | None
) -> Allotment:
    return Allotment(product.pk, held, place, wanted, "line", cause)


def test_promises_grow_and_shrink_by_the_difference(db):
    mug, pot = ProductFactory(stock=9), ProductFactory(stock=9)
    (cup, here), (jug, there) = promised(mug, 4), promised(pot, 4)
    before = StockMovement.objects.count()

    places = reallocate_stock(
        allotments=[allotment(mug, 4, 6, cup, here), allotment(pot, 4, 1, jug, there)]
    )

    assert places == {cup: here, jug: there}
    assert (level_of(mug), level_of(pot)) == ((9, 6, 0), (9, 1, 0))
    assert StockMovement.objects.count() == before + 2


def test_what_one_line_lets_go_another_takes_in_the_same_step():
    rare = ProductFactory(stock=5)
    giver, here = promised(rare, 5)

    reallocate_stock(
        allotments=[
            allotment(rare, 0, 5, uuid.uuid4(), None),
            allotment(rare, 5, 0, giver, here),
        ]
    )

    assert level_of(rare) == (5, 5, 0)


def test_a_line_that_outgrows_its_place_moves_whole_to_one_that_can_serve_it():
    mug = ProductFactory(stock=3)
    cup, here = promised(mug, 2)
    annex = LocationFactory(priority=9)
    put_on_shelf(mug, 8, location=annex)

    places = reallocate_stock(allotments=[allotment(mug, 2, 6, cup, here)])

    assert places == {cup: annex.pk}
    assert (level_of(mug), level_of(mug, annex)) == ((3, 0, 0), (8, 6, 0))


def test_a_place_that_is_closed_keeps_what_it_promised_but_gives_no_more():
    mug = ProductFactory(stock=9)
    cup, here = promised(mug, 4)
    annex = LocationFactory(priority=9)
    put_on_shelf(mug, 8, location=annex)
    closed = StockLocation.objects.get(pk=here)
    closed.is_active = False
    closed.save()

    assert reallocate_stock(allotments=[allotment(mug, 4, 3, cup, here)]) == {cup: here}
    assert reallocate_stock(allotments=[allotment(mug, 3, 5, cup, here)]) == {cup: annex.pk}


def test_a_shortage_names_the_sku_counts_what_is_held_and_moves_nothing():
    mug, rare = ProductFactory(stock=9), ProductFactory(sku="RARE", stock=3)
    (cup, here), (vase, _) = promised(mug, 4), promised(rare, 2)

    with pytest.raises(NotEnoughStock) as refusal:
        reallocate_stock(
            allotments=[allotment(mug, 4, 0, cup, here), allotment(rare, 2, 4, vase, here)]
        )

    assert refusal.value.facts == {"sku": "RARE", "wanted": 4, "free": 3}
    assert (level_of(mug), level_of(rare)) == ((9, 4, 0), (3, 2, 0))


def test_foreseeing_says_the_same_and_writes_nothing():
    mug, rare = ProductFactory(stock=9), ProductFactory(sku="RARE", stock=3)
    cup, here = promised(mug, 4)
    before = StockMovement.objects.count()

    foreseen = foresee_reallocation(
        allotments=[
            allotment(mug, 4, 6, cup, here),
            allotment(rare, 0, 4, wanting := uuid.uuid4(), None),
        ]
    )

    assert foreseen.places[cup] == here
    assert foreseen.free == {mug.pk: 5, rare.pk: 3}
    assert foreseen.shortages[wanting].facts == {"sku": "RARE", "wanted": 4, "free": 3}
    assert StockMovement.objects.count() == before


@pytest.mark.parametrize(("held", "wanted"), [(-1, 1), (0, -1), (0, 1.5), (True, 1)])
def test_what_is_no_number_of_units_is_refused(held, wanted):
    mug = ProductFactory(stock=3)

    with pytest.raises(NotPositive):
        reallocate_stock(allotments=[allotment(mug, held, wanted, uuid.uuid4(), None)])
