from __future__ import annotations

import uuid

import pytest

from backoffice.refused import UnknownRow
from catalog import services
from catalog.models import StockMovement
from catalog.refusals import NotPositive
from catalog.services import Held, LocationClosed, NotCommitted, NotEnoughStock, stock_drift
from catalog.services.allocation import Relocation, commit_stock, relocate_stock
from catalog.services.locations import default_location
from tests.catalog.factories import ProductFactory, level_of, put_on_shelf, wanted
from tests.orders.factories import boss

pytestmark = pytest.mark.django_db


@pytest.fixture
def annex(db):
    return services.create_location(name="Annex", code="ANNEX", by=boss(), reason="", priority=50)


@pytest.fixture
def mug(annex):
    product = ProductFactory()
    put_on_shelf(product, 5)
    put_on_shelf(product, 3, annex)
    commit_stock(wanted=[wanted(product, 4)])
    return product


def promise(product, units: int) -> Held:
    return Held(product.pk, default_location().pk, units, "order_line", uuid.uuid4())


def test_a_promise_moves_and_the_goods_stay(mug, annex):
    relocate_stock(moves=[Relocation(promise(mug, 3), annex.pk)])

    assert level_of(mug) == (5, 1, 0)
    assert level_of(mug, annex) == (3, 3, 0)
    kinds = StockMovement.objects.order_by("id").values_list("kind", "committed_delta")
    assert list(kinds)[-2:] == [("release", -3), ("commit", 3)]
    assert stock_drift() == []


def test_a_promise_that_is_there_already_moves_nothing(mug):
    before = StockMovement.objects.count()

    assert relocate_stock(moves=[Relocation(promise(mug, 3), default_location().pk)]) == []

    assert StockMovement.objects.count() == before


def test_nothing_moves_where_one_of_several_does_not_fit(mug, annex):
    moves = [Relocation(promise(mug, 2), annex.pk), Relocation(promise(mug, 2), annex.pk)]

    with pytest.raises(NotEnoughStock, match="2 wanted, 1 available"):
        relocate_stock(moves=moves)

    assert level_of(mug) == (5, 4, 0)
    assert level_of(mug, annex) == (3, 0, 0)


def test_what_is_not_promised_is_not_moved(mug, annex):
    with pytest.raises(NotCommitted):
        relocate_stock(moves=[Relocation(promise(mug, 5), annex.pk)])
    with pytest.raises(NotPositive):
        relocate_stock(moves=[Relocation(promise(mug, 0), annex.pk)])


def test_a_closed_or_unknown_place_takes_no_promise(mug, annex):
    services.edit_location(location_id=annex.pk, changes={"is_active": False}, by=boss(), reason="")

    with pytest.raises(LocationClosed):
        relocate_stock(moves=[Relocation(promise(mug, 1), annex.pk)])
    with pytest.raises(UnknownRow):
        relocate_stock(moves=[Relocation(promise(mug, 1), 0)])
