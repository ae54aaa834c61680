"""C8: a dear product in large numbers is refused, also when two people make it one together.

What each door says stands in that verb's own test.
"""

import threading
from contextlib import suppress
from decimal import Decimal

import pytest

from catalog.models import Product
from catalog.refusals import PriceStockRuleBroken
from catalog.services import (
    change_price,
    locks,
    price_stock_refusal,
    receive_stock,
    require_price_stock_rule,
    rules,
)
from tests.catalog.factories import ProductFactory, level_of
from tests.catalog.threads import in_threads

pytestmark = pytest.mark.row("C8")


@pytest.mark.parametrize(
    ("price", "units", "is_refused"),
    [
        ("10000.01", 101, True),
        ("10000.00", 101, False),
        ("10000.01", 100, False),
        ("9.99", 100_000, False),
    ],
)
def test_the_rule_wants_both_above_their_limits(price, units, is_refused):
    refusal = price_stock_refusal(sku="CLOCK", price=Decimal(price), units=units)

    assert (refusal is not None) is is_refused


def test_the_limits_are_settings(settings):
    settings.PRICE_STOCK_RULE = {"price_above": "5", "units_above": 1}

    with pytest.raises(PriceStockRuleBroken) as refusal:
        require_price_stock_rule(sku="CLOCK", price=Decimal(6), units=2)

    assert str(refusal.value) == (
        "CLOCK: a price of 6 with 2 units on hand; above 5 at most 1 units are allowed. "
        "Check both numbers: one of them is probably a slip of the keyboard."
    )


def dearer_and_more(by, monkeypatch):
    """One makes it dear while the other receives many; both judge before either writes, if let."""
    clock = ProductFactory(price=100, stock=100)
    both_judge = threading.Barrier(2)
    units_on_hand = rules.units_on_hand

    def look_together(product_ids):
        found = units_on_hand(product_ids)
        with suppress(threading.BrokenBarrierError):
            both_judge.wait(timeout=1)
        return found

    monkeypatch.setattr(rules, "units_on_hand", look_together)

    def work(number):
        if number:
            change_price(product_id=clock.pk, price=Decimal(20_000), by=by, reason="auction")
        else:
            receive_stock(product_id=clock.pk, units=50, by=by, reason="delivery")

    results = in_threads(work, 2)
    on_hand, _committed, _unavailable = level_of(clock)
    return results, price_stock_refusal(
        sku="CLOCK", price=Product.objects.get().price, units=on_hand
    )


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_people_cannot_break_the_rule_together(manager, monkeypatch):
    results, broken = dearer_and_more(manager, monkeypatch)

    assert sorted(type(result).__name__ for result in results) == [
        "NoneType",
        "PriceStockRuleBroken",
    ]
    assert broken is None


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_products_lock_two_people_break_the_rule(manager, monkeypatch):
    """The control: were the rule kept without the lock, the test above would prove nothing."""
    monkeypatch.setattr(
        locks, "locked_products", lambda ids: Product.objects.in_bulk(sorted(set(ids)))
    )

    results, broken = dearer_and_more(manager, monkeypatch)

    assert results == [None, None]
    assert broken is not None
