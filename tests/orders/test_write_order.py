from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from backoffice.refused import BadValue, StaleVersion, UnknownRow
from catalog.models import StockLevel
from orders import services
from orders.models import OrderLine
from orders.services import LineDraft, NotADraft, NotForSale, OtherCurrency
from tests.orders.factories import CustomerFactory, OrderFactory, ProductFactory, click, fresh

pytestmark = pytest.mark.django_db


def write(by, lines, *, customer=None, shipping_fee=Decimal("4.90"), channel="phone"):
    with click(by):
        return services.write_order(
            customer_id=(customer or CustomerFactory()).pk,
            lines=lines,
            shipping_fee=shipping_fee,
            channel=channel,
            by=by,
            reason="called in",
        )


def edit(order, by, **changes):
    with click(by):
        return services.edit_draft(order_id=order.pk, by=by, reason="called again", **changes)


def test_write_order_makes_a_priced_draft_with_one_history_row_each(support):
    mug, pot = ProductFactory(price=Decimal(10)), ProductFactory(price=Decimal(25))

    order = write(support, [LineDraft(mug.pk, 2), LineDraft(pot.pk, 1)])

    assert (order.status, order.number) == ("draft", None)
    assert (order.subtotal, order.total) == (Decimal(45), Decimal("49.90"))
    (row,) = order.history.all()
    assert (row.step, row.history_user_id) == ("write", support.pk)
    assert OrderLine.history.filter(order_id=order.pk, history_type="+").count() == 2
    assert StockLevel.objects.get(product=mug).committed == 0


def test_write_order_adds_up_a_product_that_is_named_twice(support):
    mug = ProductFactory()

    order = write(support, [LineDraft(mug.pk, 2), LineDraft(mug.pk, 3)])

    assert [line.quantity for line in order.lines.all()] == [5]


@pytest.mark.parametrize("quantity", [0, -1, 1.5, True, 100_001])
def test_write_order_refuses_what_is_no_number_of_units(support, quantity):
    mug = ProductFactory()

    with pytest.raises(BadValue, match="Quantity"):
        write(support, [LineDraft(mug.pk, quantity)])


@pytest.mark.parametrize("fee", ["-0.01", "0.001", "NaN", "Infinity", "1e9"])
def test_write_order_refuses_a_shipping_fee_that_is_no_money(support, fee):
    with pytest.raises(BadValue, match="Shipping"):
        write(support, [], shipping_fee=Decimal(fee))


def test_write_order_refuses_an_absurd_sum(support):
    yacht = ProductFactory(price=Decimal("9999999.99"), stock=1)

    with pytest.raises(BadValue, match="the sum is too large"):
        write(support, [LineDraft(yacht.pk, 100_000)])


def test_write_order_refuses_an_unknown_channel_customer_or_product(support):
    with pytest.raises(BadValue, match="Channel"):
        write(support, [], channel="fax")
    with pytest.raises(BadValue, match="there is no such product"):
        write(support, [LineDraft(987654, 1)])
    with pytest.raises(UnknownRow, match="There is no customer"), click(support):
        services.write_order(
            customer_id=uuid.uuid4(),
            lines=[],
            shipping_fee=Decimal(0),
            channel="web",
            by=support,
            reason="",
        )


def test_write_order_refuses_staff_as_customer(support, manager):
    with pytest.raises(UnknownRow):
        write(support, [], customer=manager)


def test_write_order_refuses_what_is_not_for_sale(support):
    with pytest.raises(NotForSale):
        write(support, [LineDraft(ProductFactory(status="archived").pk, 1)])
    with pytest.raises(OtherCurrency, match="is priced in USD; the order is in EUR"):
        write(support, [LineDraft(ProductFactory(currency="USD").pk, 1)])


def test_edit_draft_replaces_the_whole_set_of_lines_and_adds_up_again(support):
    mug, pot, pan = (ProductFactory(price=Decimal(p)) for p in (10, 20, 30))
    order = OrderFactory(status="draft", lines=[(mug, 1), (pot, 1)], shipping_fee=Decimal(5))

    edit(order, support, lines=[LineDraft(pot.pk, 4), LineDraft(pan.pk, 1)])

    edited = fresh(order)
    assert {line.product_id: line.quantity for line in edited.lines.all()} == {pot.pk: 4, pan.pk: 1}
    assert (edited.subtotal, edited.total) == (Decimal(110), Decimal(115))
    assert edited.version == order.version + 1
    kinds = OrderLine.history.filter(order_id=order.pk, history_user_id=support.pk)
    assert sorted(kinds.values_list("history_type", flat=True)) == ["+", "-", "~"]


def test_edit_draft_that_changes_nothing_writes_nothing(support):
    mug = ProductFactory()
    order = OrderFactory(status="draft", lines=[(mug, 2)])
    rows = order.history.count()

    edit(order, support, lines=[LineDraft(mug.pk, 2)], channel=order.channel)

    assert fresh(order).version == order.version
    assert order.history.count() == rows


def test_edit_draft_that_only_swaps_products_of_one_price_moves_the_version(support):
    mug, pot = ProductFactory(price=Decimal(10)), ProductFactory(price=Decimal(10))
    order = OrderFactory(status="draft", lines=[(mug, 1)])

    edit(order, support, lines=[LineDraft(pot.pk, 1)])

    assert fresh(order).version == order.version + 1


def test_edit_draft_refuses_a_stale_version_and_leaves_all_as_it_is(support):
    order = OrderFactory(status="draft")
    edit(order, support, channel="web")

    with pytest.raises(StaleVersion) as refusal:
        edit(order, support, lines=[], version=order.version)

    assert refusal.value.http_status == 409
    assert fresh(order).lines.count() == 1


def test_edit_draft_refuses_a_placed_order(support):
    order = OrderFactory(status="pending")

    with pytest.raises(NotADraft) as refusal:
        edit(order, support, lines=[])

    assert refusal.value.message == f"{order.number} is pending; only drafts can be rewritten."


def test_a_new_customer_takes_the_old_ones_address_off_the_draft(support):
    order = OrderFactory(status="draft")
    with click(support):
        services.address_order(
            order_id=order.pk,
            by=support,
            reason="",
            shipping_address_id=order.customer.address_records.get().pk,
        )

    edit(order, support, customer_id=CustomerFactory().pk)

    assert fresh(order).shipping_address is None


def test_address_draft_refuses_another_customers_record(support):
    order = OrderFactory(status="draft")
    other = CustomerFactory().address_records.get()

    with pytest.raises(UnknownRow, match="There is no address"), click(support):
        services.address_order(
            order_id=order.pk, billing_address_id=other.pk, by=support, reason=""
        )
