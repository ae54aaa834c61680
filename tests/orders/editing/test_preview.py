"""What the preview says is what the edit does: for any lines, sums and stock."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice.refused import Refused
from catalog.models import Product, StockLevel
from orders import services
from orders.balance import balance_of
from orders.discounts import Discount
from orders.models import Order
from orders.previews import EditPreview, preview_edit
from orders.services import LineDraft
from tests.catalog.factories import LocationFactory, put_on_shelf
from tests.orders.factories import OrderFactory, ProductFactory, boss, click, fresh, pay

pytestmark = pytest.mark.django_db

PRICES = ("10.00", "0.35", "19.99", "7.00")
money = st.decimals(min_value=0, max_value=60, places=2)
discounts = st.one_of(
    st.none(),
    st.builds(Discount, amount=money, percent=st.none(), reason=st.just("loyal")),
    st.builds(
        Discount,
        amount=st.none(),
        percent=st.decimals(min_value=0, max_value=100, places=1),
        reason=st.just("loyal"),
    ),
)
wishes = st.fixed_dictionaries(
    {
        # Up to four products, of which the order has two; their shelves hold few.
        "lines": st.one_of(
            st.none(),
            st.lists(
                st.tuples(st.integers(0, 3), st.integers(1, 9), discounts), min_size=0, max_size=5
            ),
        ),
        "shipping_fee": st.one_of(st.none(), money),
        "discount": discounts,
    }
)


def shelf() -> list[Product]:
    """Return four products: two on one shelf, one on two, one archived that is still on order."""
    products = [ProductFactory(price=Decimal(price), stock=6) for price in PRICES]
    put_on_shelf(products[0], 9, location=LocationFactory(priority=7))
    return products


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wish=wishes, is_paid=st.booleans())
def test_the_edit_does_what_the_preview_says(wish: dict[str, Any], is_paid: bool, db: None) -> None:
    products = shelf()
    order = OrderFactory(lines=[(products[0], 4), (products[1], 2)])
    if is_paid:
        pay(order)
    products[1].status = "archived"
    products[1].save()
    given_lines = wish["lines"]
    lines = (
        None
        if given_lines is None
        else [LineDraft(products[at].pk, units, discount) for at, units, discount in given_lines]
    )
    what = {**wish, "lines": lines, "order_id": order.pk}

    before = order_as_it_is(order)
    foreseen = refusal_of(lambda: preview_edit(**what))
    preview = foreseen if isinstance(foreseen, EditPreview) else None
    assert order_as_it_is(order) == before

    with click(boss()):
        done = refusal_of(lambda: services.edit_order(**what, by=boss(), reason=""))

    if preview is None:
        assert str(done) == str(foreseen)
    elif preview.shortage is not None:
        assert str(done) == str(preview.shortage)
    else:
        assert isinstance(done, Order), done
        after = fresh(order)
        assert [row.new for row in preview.sums if row.label == "Total"] == [after.total]
        assert preview.total == after.total
        assert preview.balance == balance_of(after)
        kept = {
            line.sku: (line.new_units, line.new_total) for line in preview.lines if line.new_units
        }
        assert kept == {line.sku: (line.quantity, line.total) for line in after.lines.all()}
        for line in preview.lines:
            assert line.free == available(line.sku), line
        assert all(line.committed == line.quantity for line in after.lines.all())


def refusal_of(work: Any) -> Any:
    """Return what the work returns, or what it was refused with."""
    try:
        with transaction.atomic():
            return work()
    except Refused as refused:
        return refused


def available(sku: str) -> int:
    levels: Sequence[StockLevel] = StockLevel.objects.filter(product__sku=sku)
    return sum(level.available for level in levels)


def order_as_it_is(order: Order) -> tuple[Any, ...]:
    return (
        Order.objects.get(pk=order.pk).version,
        sorted(order.lines.values_list("product", "quantity", "committed", "discount")),
    )


def test_the_preview_tells_line_by_line_what_changes(support):
    mug, pot, pan = (ProductFactory(price=Decimal(p), stock=9) for p in (10, 20, 30))
    order = OrderFactory(lines=[(mug, 2), (pot, 1)], shipping_fee=Decimal(5))
    pay(order)

    preview = preview_edit(order_id=order.pk, lines=[LineDraft(mug.pk, 3), LineDraft(pan.pk, 1)])

    told = {line.sku: (line.old_units, line.new_units, line.free) for line in preview.lines}
    assert told == {mug.sku: (2, 3, 6), pan.sku: (0, 1, 8), pot.sku: (1, 0, 9)}
    assert [(row.label, row.old, row.new) for row in preview.changed_sums] == [
        ("Subtotal", Decimal(40), Decimal(60)),
        ("Total", Decimal(45), Decimal(65)),
    ]
    assert preview.balance.sentence == "20.00 EUR more are to be paid."


def test_the_preview_says_what_is_not_captured_and_what_is_paid_too_much(support):
    mug = ProductFactory(price=Decimal(10))
    authorised, paid = (OrderFactory(lines=[(mug, 3)], shipping_fee=Decimal(0)) for _ in range(2))
    pay(authorised)
    with click(boss()):
        services.record_payment(order_id=paid.pk, amount=None, by=boss(), reason="")

    said = [
        preview_edit(order_id=order.pk, lines=[LineDraft(mug.pk, 1)]).balance.sentence
        for order in (authorised, paid)
    ]

    assert said == ["20.00 EUR will not be captured.", "20.00 EUR are paid too much: refund them."]


def test_the_same_again_changes_nothing(support):
    order = OrderFactory()
    line = order.lines.get()

    preview = preview_edit(order_id=order.pk, lines=[LineDraft(line.product_id, line.quantity)])

    assert preview.is_empty


@pytest.mark.parametrize("number", [2, 12])
def test_the_preview_asks_the_database_no_more_for_many_lines(
    number, django_assert_max_num_queries
):
    products = [ProductFactory() for _ in range(number)]
    order = OrderFactory(lines=[(product, 2) for product in products])

    with django_assert_max_num_queries(16):
        preview_edit(order_id=order.pk, lines=[LineDraft(product.pk, 3) for product in products])
