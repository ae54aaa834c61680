from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission

from backoffice.refused import BadValue, NotAllowed, StaleVersion, StepNotOpen, UnknownRow
from catalog.models import Product, StockLevel, StockMovement
from catalog.services import NotEnoughStock
from orders import services
from orders.discounts import Discount
from orders.guards import ClaimOpen, OrderEmpty
from orders.models import OrderLine
from orders.services import LineDraft
from tests.catalog.factories import LocationFactory, put_on_shelf
from tests.orders.factories import OrderFactory, ProductFactory, boss, click, fresh, pay

pytestmark = pytest.mark.django_db


def edit(order, by, **changes):
    with click(by):
        return services.edit_order(order_id=order.pk, by=by, reason="she called", **changes)


def committed(product: Product) -> int:
    return sum(StockLevel.objects.filter(product=product).values_list("committed", flat=True))


def units(order) -> dict[int, tuple[int, int]]:
    """Return (quantity, committed) by product."""
    return {line.product_id: (line.quantity, line.committed) for line in order.lines.all()}


def archive(product: Product) -> None:
    product.status = "archived"
    product.save()


def test_edit_order_adds_removes_and_changes_lines_with_their_stock(support):
    mug, pot, pan = (ProductFactory(price=Decimal(p)) for p in (10, 20, 30))
    order = OrderFactory(lines=[(mug, 2), (pot, 3)], shipping_fee=Decimal(5))

    edit(order, support, lines=[LineDraft(mug.pk, 5), LineDraft(pan.pk, 1)])

    edited = fresh(order)
    assert units(edited) == {mug.pk: (5, 5), pan.pk: (1, 1)}
    assert (edited.subtotal, edited.total) == (Decimal(80), Decimal(85))
    assert [committed(product) for product in (mug, pot, pan)] == [5, 0, 1]
    assert edited.version == order.version + 1


def test_edit_order_moves_only_the_difference_of_stock(support):
    mug = ProductFactory()
    order = OrderFactory(lines=[(mug, 2)])

    with click(support) as change:
        services.edit_order(
            order_id=order.pk, lines=[LineDraft(mug.pk, 5)], by=support, reason="more"
        )

    (move,) = StockMovement.objects.filter(change_set=change.row())
    assert (move.kind, move.committed_delta) == ("commit", 3)
    (row,) = order.history.filter(change_set=change.row())
    assert (row.step, row.change_set.note) == ("edit", "more")
    (line,) = OrderLine.history.filter(change_set=change.row())
    assert (line.step, line.quantity, line.committed) == ("edit", 5, 5)


def test_what_stays_keeps_its_frozen_price_and_what_is_added_has_the_price_of_now(support):
    mug, pot = ProductFactory(price=Decimal(10)), ProductFactory(price=Decimal(20))
    order = OrderFactory(lines=[(mug, 1)])
    mug.price, pot.price = Decimal(99), Decimal(25)
    mug.save()
    pot.save()

    edit(order, support, lines=[LineDraft(mug.pk, 2), LineDraft(pot.pk, 1)])

    prices = dict(order.lines.values_list("product", "unit_price"))
    assert prices == {mug.pk: Decimal(10), pot.pk: Decimal(25)}


def test_not_enough_stock_names_the_sku_and_leaves_order_and_stock_as_they_were(support):
    mug, rare = ProductFactory(sku="MUG"), ProductFactory(sku="RARE", stock=3)
    order = OrderFactory(lines=[(mug, 4), (rare, 1)])
    before = fresh(order)

    with pytest.raises(NotEnoughStock) as refusal:
        edit(order, support, lines=[LineDraft(mug.pk, 1), LineDraft(rare.pk, 4)])

    assert refusal.value.message == "RARE: 4 wanted, 3 available."
    after = fresh(order)
    assert units(after) == {mug.pk: (4, 4), rare.pk: (1, 1)}
    assert (after.total, after.version) == (before.total, before.version)
    assert (committed(mug), committed(rare)) == (4, 1)


def test_a_line_that_its_location_cannot_serve_moves_whole_to_another_one(support):
    mug = ProductFactory(stock=3)
    order = OrderFactory(lines=[(mug, 2)])
    annex = LocationFactory(name="Annex", priority=9)
    put_on_shelf(mug, 10, location=annex)

    edit(order, support, lines=[LineDraft(mug.pk, 6)])

    line = order.lines.get()
    assert (line.location, line.committed) == (annex, 6)
    levels = StockLevel.objects.filter(product=mug).order_by("location__priority")
    assert sorted(level.committed for level in levels) == [0, 6]


def test_edit_order_refuses_an_order_without_lines(support):
    order = OrderFactory()

    with pytest.raises(OrderEmpty, match="Cancel the order instead"):
        edit(order, support, lines=[])


@pytest.mark.parametrize("status", ["draft", "processing", "completed", "cancelled"])
def test_edit_order_is_only_for_pending_orders(status, support):
    order = OrderFactory(status=status)

    with pytest.raises(StepNotOpen, match="“Edit” is only possible from pending"):
        edit(order, support, shipping_fee=Decimal(1))


def test_a_held_order_is_edited(support):
    order = OrderFactory()
    with click(support):
        services.hold_order(order_id=order.pk, by=support, reason="wrong size")

    edit(order, support, shipping_fee=Decimal("9.00"))

    edited = fresh(order)
    assert edited.is_held
    assert edited.total == Decimal("34.00")


def test_edit_order_waits_for_the_bank(support):
    order = OrderFactory()
    with click(boss()), pytest.raises(services.PaymentInDoubt):
        services.take_payment(order_id=order.pk, token="tok_timeout", by=boss(), reason="")

    with pytest.raises(ClaimOpen):
        edit(order, support, shipping_fee=Decimal(0))


def test_edit_order_refuses_a_stale_version_and_writes_nothing(support):
    mug = ProductFactory()
    order = OrderFactory(lines=[(mug, 2)])
    edit(order, support, shipping_fee=Decimal(1))

    with pytest.raises(StaleVersion):
        edit(order, support, lines=[LineDraft(mug.pk, 9)], version=order.version)

    assert units(fresh(order)) == {mug.pk: (2, 2)}
    assert committed(mug) == 2


def test_an_archived_product_does_not_keep_the_rest_from_being_edited_and_sent(support, manager):
    old, mug = ProductFactory(sku="OLD"), ProductFactory()
    order = OrderFactory(lines=[(old, 2), (mug, 1)])
    archive(old)

    edit(order, support, lines=[LineDraft(old.pk, 2), LineDraft(mug.pk, 3)])
    with pytest.raises(services.NotForSale, match="OLD is archived"):
        edit(order, support, lines=[LineDraft(old.pk, 3), LineDraft(mug.pk, 3)])
    edit(order, support, lines=[LineDraft(old.pk, 1), LineDraft(mug.pk, 3)])

    assert units(fresh(order)) == {old.pk: (1, 1), mug.pk: (3, 3)}
    pay(order)
    with click(manager):
        services.process_order(order_id=order.pk, by=manager, reason="")
    with click(manager):
        services.ship_order(order_id=order.pk, by=manager, reason="")
    assert fresh(order).status == "completed"


def test_an_archived_product_is_not_added(support):
    old = ProductFactory(sku="OLD")
    order = OrderFactory()
    archive(old)
    (line,) = order.lines.all()

    with pytest.raises(services.NotForSale, match="OLD is archived"):
        edit(order, support, lines=[LineDraft(line.product_id, 2), LineDraft(old.pk, 1)])


def test_two_lines_of_one_product_are_told_apart_by_their_ids(support):
    mug = ProductFactory(price=Decimal(10))
    order = OrderFactory(lines=[(mug, 2)])
    first = order.lines.get()
    dearer = OrderLine(
        order=order, product=mug, sku=mug.sku, name=mug.name, unit_price=Decimal(12), quantity=1
    )
    dearer.save()

    edit(
        order,
        support,
        lines=[LineDraft(mug.pk, 2, line_id=first.pk), LineDraft(mug.pk, 3, line_id=dearer.pk)],
    )

    assert fresh(order).subtotal == Decimal(56)
    assert [line.quantity for line in order.lines.order_by("pk")] == [2, 3]


def test_a_line_of_another_order_is_unknown(support):
    order, other = OrderFactory(), OrderFactory()
    line = other.lines.get()

    with pytest.raises(UnknownRow, match="There is no line"):
        edit(order, support, lines=[LineDraft(line.product_id, 1, line_id=line.pk)])


def test_units_that_a_refund_took_off_cannot_be_edited_away(support):
    mug, pot = ProductFactory(sku="MUG"), ProductFactory()
    order = OrderFactory(lines=[(mug, 3), (pot, 1)])
    line = order.lines.get(product=mug)
    line.cancelled, line.committed = 2, 1
    line.save()

    for lines in ([LineDraft(mug.pk, 1), LineDraft(pot.pk, 1)], [LineDraft(pot.pk, 1)]):
        with pytest.raises(services.LineBound, match="MUG: 2 of its units are cancelled"):
            edit(order, support, lines=lines)
    edit(order, support, lines=[LineDraft(mug.pk, 2), LineDraft(pot.pk, 1)])

    assert units(fresh(order))[mug.pk] == (2, 0)


@pytest.mark.parametrize("quantity", [0, -1, True, 100_001])
def test_edit_order_refuses_what_is_no_number_of_units(quantity, support):
    order = OrderFactory()
    line = order.lines.get()

    with pytest.raises(BadValue, match="Quantity"):
        edit(order, support, lines=[LineDraft(line.product_id, quantity)])


def test_edit_order_gives_discounts_only_with_the_permission_for_them(make_user):
    clerk = make_user("", email="clerk@example.com")
    clerk.user_permissions.add(Permission.objects.get(codename="change_order"))
    order = OrderFactory()

    with pytest.raises(NotAllowed, match="give discounts"):
        edit(order, clerk, discount=Discount(amount=Decimal(1), reason="nice"))
    edit(order, clerk, shipping_fee=Decimal(0))


def test_a_share_follows_the_lines_without_the_permission_for_discounts(support, make_user):
    clerk = make_user("", email="clerk@example.com")
    clerk.user_permissions.add(Permission.objects.get(codename="change_order"))
    mug = ProductFactory(price=Decimal(10))
    order = OrderFactory(lines=[(mug, 2)], shipping_fee=Decimal(0))
    with click(support):
        services.discount_order(
            order_id=order.pk, percent=Decimal(10), by=support, reason="loyal customer"
        )

    edit(order, clerk, lines=[LineDraft(mug.pk, 5)])

    assert (fresh(order).discount, fresh(order).total) == (Decimal(5), Decimal(45))


def test_edit_order_asks_the_database_no_more_for_many_lines(
    support, django_assert_max_num_queries
):
    products = [ProductFactory() for _ in range(12)]
    order = OrderFactory(lines=[(product, 2) for product in products[:8]])
    support.has_perm("orders.change_order")

    with click(support), django_assert_max_num_queries(55):
        services.edit_order(
            order_id=order.pk,
            by=support,
            reason="",
            lines=[LineDraft(product.pk, 3) for product in products],
        )
