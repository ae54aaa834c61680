"""Check-out by storm: one cart twice, and the last unit by two; first without what holds them."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest

from backoffice.refused import Refused
from catalog.models import StockLevel
from orders import services
from orders.models import Cart, Order
from orders.services import carts, checkout
from tests.catalog.threads import in_threads
from tests.orders.carts.conftest import ADDRESS
from tests.orders.factories import CustomerFactory, ProductFactory, click

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.row("O2"),
]
RIVALS = 8
TWO = 2


def order_it(cart, by, key):
    return services.check_out(
        cart_id=cart.pk, by=by, contact={}, shipping=ADDRESS, billing=None, key=key
    )


def filled_cart(by, product):
    with click(by):
        cart = services.cart_of(by=by)
        services.add_to_cart(cart_id=cart.pk, product_id=product.pk, units=1, by=by)
    return cart


def test_without_the_lock_one_cart_becomes_two_orders(monkeypatch):
    ada, mug = CustomerFactory(), ProductFactory()
    cart = filled_cart(ada, mug)
    both = threading.Barrier(TWO)

    def unlocked(cart_id, by):
        row = Cart.objects.get(pk=cart_id)
        look = look_at(row, at=mug.created_at)
        # Both have seen the open, filled cart before either has ordered.
        with suppress(threading.BrokenBarrierError):
            both.wait(timeout=10)
        looks.append(look)
        return row

    looks, look_at = [], checkout.look_at
    monkeypatch.setattr(checkout, "lock_cart", unlocked)
    monkeypatch.setattr(checkout, "look_at", lambda _cart, **_at: looks[0])
    monkeypatch.setattr(checkout, "_close", lambda _cart, _order: None)

    in_threads(lambda n: order_it(cart, ada, f"key-{n}"), count=TWO)

    assert Order.objects.count() == TWO


def test_one_cart_becomes_one_order_however_many_press():
    ada, mug = CustomerFactory(), ProductFactory()
    cart = filled_cart(ada, mug)

    said = in_threads(lambda n: order_it(cart, ada, f"key-{n}"), count=RIVALS)

    orders = [one for one in said if isinstance(one, Order)]
    assert len(orders) == 1 == Order.objects.count()
    assert {one.code for one in said if isinstance(one, Refused)} == {"cart_checked_out"}
    assert len(said) == RIVALS
    assert StockLevel.objects.get().committed == 1


def test_one_key_pressed_by_storm_is_one_order():
    ada, mug = CustomerFactory(), ProductFactory()
    cart = filled_cart(ada, mug)

    said = in_threads(lambda _n: order_it(cart, ada, "one-key"), count=RIVALS)

    assert Order.objects.count() == 1
    assert {getattr(one, "code", "order") for one in said} <= {"order", "still_running"}


def test_the_last_unit_is_bought_by_one():
    mug = ProductFactory(stock=1)
    people = [CustomerFactory() for _each in range(RIVALS)]
    baskets = [filled_cart(by, mug) for by in people]

    said = in_threads(lambda n: order_it(baskets[n], people[n], f"key-{n}"), count=RIVALS)

    assert sum(isinstance(one, Order) for one in said) == 1, said
    codes = {one.code for one in said if not isinstance(one, Order)}
    assert codes <= {"not_enough_stock", "lines_not_available"}
    level = StockLevel.objects.get()
    assert (level.on_hand, level.committed) == (1, 1)
    assert Order.objects.count() == 1


def test_without_the_promise_of_stock_the_last_unit_is_sold_often(monkeypatch):
    mug = ProductFactory(stock=1)
    people = [CustomerFactory() for _each in range(TWO)]
    baskets = [filled_cart(by, mug) for by in people]
    monkeypatch.setattr("orders.services.place.commit_lines", lambda _units, **_step: None)

    said = in_threads(lambda n: order_it(baskets[n], people[n], f"key-{n}"), count=TWO)

    assert sum(isinstance(one, Order) for one in said) == TWO, said


def test_two_tabs_lay_the_same_thing_aside_and_both_count():
    ada, mug = CustomerFactory(), ProductFactory()

    def add(_number):
        cart = services.cart_of(by=ada)
        services.add_to_cart(cart_id=cart.pk, product_id=mug.pk, units=1, by=ada)

    said = in_threads(add, count=RIVALS)

    assert said == [None] * RIVALS
    assert Cart.objects.get().lines.get().units == RIVALS


def test_without_the_lock_units_are_lost(monkeypatch):
    ada, mug = CustomerFactory(), ProductFactory()
    filled_cart(ada, mug)
    both = threading.Barrier(TWO)
    free = carts._require_free

    def after_both_have_read(product, units):
        with suppress(threading.BrokenBarrierError):
            both.wait(timeout=10)
        return free(product, units)

    monkeypatch.setattr(carts, "lock_cart", lambda cart_id, _by: Cart.objects.get(pk=cart_id))
    monkeypatch.setattr(carts, "_require_free", after_both_have_read)

    def add(_number):
        cart = services.cart_of(by=ada)
        services.add_to_cart(cart_id=cart.pk, product_id=mug.pk, units=1, by=ada)

    in_threads(add, count=TWO)

    assert Cart.objects.get().lines.get().units == TWO  # three were wanted
