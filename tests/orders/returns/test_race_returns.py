"""Two people at one return, with real threads; and the same without locks, to see that it matters."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, models

from backoffice.refused import Refused
from catalog.services import stock_drift
from orders import services
from orders.models import Order, Refund, Return
from orders.services import Inspected, LineDraft
from tests.catalog.factories import level_of
from tests.orders.factories import ProductFactory, boss, click, fresh
from tests.orders.returns.doing import inspected, line_of, received, shipped_order

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ROUNDS = 5


def at_once(*verbs):
    """Call each verb in a thread of its own, at the same moment; return what each was told."""
    start = threading.Barrier(len(verbs))

    def act(verb):
        try:
            start.wait(timeout=30)
            with click(boss()):
                verb()
        except (Refused, DatabaseError) as refusal:
            return refusal
        else:
            return "done"
        finally:
            connection.close()

    boss()
    with ThreadPoolExecutor(len(verbs)) as pool:
        return [future.result() for future in [pool.submit(act, verb) for verb in verbs]]


def told(answers):
    return sorted("done" if answer == "done" else answer.code for answer in answers)


@pytest.fixture
def no_locks(monkeypatch):
    monkeypatch.setattr(models.QuerySet, "select_for_update", lambda self, **_: self.all())


def inspect_twice() -> tuple[Order, list[object]]:
    order = shipped_order((ProductFactory(stock=20), 6))
    row = received(order, 2)

    def inspect():
        services.inspect_return(
            return_id=row.pk,
            results={line_of(order).pk: Inspected(sellable=2)},
            by=boss(),
            reason="",
        )

    return order, at_once(inspect, inspect)


def test_of_two_who_inspect_one_return_one_does(db):
    for _ in range(ROUNDS):
        order, answers = inspect_twice()

        assert told(answers) == ["done", "step_not_open"]
        assert line_of(order).returned == 2
        assert level_of(line_of(order).product)[0] == 16
    assert stock_drift() == []


def test_without_locks_both_inspect_and_units_come_from_nowhere(db, no_locks):
    outcomes = [inspect_twice() for _ in range(ROUNDS)]

    assert any(level_of(line_of(order).product)[0] == 18 for order, _answers in outcomes)


def request_twice() -> tuple[Order, list[object]]:
    order = shipped_order()

    def request():
        services.request_return(
            order_id=order.pk, lines={line_of(order).pk: 2}, reason_code="other", by=boss()
        )

    return order, at_once(request, request)


def test_a_unit_is_announced_once(db):
    for _ in range(ROUNDS):
        order, answers = request_twice()

        assert told(answers) in (
            ["done", "nothing_to_return"],
            ["done", "more_than_shipped"],
        )
        assert fresh(order).facts.announced_units == 2


def test_without_locks_a_unit_is_announced_twice(db, no_locks):
    outcomes = [request_twice() for _ in range(ROUNDS)]

    assert any(fresh(order).facts.announced_units == 4 for order, _answers in outcomes)


def test_of_two_who_refund_one_return_one_does(db):
    for _ in range(ROUNDS):
        # The other line's money is there to be taken wrongly.
        order = shipped_order((ProductFactory(), 2), (ProductFactory(price=Decimal(90)), 1))
        row = inspected(order, 2)

        def refund(row: Return = row) -> None:
            services.refund_return(return_id=row.pk, by=boss(), reason="")

        answers = at_once(refund, refund)

        assert told(answers).count("done") == 1, answers
        assert [made.amount for made in Refund.objects.filter(order=order)] == [Decimal("25.00")]


def test_a_return_is_refunded_or_exchanged(db):
    for _ in range(ROUNDS):
        order = shipped_order((ProductFactory(), 2), (ProductFactory(price=Decimal(90)), 1))
        row, pot = inspected(order, 2), ProductFactory(price=Decimal("25.00"))

        def refund(row: Return = row) -> None:
            services.refund_return(return_id=row.pk, by=boss(), reason="")

        def exchange(row: Return = row, key: int = pot.pk) -> None:
            services.exchange_return(
                return_id=row.pk, lines=[LineDraft(key, 1)], by=boss(), reason=""
            )

        answers = at_once(refund, exchange)

        assert told(answers).count("done") == 1, answers
        assert [made.amount for made in Refund.objects.filter(order=order)] == [Decimal("25.00")]
