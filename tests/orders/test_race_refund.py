"""Refunds by storm: one key pressed eight times, two people at once, and what holds without it."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backoffice import changes, history, steps
from backoffice.idempotency import once
from backoffice.ids import uuid7
from backoffice.models import User
from backoffice.refused import Refused
from orders import services
from orders.models import Order, OrderLine, Payment, PaymentIntent, Refund, SandboxCharge
from tests.orders.banks import SlowBank
from tests.orders.factories import CustomerFactory, ProductFactory, boss, click

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ORDERS = 200
# Through the whole web stack 200 × 8 take more than a minute of CPU: by default fewer go that way,
# and all 200 through the seam that every door has, `once` over the verb.
POSTED_ORDERS = int(os.environ.get("REFUND_STORM_ORDERS", "40"))
PRESSES = 8
PAIRS = 20
CONTROL = 6


@pytest.fixture
def paid_orders():
    def make(number: int) -> list[Order]:
        with click(boss()):
            return completed_orders(number)

    return make


@transaction.atomic
def completed_orders(number: int) -> list[Order]:
    """Return completed orders paid by card, written set-based: the race is about what comes next."""
    mug, customer = ProductFactory(), CustomerFactory()
    orders = history.insert_rows(
        [
            Order(
                number=f"SO-{serial}",
                customer=customer,
                status="completed",
                subtotal=mug.price,
                total=mug.price,
                placed_at=timezone.now(),
            )
            for serial in range(number)
        ]
    )
    history.insert_rows(
        [
            OrderLine(
                order=order, product=mug, sku=mug.sku, name=mug.name, unit_price=mug.price,
                quantity=1, shipped=1,
            )
            for order in orders
        ]
    )  # fmt: skip
    for kind, operation in (("authorised", "authorise"), ("captured", "capture")):
        Payment.objects.bulk_create(
            Payment(
                order=order, kind=kind, amount=order.total, currency="EUR", gateway="sandbox",
                charge=f"ch_{order.pk}", change_set=changes.require(),
            )
            for order in orders
        )  # fmt: skip
        SandboxCharge.objects.bulk_create(
            SandboxCharge(
                key=uuid7().hex, operation=operation, charge=f"ch_{order.pk}", card="tok_visa",
                amount=order.total, currency="EUR", is_done=True, is_approved=True,
            )
            for order in orders
        )  # fmt: skip
    return orders


def together(calls, *, workers=16):
    """Run the calls on real threads, each on a connection of its own; return what each said."""

    def run(call):
        try:
            return call()
        except (Refused, IntegrityError) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, calls))


def at_once(*calls):
    start = threading.Barrier(len(calls))

    def wait(call):
        start.wait(timeout=30)
        return call()

    return together([lambda c=call: wait(c) for call in calls], workers=len(calls))


def press(order: Order, key: str, cookies, amount="") -> int:
    client = Client()
    client.cookies = cookies
    answer = client.post(
        reverse("admin:orders_order_act", args=[order.pk, "refund"]),
        {
            "idempotency_key": key,
            f"lines-{order.lines.get().pk}": "" if amount else "1",
            "amount": amount,
            "reason_code": "goodwill",
        },
        # The answer is a dialog's, not a whole page: this is about the doing.
        headers={"HX-Request": "true"},
    )
    return answer.status_code


def refunded_once_each(number: int) -> None:
    assert Refund.objects.count() == number
    assert Refund.objects.values("order").distinct().count() == number
    assert SandboxCharge.objects.filter(operation="refund", is_approved=True).count() == number
    assert not PaymentIntent.objects.filter(state__in=PaymentIntent.OPEN).exists()


def test_200_orders_with_eight_presses_of_one_key_each_are_refunded_200_times(paid_orders, support):
    orders = paid_orders(ORDERS)
    keys = {order.pk: uuid7().hex for order in orders}

    def press_once(order: Order) -> str:
        return once(
            by=support,
            key=keys[order.pk],
            content={"refund": order.pk},
            work=lambda: refund_all(order, support),
        )

    said = together([lambda o=order: press_once(o) for order in orders for _ in range(PRESSES)])

    refunded_once_each(ORDERS)
    assert {getattr(one, "code", one) for one in said} <= {"completed", "still_running"}
    assert said.count("completed") >= ORDERS


def test_eight_parallel_posts_of_one_dialog_refund_once(paid_orders, support, sign_in):
    orders = paid_orders(POSTED_ORDERS)
    cookies = sign_in(support).cookies
    keys = {order.pk: uuid7().hex for order in orders}

    said = together(
        [lambda o=order: press(o, keys[o.pk], cookies) for order in orders for _ in range(PRESSES)]
    )

    refunded_once_each(POSTED_ORDERS)
    # Each press was answered: done (now or before), or “still being worked on”.
    assert set(said) <= {204, 409}, sorted(set(said))
    assert said.count(204) >= POSTED_ORDERS


def test_without_the_one_key_each_press_is_a_refund_of_its_own(paid_orders, support, sign_in):
    orders = paid_orders(CONTROL)
    cookies = sign_in(support).cookies

    def eight_presses(order):
        return [press(order, uuid7().hex, cookies, amount="1.00") for _ in range(PRESSES)]

    together([lambda o=order: eight_presses(o) for order in orders])

    assert Refund.objects.count() == CONTROL * PRESSES


def refund_all(order: Order, by: User):
    with click(by):
        return services.refund_order(
            order_id=order.pk, by=by, reason_code="other", reason="", notify=False
        ).status


def test_of_two_people_who_refund_at_once_one_does_and_the_other_is_told(
    paid_orders, support, finance
):
    for order in paid_orders(PAIRS):
        said = at_once(
            lambda o=order: refund_all(o, support), lambda o=order: refund_all(o, finance)
        )

        assert said.count("completed") == 1, said
        [refusal] = [one for one in said if one != "completed"]
        assert refusal.code in {"claim_open", "nothing_to_refund"}
    assert Refund.objects.count() == PAIRS


def test_without_the_lock_only_the_database_itself_stands_between(
    paid_orders, support, finance, settings, monkeypatch
):
    settings.PAYMENT_GATEWAY = "tests.orders.banks.SlowBank"
    SlowBank.asked.clear()
    orders = paid_orders(CONTROL)
    both, met = threading.Barrier(2), threading.Event()

    def without_lock(step, ids):
        rows = list(Order.objects.filter(pk__in=list(ids)))
        step.flow.load(rows)
        if not met.is_set():
            # Both have read before either has claimed.
            with suppress(threading.BrokenBarrierError):
                both.wait(timeout=5)
            met.set()
        return rows

    lost = 0
    for order in orders:
        with monkeypatch.context() as patch:
            patch.setattr(steps, "lock", without_lock)
            said = at_once(
                lambda o=order: refund_all(o, support), lambda o=order: refund_all(o, finance)
            )
        lost += sum(one != "completed" for one in said)
        both.reset()
        met.clear()

    # The claim's constraint and the money law hold: nobody was given more than was paid.
    for order in orders:
        given = sum(refund.amount for refund in order.refunds.all())
        assert given <= Decimal("12.50")
    assert lost
