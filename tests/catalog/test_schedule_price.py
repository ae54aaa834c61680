"""Prices for a while, and the one answer to what something costs."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from backoffice.refused import BadValue, NotAllowed, UnknownRow
from catalog.models import PriceChange, Product
from catalog.refusals import PriceReasonMissing, PriceStockRuleBroken, UnknownProduct
from catalog.services import (
    PriceAboveCompareAt,
    PriceChangeOver,
    PriceChangeOverlaps,
    change_price,
    price_of,
    prices_of,
    schedule_price,
    withdraw_price_change,
)
from tests.catalog.factories import PriceChangeFactory, ProductFactory

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
NOW = timezone.now()


def schedule(product, by, start=HOUR, end=2 * HOUR, price="15.00", reason="weekend sale"):
    return schedule_price(
        product_id=product.pk,
        price=Decimal(price),
        starts_at=NOW + start,
        ends_at=None if end is None else NOW + end,
        by=by,
        reason=reason,
    )


def test_schedule_price_writes_a_price_change_and_leaves_the_list_price(merchandiser, click):
    mug = ProductFactory(price=20)

    with click():
        change = schedule(mug, merchandiser)

    assert (change.price, change.product) == (Decimal(15), mug)
    row = PriceChange.history.get()
    assert (row.history_type, row.change_set.note) == ("+", "weekend sale")
    mug.refresh_from_db()
    assert (mug.price, mug.version) == (Decimal(20), 1)


@pytest.mark.row("C9")
def test_price_of_is_the_running_price_else_the_list_price(merchandiser):
    mug, other = ProductFactory(price=20), ProductFactory(price=9)
    schedule(mug, merchandiser, HOUR, 2 * HOUR)

    assert price_of(mug, NOW) == 20
    assert price_of(mug, NOW + HOUR) == 15  # the first moment is part of it
    assert price_of(mug, NOW + 2 * HOUR) == 20  # the last one is not
    assert prices_of([mug, other], NOW + 1.5 * HOUR) == {mug.pk: 15, other.pk: 9}


@pytest.mark.row("C9")
def test_prices_of_asks_once_for_any_number_of_products(count_queries):
    def count(number):
        products = ProductFactory.create_batch(number)
        return count_queries(lambda: prices_of(products, NOW))

    assert count(1) == count(20) == 1


@pytest.mark.row("C9")
def test_price_of_survives_another_list_price(merchandiser):
    mug = ProductFactory(price=20)
    schedule(mug, merchandiser, HOUR, None)

    change_price(product_id=mug.pk, price=Decimal(30), by=merchandiser, reason="dearer")

    mug.refresh_from_db()
    assert (price_of(mug, NOW), price_of(mug, NOW + HOUR)) == (30, 15)


def test_withdraw_price_change_ends_it_and_keeps_the_past_as_it_was(merchandiser):
    mug = ProductFactory(price=20)
    change = PriceChangeFactory(product=mug)

    withdraw_price_change(price_change_id=change.pk, by=merchandiser, reason="sold out")

    now = timezone.now()
    assert price_of(mug, now) == 20
    assert price_of(mug, now - HOUR / 2) == 15
    assert PriceChange.history.latest("history_id").withdrawn_at is not None
    with pytest.raises(PriceChangeOver):
        withdraw_price_change(price_change_id=change.pk, by=merchandiser, reason="again")


def test_withdraw_price_change_refuses_what_is_over_and_what_is_not_there(merchandiser, support):
    past = PriceChangeFactory(starts_at=NOW - 2 * HOUR, ends_at=NOW - HOUR)

    with pytest.raises(PriceChangeOver):
        withdraw_price_change(price_change_id=past.pk, by=merchandiser, reason="x")
    with pytest.raises(UnknownRow):
        withdraw_price_change(price_change_id=404, by=merchandiser, reason="x")
    with pytest.raises(PriceReasonMissing):
        withdraw_price_change(price_change_id=past.pk, by=merchandiser, reason="")
    with pytest.raises(NotAllowed):
        withdraw_price_change(price_change_id=past.pk, by=support, reason="x")


@pytest.mark.parametrize(
    ("start", "end", "overlaps"),
    [
        (HOUR, 2 * HOUR, True),
        (1.5 * HOUR, None, True),
        (0 * HOUR, None, True),
        (0 * HOUR, 1.5 * HOUR, True),
        (2 * HOUR, 3 * HOUR, False),
        (0.5 * HOUR, HOUR, False),
    ],
)
def test_schedule_price_refuses_two_prices_at_one_time(merchandiser, start, end, overlaps):
    mug = ProductFactory(sku="MUG")
    schedule(mug, merchandiser, HOUR, 2 * HOUR)

    if overlaps:
        with pytest.raises(PriceChangeOverlaps, match="MUG has a scheduled price in that time"):
            schedule(mug, merchandiser, start, end)
    else:
        schedule(mug, merchandiser, start, end)


def test_schedule_price_takes_the_time_of_a_withdrawn_one(merchandiser):
    mug = ProductFactory()
    change = schedule(mug, merchandiser)
    withdraw_price_change(price_change_id=change.pk, by=merchandiser, reason="another plan")

    assert schedule(mug, merchandiser).pk != change.pk


def test_schedule_price_refuses_times_that_cannot_be(merchandiser):
    mug = ProductFactory()

    with pytest.raises(BadValue, match="it must end after it starts"):
        schedule(mug, merchandiser, 2 * HOUR, HOUR)
    with pytest.raises(PriceChangeOver):
        schedule(mug, merchandiser, -2 * HOUR, -HOUR)


def test_schedule_price_refuses_prices_that_cannot_be(merchandiser):
    mug = ProductFactory(price=20, compare_at_price=25)

    with pytest.raises(PriceAboveCompareAt):
        schedule(mug, merchandiser, price="26.00")
    with pytest.raises(BadValue):
        schedule(mug, merchandiser, price="1.999")
    with pytest.raises(PriceReasonMissing):
        schedule(mug, merchandiser, reason=" ")
    with pytest.raises(UnknownProduct):
        schedule(Product(pk=404), merchandiser)


@pytest.mark.row("C8")
def test_schedule_price_refuses_a_dear_price_for_large_numbers(merchandiser):
    with pytest.raises(PriceStockRuleBroken):
        schedule(ProductFactory(stock=101), merchandiser, price="10000.01")


def test_schedule_price_refuses_roles_that_may_not(support):
    with pytest.raises(NotAllowed, match="schedule prices"):
        schedule(ProductFactory(), support)
