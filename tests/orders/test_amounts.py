"""What units are worth: laws that hold for any order, any discount, any series of refunds."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.services.amounts import (
    Left,
    LineMoney,
    MoreThanLeft,
    NothingChosen,
    net_lines,
    spread,
    worth,
)

CENT = Decimal("0.01")
money = st.integers(0, 10_000_000).map(lambda cents: Decimal(cents) / 100)
quantities = st.integers(1, 400)


@given(amount=money, weights=st.lists(money, min_size=1, max_size=12))
def test_what_is_spread_adds_up_to_the_whole_and_is_never_negative(amount, weights):
    parts = spread(amount, weights)

    assert sum(parts) == amount
    assert all(part >= 0 and part == round(part, 2) for part in parts)


@given(weights=st.lists(money, min_size=1, max_size=12), data=st.data())
def test_a_discount_never_takes_more_off_a_line_than_it_costs(weights, data):
    amount = data.draw(st.integers(0, int(sum(weights) * 100))) / Decimal(100)

    parts = spread(amount, weights)

    if sum(weights):
        assert all(part <= weight for part, weight in zip(parts, weights, strict=True))


@given(whole=money, units=quantities, data=st.data())
def test_units_refunded_in_any_portions_add_up_to_the_line(whole, units, data):
    gone, given_back = 0, Decimal(0)
    while gone < units:
        quantity = data.draw(st.integers(1, units - gone))
        given_back += worth(whole, units, gone=gone, quantity=quantity)
        gone += quantity

    assert given_back == whole


@given(whole=money, units=quantities)
def test_no_unit_is_worth_more_than_a_cent_more_than_another(whole, units):
    each = [worth(whole, units, gone=gone, quantity=1) for gone in range(units)]

    assert max(each) - min(each) <= CENT


@given(
    lines=st.lists(st.tuples(quantities, money), min_size=1, max_size=6),
    tax=money,
    shipping=money,
    data=st.data(),
)
def test_all_lines_and_shipping_are_worth_the_orders_total(lines, tax, shipping, data):
    subtotal = sum((total for _units, total in lines), Decimal(0))
    discount = data.draw(st.integers(0, int(subtotal * 100))) / Decimal(100)
    found = net_lines(
        [(key, str(key), units, total, 0) for key, (units, total) in enumerate(lines)],
        discount=discount,
        tax=tax,
    )

    total = subtotal - discount + tax + shipping
    assert sum(line.whole for line in found.values()) + shipping == total
    left = Left(money=total, shipping=shipping, currency="EUR", lines=found)
    if total:
        assert left.sum_of({}).amount == total


@given(whole=st.lists(money, min_size=1, max_size=4), shipping=money, asked=money, data=st.data())
def test_another_amount_is_shared_out_whole(whole, shipping, asked, data):
    lines = {
        key: LineMoney(key, str(key), data.draw(quantities), each) for key, each in enumerate(whole)
    }
    left = Left(money=Decimal(10**7), shipping=shipping, currency="EUR", lines=lines)
    units = {key: data.draw(st.integers(0, line.units)) for key, line in lines.items()}
    amount = asked + CENT

    found = left.sum_of(units, shipping=shipping, amount=amount)

    shares = sum((share.amount for share in found.lines), Decimal(0)) + found.shipping
    assert found.amount == amount
    assert shares <= amount
    chosen = sum((lines[key].worth(n) for key, n in units.items()), shipping)
    if chosen >= amount:
        assert shares == amount


def test_units_of_a_line_with_a_discount_are_worth_what_was_paid_for_them():
    line = LineMoney(1, "MUG", 3, Decimal("10.00"))

    assert [line.worth(n) for n in (1, 2, 3)] == [Decimal("3.33"), Decimal("6.66"), 10]


def test_a_large_line_keeps_its_cents_together():
    line = LineMoney(1, "NAIL", 1000, Decimal("999.99"))

    assert line.worth(1) == Decimal("0.99")
    assert LineMoney(1, "NAIL", 1000, Decimal("999.99"), gone=999).worth(1) == 1


def test_nothing_left_and_nothing_chosen_is_refused():
    left = Left(money=Decimal(0), shipping=Decimal(0), currency="EUR", lines={})

    with pytest.raises(NothingChosen):
        left.sum_of({})


def test_what_is_left_caps_what_the_units_would_be_worth():
    lines = {1: LineMoney(1, "MUG", 2, Decimal("25.00"))}
    left = Left(money=Decimal("20.00"), shipping=Decimal("4.90"), currency="EUR", lines=lines)

    with pytest.raises(MoreThanLeft):
        left.sum_of({1: 2})
    whole = left.sum_of({})
    assert whole.amount == 20
    assert whole.lines[0].amount + whole.shipping == 20
