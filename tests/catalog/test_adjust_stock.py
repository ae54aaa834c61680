"""Counts, breakages and finds: one product, many, or a whole sheet."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from backoffice.refused import BadValue, NotAllowed, ReasonMissing
from catalog.models import Product, StockMovement
from catalog.refusals import PriceStockRuleBroken, UnknownProduct
from catalog.services import (
    CountOrDifference,
    StockWouldBeNegative,
    adjust_stock,
    adjust_stocks,
    commit_stock,
    schedule_price,
    set_stocks,
    stock_drift,
)
from tests.catalog.factories import ProductFactory, level_of, wanted

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("aim", "on_hand", "delta"),
    [({"counted": 3}, 3, -2), ({"difference": -2}, 3, -2), ({"difference": 4}, 9, 4)],
)
def test_adjust_stock_moves_the_level_by_the_difference(fulfilment, click, aim, on_hand, delta):
    mug = ProductFactory(stock=5)

    with click():
        movement = adjust_stock(product_id=mug.pk, by=fulfilment, reason="annual count", **aim)

    assert level_of(mug) == (on_hand, 0, 0)
    assert (movement.kind, movement.on_hand_delta) == (StockMovement.Kind.ADJUST, delta)
    assert movement.change_set.note == "annual count"
    assert stock_drift() == []


def test_adjust_stock_writes_nothing_when_the_count_agrees(fulfilment):
    mug = ProductFactory(stock=5)

    assert adjust_stock(product_id=mug.pk, by=fulfilment, reason="count", counted=5) is None
    assert StockMovement.objects.filter(kind=StockMovement.Kind.ADJUST).count() == 0


@pytest.mark.parametrize("aim", [{}, {"counted": 1, "difference": 1}])
def test_adjust_stock_asks_for_exactly_one_number(fulfilment, aim):
    with pytest.raises(CountOrDifference, match="Say either how many there are"):
        adjust_stock(product_id=ProductFactory().pk, by=fulfilment, reason="count", **aim)


@pytest.mark.parametrize(
    "aim", [{"counted": -1}, {"counted": 1.9}, {"counted": True}, {"difference": 10**12}]
)
def test_adjust_stock_refuses_what_is_no_number_of_units(fulfilment, aim):
    with pytest.raises(BadValue, match="a whole number of units"):
        adjust_stock(product_id=ProductFactory().pk, by=fulfilment, reason="count", **aim)


def test_adjust_stock_refuses_to_take_what_is_promised(fulfilment):
    mug = ProductFactory(sku="MUG-OAK", stock=5)
    commit_stock(wanted=[wanted(mug, 3)])

    with pytest.raises(StockWouldBeNegative) as refusal:
        adjust_stock(product_id=mug.pk, by=fulfilment, reason="count", counted=2)

    assert str(refusal.value).startswith("MUG-OAK: 2 on hand would not cover what is promised: 3.")
    assert level_of(mug) == (5, 3, 0)


def test_adjust_stock_takes_a_count_down_to_what_is_promised(fulfilment):
    mug = ProductFactory(stock=5)
    commit_stock(wanted=[wanted(mug, 3)])

    adjust_stock(product_id=mug.pk, by=fulfilment, reason="count", counted=3)

    assert level_of(mug) == (3, 3, 0)


@pytest.mark.parametrize("reason", ["", "   "])
def test_adjust_stock_refuses_without_a_reason(fulfilment, reason):
    with pytest.raises(ReasonMissing, match="“Adjust stock” needs a reason"):
        adjust_stock(product_id=ProductFactory().pk, by=fulfilment, reason=reason, difference=1)


@pytest.mark.parametrize("role", ["support", "finance", "auditor", "admin"])
def test_adjust_stock_refuses_roles_that_may_not(make_user, role):
    with pytest.raises(NotAllowed):
        adjust_stock(
            product_id=ProductFactory().pk, by=make_user(role), reason="count", difference=1
        )


@pytest.mark.row("C8")
def test_adjust_stock_asks_the_price_rule_also_for_a_price_to_come(merchandiser):
    clock = ProductFactory(sku="CLOCK", price="90.00", stock=100)
    schedule_price(
        product_id=clock.pk,
        price=20_000,
        starts_at=timezone.now() + timedelta(days=1),
        ends_at=None,
        by=merchandiser,
        reason="collectors' week",
    )

    with pytest.raises(PriceStockRuleBroken, match="CLOCK"):
        adjust_stock(product_id=clock.pk, by=merchandiser, reason="found", difference=1)


@pytest.mark.row("C8")
def test_adjust_stock_lets_a_broken_rule_be_mended(merchandiser):
    clock = ProductFactory(price="20000.00", stock=300)

    adjust_stock(product_id=clock.pk, by=merchandiser, reason="miscounted", difference=-100)

    assert level_of(clock) == (200, 0, 0)


def test_adjust_stocks_does_the_good_ones_and_says_why_not_for_the_others(merchandiser):
    full, short = ProductFactory(stock=9), ProductFactory(sku="SHORT", stock=1)

    outcome = adjust_stocks(
        product_ids=[short.pk, full.pk, 404], by=merchandiser, reason="broken", difference=-2
    )

    assert outcome.done == [full]
    assert {row if isinstance(row, int) else row.sku: e.code for row, e in outcome.refused} == {
        "SHORT": "stock_would_be_negative",
        404: "unknown_product",
    }
    assert level_of(full) == (7, 0, 0)
    assert level_of(short) == (1, 0, 0)


def test_set_stocks_sets_the_numbers_of_a_sheet_and_names_their_cause(merchandiser):
    mug, bowl, same = ProductFactory(stock=5), ProductFactory(), ProductFactory(stock=4)
    run = uuid.uuid4()

    outcome = set_stocks(
        counted={mug.pk: 0, bowl.pk: 7, same.pk: 4},
        by=merchandiser,
        reason="spring sheet",
        cause_kind="import",
        cause_uuid=run,
    )

    assert set(outcome.done) == {mug, bowl, same}
    assert (level_of(mug), level_of(bowl), level_of(same)) == ((0, 0, 0), (7, 0, 0), (4, 0, 0))
    moved = StockMovement.objects.filter(cause_kind="import", cause_uuid=run)
    assert {m.product_id: m.on_hand_delta for m in moved} == {mug.pk: -5, bowl.pk: 7}
    assert stock_drift() == []


def test_set_stocks_refuses_an_unknown_product_and_sets_the_others(merchandiser):
    mug = ProductFactory()

    outcome = set_stocks(counted={mug.pk: 2, 404: 2}, by=merchandiser, reason="")

    assert outcome.done == [mug]
    assert isinstance(outcome.refused[0][1], UnknownProduct)


def test_set_stocks_needs_no_more_queries_for_more_products(merchandiser, count_queries):
    def count(mugs):
        counted = {mug.pk: 3 for mug in mugs}
        return count_queries(lambda: set_stocks(counted=counted, by=merchandiser, reason="sheet"))

    count(ProductFactory.create_batch(1))  # permissions are read once

    assert count(ProductFactory.create_batch(2)) == count(ProductFactory.create_batch(60))


@pytest.mark.row("G6")
def test_the_manager_delegates_a_bulk_stock_update_to_the_service(merchandiser):
    mug = ProductFactory()

    Product.objects.set_stocks(counted={mug.pk: 6}, by=merchandiser, reason="sheet")

    assert level_of(mug) == (6, 0, 0)
    assert StockMovement.objects.get().kind == StockMovement.Kind.ADJUST
