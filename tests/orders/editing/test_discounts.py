from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from backoffice.refused import BadValue, ReasonMissing, StepNotOpen, UnknownRow
from orders import services
from orders.discounts import Discount
from orders.models import Order
from orders.services import DiscountTooLarge, DiscountUnexplained, LineDraft
from tests.orders.factories import CustomerFactory, OrderFactory, ProductFactory, click, fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    mug = ProductFactory(price=Decimal(10), sku="MUG")
    return OrderFactory(lines=[(mug, 3)], shipping_fee=Decimal(5))


def off_order(order, by, **how):
    with click(by):
        return services.discount_order(
            order_id=order.pk, by=by, **{"reason": "loyal customer", **how}
        )


def off_line(order, by, **how):
    line = order.lines.first()
    with click(by):
        return services.discount_line(
            order_id=order.pk, by=by, **{"line_id": line.pk, "reason": "scratched", **how}
        )


@pytest.mark.row("O7")
def test_an_amount_comes_off_the_order_with_its_reason(order, support):
    off_order(order, support, amount=Decimal("7.50"))

    after = fresh(order)
    assert (after.discount, after.discount_reason) == (Decimal("7.50"), "loyal customer")
    assert (after.subtotal, after.total) == (Decimal(30), Decimal("27.50"))


def test_a_percentage_is_of_the_goods_without_shipping_and_rounds_half_a_cent_up(support):
    cup = ProductFactory(price=Decimal("0.35"))
    order = OrderFactory(lines=[(cup, 1)], shipping_fee=Decimal(5))

    off_order(order, support, percent=Decimal(10))

    assert (fresh(order).discount, fresh(order).total) == (Decimal("0.04"), Decimal("5.31"))


@pytest.mark.row("O7")
def test_a_line_discount_is_in_the_subtotal(order, support):
    off_line(order, support, percent=Decimal(10))

    after, line = fresh(order), order.lines.get()
    assert (line.discount, line.discount_percent, line.total) == (3, 10, 27)
    assert (after.subtotal, after.discount, after.total) == (Decimal(27), 0, Decimal(32))
    assert line.history.latest("history_id").step == "discount_line"


def test_a_second_discount_takes_the_place_of_the_first_and_none_takes_it_away(order, support):
    off_order(order, support, percent=Decimal(50))
    off_order(order, support, amount=Decimal(1))
    assert (fresh(order).discount, fresh(order).discount_percent) == (Decimal(1), None)

    off_order(order, support, reason="a mistake")

    assert (fresh(order).discount, fresh(order).discount_reason) == (0, "")


def test_an_order_may_cost_nothing_but_not_less(order, support):
    off_order(order, support, amount=Decimal(35))
    assert fresh(order).total == 0

    with pytest.raises(DiscountTooLarge) as refusal:
        off_order(order, support, amount=Decimal("35.01"))

    assert "a discount of 35.01 EUR is more than the 35.00 it is off" in refusal.value.message


def test_a_line_discount_is_never_more_than_the_line(order, support):
    with pytest.raises(DiscountTooLarge, match=r"MUG: a discount of 30\.01 EUR"):
        off_line(order, support, amount=Decimal("30.01"))


def test_a_line_discount_under_which_the_orders_own_no_longer_fits_is_refused(order, support):
    off_order(order, support, amount=Decimal(34))

    with pytest.raises(DiscountTooLarge):
        off_line(order, support, amount=Decimal(2))

    assert order.lines.get().discount == 0


@pytest.mark.parametrize(
    "how",
    [
        {"amount": Decimal(-1)},
        {"amount": Decimal("0.001")},
        {"amount": Decimal("NaN")},
        {"amount": Decimal("Infinity")},
        {"percent": Decimal("100.01")},
        {"percent": Decimal(-5)},
        {"percent": Decimal(10), "amount": Decimal(1)},
    ],
)
def test_what_is_no_discount_is_refused_with_words(how, order, support):
    with pytest.raises(BadValue, match="Discount"):
        off_order(order, support, **how)
    with pytest.raises(BadValue, match="Discount"):
        off_line(order, support, **how)


def test_a_discount_needs_a_reason_that_fits_beside_the_sum(order, support):
    with pytest.raises(ReasonMissing):
        off_order(order, support, amount=Decimal(1), reason="")
    with pytest.raises(ReasonMissing):
        off_line(order, support, amount=Decimal(1), reason=" ")
    with pytest.raises(BadValue, match="at most 200 characters"):
        off_order(order, support, amount=Decimal(1), reason="x" * 201)


def test_a_line_of_another_order_is_unknown(order, support):
    with pytest.raises(UnknownRow, match="There is no line"):
        off_line(order, support, line_id=OrderFactory().lines.get().pk, amount=Decimal(1))


@pytest.mark.parametrize("status", ["processing", "completed", "cancelled"])
def test_discounts_end_with_processing(status, support):
    order = OrderFactory(status=status)

    with pytest.raises(StepNotOpen):
        off_order(order, support, amount=Decimal(1))
    with pytest.raises(StepNotOpen):
        off_line(order, support, amount=Decimal(1))


def test_a_draft_is_written_with_discounts_and_placing_prices_them_anew(support):
    mug = ProductFactory(price=Decimal(10))
    with click(support):
        draft = services.write_order(
            customer_id=CustomerFactory().pk,
            lines=[LineDraft(mug.pk, 2, Discount(percent=Decimal(10), reason="scratched"))],
            shipping_fee=Decimal(0),
            channel="phone",
            discount=Discount(amount=Decimal(3), reason="loyal"),
            by=support,
            reason="",
        )
    assert (draft.subtotal, draft.total) == (Decimal(18), Decimal(15))
    mug.price = Decimal(20)
    mug.save()

    with click(support):
        services.place_order(order_id=draft.pk, by=support, reason="")

    assert (fresh(draft).subtotal, fresh(draft).total) == (Decimal(36), Decimal(33))


def test_placing_refuses_a_line_that_became_cheaper_than_its_discount(support):
    mug = ProductFactory(price=Decimal(10), sku="MUG")
    order = OrderFactory(status="draft", lines=[(mug, 1)])
    off_line(order, support, amount=Decimal(8))
    mug.price = Decimal(7)
    mug.save()

    with pytest.raises(DiscountTooLarge, match="MUG"), click(support):
        services.place_order(order_id=order.pk, by=support, reason="")

    assert fresh(order).status == "draft"


def test_a_drafts_discount_needs_its_reason(support):
    order = OrderFactory(status="draft")

    with pytest.raises(DiscountUnexplained), click(support):
        services.edit_draft(
            order_id=order.pk, discount=Discount(amount=Decimal(1)), by=support, reason="x"
        )


def test_the_database_refuses_a_line_discount_above_the_line(order):
    line = order.lines.get()
    line.discount = line.gross + 1

    with pytest.raises(IntegrityError), transaction.atomic():
        line.save()

    assert Order.objects.get(pk=order.pk).total == order.total
