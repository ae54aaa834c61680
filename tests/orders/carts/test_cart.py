"""Carts: whose they are, what goes in, and what becomes of them at a sign-in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import login
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.test import RequestFactory
from django.utils import timezone

from backoffice.refused import BadValue, Refused, UnknownRow
from catalog.models import PriceChange
from catalog.services import NotEnoughStock
from orders import services
from orders.cart_keys import ensure_owner, owner_of
from orders.models import Cart, CartLine
from orders.services import CartFull, TooManyUnits
from orders.services.carts import forget_carts
from tests.orders.factories import CustomerFactory, ProductFactory

pytestmark = [pytest.mark.django_db, pytest.mark.row("O2")]


def look(cart):
    return services.look_at(cart, at=timezone.now())


def test_a_customer_has_one_open_cart(ada):
    assert services.find_cart(by=ada) is None

    cart = services.cart_of(by=ada)

    assert services.cart_of(by=ada) == cart == services.find_cart(by=ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        Cart.objects.create(customer=ada)


def test_a_visitor_has_one_by_their_key_and_nobody_finds_it_without(ada):
    cart = services.cart_of(by=AnonymousUser(), session_key="k1")

    assert services.cart_of(by=None, session_key="k1") == cart
    assert services.find_cart(by=None, session_key="k2") is None
    assert services.find_cart(by=None, session_key="") is None
    assert services.find_cart(by=ada, session_key="k1") is None
    with pytest.raises(BadValue):
        services.cart_of(by=None, session_key="")


def test_the_same_product_again_adds_up(cart, ada, mug):
    services.add_to_cart(cart_id=cart.pk, product_id=mug.pk, units=3, by=ada)

    assert cart.lines.get().units == 5


def test_units_are_set_and_zero_takes_the_line_out(cart, ada, mug):
    services.set_units(cart_id=cart.pk, product_id=mug.pk, units=7, by=ada)
    assert cart.lines.get().units == 7

    assert services.set_units(cart_id=cart.pk, product_id=mug.pk, units=0, by=ada) is None
    assert not cart.lines.exists()
    services.remove_from_cart(cart_id=cart.pk, product_id=mug.pk, by=ada)


@pytest.mark.parametrize("units", [0, -1, True, "2", 1.5])
def test_only_whole_units_go_in(cart, ada, mug, units):
    with pytest.raises(BadValue):
        services.add_to_cart(cart_id=cart.pk, product_id=mug.pk, units=units, by=ada)


def test_more_than_there_are_do_not_go_in(cart, ada, mug):
    with pytest.raises(NotEnoughStock) as refusal:
        services.add_to_cart(cart_id=cart.pk, product_id=mug.pk, units=19, by=ada)

    assert refusal.value.facts == {"sku": "MUG", "wanted": 21, "free": 20}
    with pytest.raises(TooManyUnits):
        services.set_units(cart_id=cart.pk, product_id=mug.pk, units=1_000, by=ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        CartLine.objects.update(units=1_000)


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_what_is_not_on_sale_does_not_exist(cart, ada, status):
    hidden = ProductFactory(status=status)

    with pytest.raises(UnknownRow):
        services.add_to_cart(cart_id=cart.pk, product_id=hidden.pk, units=1, by=ada)
    with pytest.raises(UnknownRow):
        services.add_to_cart(cart_id=cart.pk, product_id=10**9, units=1, by=ada)


def test_somebody_elses_cart_does_not_exist(cart, mug):
    eve = CustomerFactory()

    for by in (eve, None, AnonymousUser()):
        with pytest.raises(UnknownRow):
            services.add_to_cart(cart_id=cart.pk, product_id=mug.pk, units=1, by=by)
        with pytest.raises(UnknownRow):
            services.set_units(cart_id=cart.pk, product_id=mug.pk, units=1, by=by)
        with pytest.raises(UnknownRow):
            services.remove_from_cart(cart_id=cart.pk, product_id=mug.pk, by=by)


def test_a_cart_is_full_at_some_point(cart, ada, monkeypatch):
    monkeypatch.setattr("orders.services.carts.MOST_LINES", 1)

    with pytest.raises(CartFull):
        services.add_to_cart(cart_id=cart.pk, product_id=ProductFactory().pk, units=1, by=ada)


def test_prices_are_those_of_now(cart, mug, django_assert_num_queries):
    with django_assert_num_queries(5):
        seen = look(cart)
    assert (seen.subtotal, seen.shipping_fee, seen.total) == (25, seen.total - 25, seen.total)

    PriceChange(product=mug, price=10, starts_at=timezone.now() - timedelta(hours=1)).save()

    assert look(cart).subtotal == 20
    assert look(cart).differences_from(seen.stamp) == ["MUG"]
    assert seen.differences_from(seen.stamp) == []


@pytest.mark.parametrize("stamp", ["", "é", "!!", "bnVsbA", "W10", "eyJhIjoxfQ", "[" * 5_000])
def test_what_is_no_stamp_shows_nothing(cart, stamp):
    assert look(cart).differences_from(stamp) == ["MUG"]


def test_sending_is_free_from_a_sum_on(cart, ada, mug, settings):
    assert look(cart).shipping_fee == settings.SHIPPING_FEE

    services.set_units(cart_id=cart.pk, product_id=mug.pk, units=8, by=ada)

    assert look(cart).shipping_fee == 0
    assert look(None).total == 0


def signed_in(user, *, key="", session=None):
    """Sign a person in over a session that carries a visitor's cart."""
    from django.contrib.sessions.backends.db import SessionStore

    request = RequestFactory().post("/")
    request.session = session or SessionStore()
    request.user = AnonymousUser()
    if key:
        request.session["cart"] = key
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return request


def test_what_a_visitor_laid_aside_is_theirs_after_the_sign_in(cart, ada, mug):
    pot = ProductFactory(sku="POT")
    visitors = services.cart_of(by=None, session_key="k1")
    for product in (mug, pot):
        services.add_to_cart(cart_id=visitors.pk, product_id=product.pk, units=3, by=None)

    request = signed_in(ada, key="k1")

    assert dict(cart.lines.values_list("product__sku", "units")) == {"MUG": 5, "POT": 3}
    assert not Cart.objects.filter(pk=visitors.pk).exists()
    assert "cart" not in request.session


def test_a_sign_in_never_fails_for_a_cart(cart, ada, mug):
    visitors = services.cart_of(by=None, session_key="k1")
    CartLine.objects.create(cart=visitors, product=mug, units=999)

    signed_in(ada, key="k1")
    signed_in(ada, key="nobody's")

    assert cart.lines.get().units == 999
    assert isinstance(look(cart).lines[0].problem, NotEnoughStock)


def test_looking_makes_no_key_and_no_cart():
    request = RequestFactory().get("/")
    request.session, request.user = {}, AnonymousUser()

    assert owner_of(request) == {"by": None, "session_key": ""}
    assert request.session == {}

    key = ensure_owner(request)["session_key"]
    assert owner_of(request)["session_key"] == key == ensure_owner(request)["session_key"]
    assert len(key) > 40


def test_old_carts_are_thrown_away(cart, settings):
    young = services.cart_of(by=None, session_key="k1")
    then = timezone.now() - timedelta(days=settings.CART_KEEP_DAYS, minutes=1)
    Cart.objects.filter(pk=cart.pk).update(updated_at=then)

    assert forget_carts(now=timezone.now()) == 1
    assert list(Cart.objects.all()) == [young]


def test_every_refusal_is_a_sentence(cart, ada, mug):
    with pytest.raises(Refused) as refusal:
        services.add_to_cart(cart_id=cart.pk, product_id=mug.pk, units=500, by=ada)

    assert (
        str(refusal.value)
        == "MUG: 502 wanted, 20 available. Order fewer, or wait for the next delivery."
    )
