"""List prices: set, by percent, by amount; always rounded half up, always with a reason."""

from decimal import Decimal

import pytest

from backoffice.refused import BadValue, NotAllowed, StaleVersion
from catalog.models import Product
from catalog.refusals import PriceReasonMissing, PriceStockRuleBroken, UnknownProduct
from catalog.services import (
    PriceAboveCompareAt,
    PriceQuestion,
    PriceWouldBeNegative,
    change_price,
    change_prices,
)
from tests.catalog.factories import ProductFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("price", "how", "becomes"),
    [
        ("20.00", {"price": Decimal("24.90")}, "24.90"),
        ("20.00", {"percent": Decimal(10)}, "22.00"),
        ("20.00", {"percent": Decimal("-12.5")}, "17.50"),
        ("0.05", {"percent": Decimal(50)}, "0.08"),  # 0.075: half a cent goes up
        ("0.05", {"percent": Decimal(30)}, "0.07"),  # 0.065, where a banker would say 0.06
        ("9.99", {"percent": Decimal(-100)}, "0.00"),
        ("20.00", {"amount": Decimal("-0.01")}, "19.99"),
        ("20.00", {"amount": Decimal(5)}, "25.00"),
        ("20.00", {"price": 0}, "0.00"),
    ],
)
def test_change_price_gives_the_price_asked_for(merchandiser, price, how, becomes):
    mug = ProductFactory(price=price)

    changed = change_price(product_id=mug.pk, by=merchandiser, reason="spring list", **how)

    mug.refresh_from_db()
    assert changed.price == mug.price == Decimal(becomes)


def test_change_price_writes_one_history_row_with_the_reason(merchandiser, click):
    mug = ProductFactory(price=20)

    with click():
        change_price(product_id=mug.pk, price=Decimal(22), by=merchandiser, reason="dearer clay")

    row = Product.history.latest("history_id")
    assert (row.price, row.version, row.change_set.note) == (Decimal(22), 2, "dearer clay")
    assert row.change_set.actor == merchandiser
    assert Product.history.count() == 2


def test_change_price_writes_nothing_when_the_price_stays(merchandiser):
    mug = ProductFactory(price=20)

    change_price(product_id=mug.pk, percent=Decimal(0), by=merchandiser, reason="no change")

    assert Product.history.count() == 1


@pytest.mark.parametrize("how", [{}, {"price": 1, "percent": 1}, {"amount": 0, "percent": 0}])
def test_change_price_asks_one_question(merchandiser, how):
    with pytest.raises(PriceQuestion, match="Say one thing"):
        change_price(product_id=ProductFactory().pk, by=merchandiser, reason="x", **how)


@pytest.mark.parametrize(
    "how",
    [
        {"price": Decimal("NaN")},
        {"price": "12"},
        {"price": 1.5},
        {"price": Decimal("1.999")},
        {"price": Decimal("1e400")},
        {"percent": Decimal("1e40")},
        {"amount": Decimal(10) ** 10},
    ],
)
def test_change_price_refuses_what_is_no_price(merchandiser, how):
    with pytest.raises(BadValue):
        change_price(product_id=ProductFactory().pk, by=merchandiser, reason="x", **how)

    assert Product.objects.get().price == Decimal(20)


@pytest.mark.parametrize(
    ("how", "becomes"),
    [({"amount": Decimal(-21)}, "-1.00"), ({"percent": Decimal(-150)}, "-10.00")],
)
def test_change_price_refuses_to_go_below_zero(merchandiser, how, becomes):
    with pytest.raises(PriceWouldBeNegative) as refusal:
        change_price(
            product_id=ProductFactory(sku="MUG", price=20).pk, by=merchandiser, reason="x", **how
        )

    assert refusal.value.message == f"MUG: the price would be {becomes}; it cannot be below zero."


def test_change_price_refuses_to_pass_the_compare_at_price_and_says_what_to_do(merchandiser):
    mug = ProductFactory(sku="MUG", price=20, compare_at_price=25)

    with pytest.raises(PriceAboveCompareAt) as refusal:
        change_price(product_id=mug.pk, price=Decimal("25.01"), by=merchandiser, reason="x")

    assert str(refusal.value) == (
        "MUG: 25.01 is above the compare-at price 25.00. Raise or blank the compare-at price first."
    )
    assert (
        change_price(product_id=mug.pk, price=Decimal(25), by=merchandiser, reason="x").price == 25
    )


@pytest.mark.parametrize("reason", ["", " \n"])
def test_change_price_refuses_without_a_reason(merchandiser, reason):
    mug = ProductFactory()

    with pytest.raises(PriceReasonMissing, match="A price change needs a reason"):
        change_price(product_id=mug.pk, price=Decimal(1), by=merchandiser, reason=reason)
    with pytest.raises(PriceReasonMissing):
        change_prices(product_ids=[mug.pk], price=Decimal(1), by=merchandiser, reason=reason)


@pytest.mark.row("C8")
def test_change_price_refuses_a_dear_price_for_large_numbers(merchandiser):
    clock = ProductFactory(price=9_999, stock=101)

    with pytest.raises(PriceStockRuleBroken):
        change_price(product_id=clock.pk, percent=Decimal(10), by=merchandiser, reason="x")


def test_change_price_refuses_a_stale_version_an_unknown_product_and_other_roles(
    merchandiser, support
):
    mug = ProductFactory()

    with pytest.raises(StaleVersion):
        change_price(product_id=mug.pk, price=Decimal(1), by=merchandiser, reason="x", version=9)
    with pytest.raises(UnknownProduct):
        change_price(product_id=404, price=Decimal(1), by=merchandiser, reason="x")
    with pytest.raises(NotAllowed, match="change prices"):
        change_price(product_id=mug.pk, price=Decimal(1), by=support, reason="x")


@pytest.mark.row("A2")
def test_change_prices_does_the_good_ones_and_says_why_not_for_the_others(merchandiser):
    mug = ProductFactory(price=20)
    on_sale = ProductFactory(sku="SALE", price=20, compare_at_price=21)
    dear = ProductFactory(sku="DEAR", price="9999.00", stock=200)

    outcome = change_prices(
        product_ids=[mug.pk, on_sale.pk, dear.pk, 404],
        percent=Decimal(10),
        by=merchandiser,
        reason="all a tenth dearer",
    )

    assert outcome.done == [mug]
    assert {row if isinstance(row, int) else row.sku: e.code for row, e in outcome.refused} == {
        "SALE": "price_above_compare_at",
        "DEAR": "price_stock_rule_broken",
        404: "unknown_product",
    }
    assert list(Product.objects.order_by("pk").values_list("price", flat=True)) == [
        Decimal(22),
        Decimal(20),
        Decimal(9999),
    ]


def test_change_prices_needs_no_more_queries_for_more_products(merchandiser, count_queries):
    def count(number):
        ids = [product.pk for product in ProductFactory.create_batch(number)]
        return count_queries(
            lambda: change_prices(product_ids=ids, amount=Decimal(1), by=merchandiser, reason="x")
        )

    count(1)

    assert count(2) == count(20)
