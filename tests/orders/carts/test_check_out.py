"""A cart becomes an order, once, as it was shown; and the customer pays it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice import history
from backoffice.idempotency import KeyReused
from backoffice.models import AuditEvent, ChangeSet
from backoffice.refused import BadValue, NotAllowed, UnknownRow
from catalog.services import NotEnoughStock
from orders import services
from orders.guards import NotChosen
from orders.models import Message, Order
from orders.services import (
    CartChanged,
    CartCheckedOut,
    CartEmpty,
    LinesNotAvailable,
    NoCustomer,
    PaymentDeclined,
)
from orders.signals import order_placed
from tests.catalog.factories import level_of
from tests.orders.carts.conftest import ADDRESS
from tests.orders.factories import CustomerFactory, OrderFactory, boss, click, fresh

pytestmark = [pytest.mark.django_db, pytest.mark.row("O2")]


def reprice(product, price):
    product.refresh_from_db()
    product.price = Decimal(price)
    history.update_rows([product])


def test_check_out_freezes_prices_promises_stock_and_empties_the_cart(cart, ada, mug, check_out):
    order = check_out(cart, ada)

    reprice(mug, "99")
    order = fresh(order)
    line = order.lines.get()
    assert (order.status, order.channel, order.customer_id) == ("pending", "web", ada.pk)
    assert (order.subtotal, order.shipping_fee, order.total) == (
        25,
        Decimal("4.90"),
        Decimal("29.90"),
    )
    assert (line.unit_price, line.committed) == (Decimal("12.50"), 2)
    assert level_of(mug) == (20, 2, 0)
    assert order.shipping_address.city == "Kiel"
    assert (order.contact.email, order.contact.name) == (ada.email, "Ada Lindqvist")
    cart.refresh_from_db()
    assert (cart.order, cart.lines.count()) == (order, 0)
    assert services.cart_of(by=ada) != cart
    assert not Message.objects.exists()


def test_every_row_says_who_and_through_which_door(cart, ada, check_out):
    with click(ada) as change:
        change.channel = "shop"
        order = check_out(cart, ada)

    steps = list(order.history.order_by("pk").values_list("step", "history_user_id"))
    assert steps == [("check_out", ada.pk), ("place", ada.pk)]
    change_set = ChangeSet.objects.latest("pk")
    assert (change_set.action, change_set.actor_kind) == ("orders.check_out", "customer")
    assert AuditEvent.objects.filter(kind="address_recorded").exists()


def test_the_same_key_answers_with_the_same_order(cart, ada, check_out):
    order = check_out(cart, ada)

    # Sent again, the door knows only the new, empty cart.
    assert check_out(services.cart_of(by=ada), ada) == order
    assert Order.objects.count() == 1
    with pytest.raises(KeyReused):
        check_out(cart, ada, shipping={**ADDRESS, "city": "Oslo"})
    with pytest.raises(CartCheckedOut):
        check_out(cart, ada, key="key-2")


@pytest.mark.parametrize("key", ["", "k" * 65, "a\x00b"])
def test_a_key_is_needed(cart, ada, check_out, key):
    with pytest.raises(BadValue):
        check_out(cart, ada, key=key)


def test_an_empty_cart_orders_nothing(ada, check_out):
    with pytest.raises(CartEmpty):
        check_out(services.cart_of(by=ada), ada)


def test_what_changed_since_it_was_shown_is_named(cart, ada, mug, check_out):
    stamp = services.look_at(cart, at=mug.created_at).stamp
    reprice(mug, "13.00")

    with pytest.raises(CartChanged) as refusal:
        check_out(cart, ada, stamp=stamp)

    assert refusal.value.facts == {"lines": "MUG"}
    assert not Order.objects.exists()
    # The key is free again: having looked, the customer presses the same button.
    assert check_out(cart, ada).subtotal == 26


def test_what_is_gone_is_named(cart, ada, mug, check_out):
    OrderFactory(lines=[(mug, 19)])

    with pytest.raises(LinesNotAvailable) as refusal:
        check_out(cart, ada)

    assert "MUG: 2 wanted, 1 available." in refusal.value.message


def test_a_product_taken_off_sale_is_named(cart, ada, mug, check_out):
    mug.refresh_from_db()
    mug.status = "archived"
    history.update_rows([mug])

    with pytest.raises(LinesNotAvailable, match="MUG"):
        check_out(cart, ada)


def test_a_cart_of_somebody_else_is_not_checked_out(cart, check_out):
    with pytest.raises(UnknownRow):
        check_out(cart, CustomerFactory())


def test_staff_do_not_order_from_carts(manager, check_out):
    with pytest.raises(NoCustomer):
        check_out(services.cart_of(by=manager), manager)


def test_an_address_without_a_street_is_refused_and_nothing_is_left(cart, ada, check_out):
    with pytest.raises(BadValue):
        check_out(cart, ada, shipping={"city": "Kiel"})

    assert not Order.objects.exists()
    assert cart.lines.count() == 1


@pytest.mark.row("G8")
def test_the_signal_comes_after_the_commit(
    cart, ada, check_out, django_capture_on_commit_callbacks
):
    heard = []

    def listen(order, **_):
        heard.append(order)

    order_placed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            order = check_out(cart, ada)
            assert not heard
        assert heard == [order]
    finally:
        order_placed.disconnect(listen)


# --- Paying -------------------------------------------------------------------------------------


@pytest.mark.row("O3")
def test_a_payment_processes_the_order_and_confirms_it(cart, ada, check_out):
    order = check_out(cart, ada)

    with click(ada):
        paid = services.pay_order(order_id=order.pk, token="tok_visa", by=ada)

    assert paid.status == "processing"
    assert fresh(order).facts.payment_state(order.total) == "paid"
    assert Message.objects.get().template == "confirmation"
    row = order.history.latest()
    assert (row.step, row.history_user_id) == ("process", ada.pk)


@pytest.mark.row("O3")
def test_a_declined_payment_leaves_the_order_payable(cart, ada, check_out):
    order = check_out(cart, ada)

    with pytest.raises(PaymentDeclined):
        services.pay_order(order_id=order.pk, token="tok_declined", by=ada)

    assert fresh(order).status == "pending"
    assert not Message.objects.exists()
    assert services.pay_order(order_id=order.pk, token="tok_visa", by=ada).status == "processing"


@pytest.mark.row("O3")
@pytest.mark.parametrize("wait", ["held", "large"])
def test_an_order_that_waits_for_us_is_only_reserved(cart, ada, check_out, settings, wait):
    order = check_out(cart, ada)
    if wait == "held":
        services.hold_order(order_id=order.pk, by=boss(), reason="odd address")
    else:
        settings.ORDER_REVIEW_ABOVE = Decimal(20)

    services.pay_order(order_id=order.pk, token="tok_visa", by=ada)

    order = fresh(order)
    assert (order.status, order.facts.payment_state(order.total)) == ("pending", "authorised")
    assert Message.objects.count() == 1


def test_nobody_pays_or_cancels_for_somebody_else(cart, ada, check_out):
    order, eve = check_out(cart, ada), CustomerFactory()

    with pytest.raises(UnknownRow):
        services.pay_order(order_id=order.pk, token="tok_visa", by=eve)
    with pytest.raises(UnknownRow):
        services.cancel_own_order(order_id=order.pk, by=eve, reason_code="other")
    with pytest.raises(NotAllowed):
        services.take_payment(order_id=order.pk, token="tok_visa", by=eve, reason="")
    with pytest.raises(NotAllowed):
        services.cancel_order(order_id=order.pk, by=eve, reason_code="other", reason="")


def test_a_customer_cancels_while_nobody_works_on_it(cart, ada, mug, check_out):
    order = check_out(cart, ada)

    services.cancel_own_order(order_id=order.pk, by=ada, reason_code="changed_mind")

    assert fresh(order).status == "cancelled"
    assert level_of(mug) == (20, 0, 0)


def test_a_customer_cannot_cancel_what_is_processed_nor_keep_goods_off_sale(cart, ada, check_out):
    order = check_out(cart, ada)
    with pytest.raises(NotAllowed):
        services.cancel_order(
            order_id=order.pk, by=ada, reason_code="other", reason="", restock=False
        )
    services.pay_order(order_id=order.pk, token="tok_visa", by=ada)

    with pytest.raises(NotAllowed):
        services.cancel_own_order(order_id=order.pk, by=ada, reason_code="other")


def test_a_customer_takes_no_step_of_staff(cart, ada, check_out):
    order = check_out(cart, ada)

    for step in (services.hold_order, services.process_unpaid_order):
        with pytest.raises(NotAllowed):
            step(order_id=order.pk, by=ada, reason="please")
    with pytest.raises(NotAllowed):
        services.edit_draft(order_id=order.pk, by=ada, reason="", shipping_fee=Decimal(0))


def test_a_draft_that_staff_wrote_is_not_placed_by_its_customer(ada):
    draft = OrderFactory(status="draft", customer=ada)

    with pytest.raises(NotChosen):
        services.place_order(order_id=draft.pk, by=ada, reason="")


def test_a_customer_who_was_deactivated_orders_nothing(cart, ada, check_out):
    ada.is_active = False
    history.update_rows([ada])

    with pytest.raises(NoCustomer):
        check_out(cart, ada)


def test_a_race_for_the_last_units_is_lost_with_a_sentence(cart, ada, mug, check_out, monkeypatch):
    from orders.services.checkout import place_order

    def rival_first(**asked):
        OrderFactory(lines=[(mug, 19)])
        return place_order(**asked)

    monkeypatch.setattr("orders.services.checkout.place_order", rival_first)

    with pytest.raises(NotEnoughStock):
        check_out(cart, ada)
    assert cart.lines.count() == 1
