"""Cancel against process, with real threads and a bank that takes its time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.utils import timezone

from backoffice import changes, history
from backoffice.models import User
from backoffice.refused import Refused
from catalog.services import Wanted, commit_stock
from orders import services
from orders.facts import load_facts
from orders.models import Order, OrderLine, Payment, PaymentIntent
from tests.orders.banks import SlowBank
from tests.orders.factories import CustomerFactory, ProductFactory, boss, click

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ORDERS = 150
CONTROL_ORDERS = 30


@pytest.fixture
def paid_orders(settings):
    def make(number: int) -> list[Order]:
        settings.PAYMENT_GATEWAY = "tests.orders.banks.SlowBank"
        SlowBank.asked.clear()
        with click(boss()):
            return authorised_orders(number)

    return make


@transaction.atomic
def authorised_orders(number: int) -> list[Order]:
    """Return pending orders with stock promised and money authorised, written set-based: the
    race is about what comes next, and three verbs for each order would take most of its time.
    """
    mug, customer = ProductFactory(stock=number), CustomerFactory()
    orders = history.insert_rows(
        [
            Order(
                number=f"SO-{serial}",
                customer=customer,
                status="pending",
                subtotal=mug.price,
                total=mug.price,
                placed_at=timezone.now(),
            )
            for serial in range(number)
        ]
    )
    lines = [
        OrderLine(
            order=order,
            product=mug,
            sku=mug.sku,
            name=mug.name,
            unit_price=mug.price,
            quantity=1,
            committed=1,
        )
        for order in orders
    ]
    places = commit_stock(wanted=[Wanted(mug.pk, 1, "order_line", line.uuid) for line in lines])
    for line in lines:
        line.location_id = places[line.uuid]
    history.insert_rows(lines)
    Payment.objects.bulk_create(
        Payment(
            order=order,
            kind="authorised",
            amount=order.total,
            currency="EUR",
            gateway="slow",
            charge=f"ch_{order.pk}",
            change_set=changes.require(),
        )
        for order in orders
    )
    return orders


def duel(orders: list[Order], support: User, manager: User) -> list[tuple[object, object]]:
    """Let two people act on each order at the same moment; return what each of them was told.

    Both act on the version that they are looking at.
    """
    start = threading.Barrier(2)

    def acts(verb: str, by: User, **more) -> list[object]:
        told: list[object] = []
        try:
            for order in orders:
                start.wait(timeout=30)
                try:
                    with click(by):
                        getattr(services, verb)(
                            order_id=order.pk, by=by, version=order.version, **more
                        )
                    told.append("done")
                except Refused as refusal:
                    told.append(refusal)
        finally:
            connection.close()
        return told

    with ThreadPoolExecutor(2) as pool:
        processing = pool.submit(acts, "process_order", support, reason="")
        cancelling = pool.submit(
            acts, "cancel_order", manager, reason="", reason_code="changed_mind", notify=False
        )
        return list(zip(processing.result(), cancelling.result(), strict=True))


def wronged(orders: list[Order]) -> list[Order]:
    """Return the orders whose money and state contradict each other."""
    found = list(Order.objects.filter(pk__in=[order.pk for order in orders]))
    load_facts(found)
    at_bank = {charge for operation, charge in SlowBank.asked if operation == "capture"}
    returned = {charge for operation, charge in SlowBank.asked if operation in {"void", "refund"}}
    wrong = []
    for order in found:
        (charge,) = order.facts.charges
        kept = charge.charge in at_bank and charge.charge not in returned
        money_is_right = {
            "cancelled": not kept and order.facts.net_paid == 0 and charge.charge not in at_bank,
            "processing": kept and order.facts.net_paid == order.total,
        }
        if not money_is_right.get(order.status, False):
            wrong.append(order)
    return wrong


def test_no_order_ends_captured_and_cancelled(paid_orders, support, manager):
    orders = paid_orders(ORDERS)

    told = duel(orders, support, manager)

    assert wronged(orders) == []
    winners = [sum(one == "done" for one in pair) for pair in told]
    assert winners == [1] * ORDERS
    losers = [one for pair in told for one in pair if one != "done"]
    assert {loser.code for loser in losers} <= {"claim_open", "stale_version", "step_not_open"}
    assert all(loser.http_status == 409 and loser.message for loser in losers)
    # Otherwise the two never met, and the test has shown nothing.
    assert any(loser.code == "claim_open" for loser in losers)
    rows = [order.history.filter(step__in=("process", "cancel")).count() for order in orders]
    assert rows == [1] * ORDERS
    assert not PaymentIntent.objects.filter(settled_at=None).exists()


@pytest.fixture
def no_claims(monkeypatch) -> Iterator[None]:
    """Switch the claim off: no step sees an open intent, and the database holds none against two."""
    (constraint,) = PaymentIntent._meta.constraints
    with connection.schema_editor() as editor:
        editor.remove_constraint(PaymentIntent, constraint)
    monkeypatch.setattr(PaymentIntent, "OPEN", ())
    yield
    PaymentIntent.objects.filter(settled_at=None).update(state="not_sent")
    with connection.schema_editor() as editor:
        editor.add_constraint(PaymentIntent, constraint)


def test_without_the_claim_money_and_state_come_apart(paid_orders, support, manager, no_claims):
    orders = paid_orders(CONTROL_ORDERS)

    duel(orders, support, manager)

    assert len(wronged(orders)) > CONTROL_ORDERS // 3
