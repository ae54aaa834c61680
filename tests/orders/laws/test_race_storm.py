"""Thirty-two people at once over few products: nothing oversold, no law broken, nobody waits for ever.

PostgreSQL only: SQLite has one writer, and so no race.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import models

from catalog.services import promises
from orders.models import Order
from tests.catalog.threads import in_threads
from tests.orders.factories import CustomerFactory, ProductFactory, boss
from tests.orders.laws.laws import broken_laws
from tests.orders.laws.street import STEPS, Street

THREADS = 32
STEPS_IN_ALL = 2_000
# A quarter of the steps places new orders, so that the shelf is always fought over.
NAMES = [*STEPS, *["place"] * 4, *["pay and process"] * 4, *["ship"] * 2, *["cancel"] * 2]

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def storm(seed: int, steps_in_all: int = STEPS_IN_ALL) -> tuple[list[str], list[object]]:
    """Let threads take random steps on the same orders; return broken laws, and what broke them.

    The second list: errors that are no refusals, as a user would have seen them.
    """
    products = [ProductFactory(stock=60), ProductFactory(stock=40), ProductFactory(stock=25)]
    by, customer = boss(), CustomerFactory()
    orders: list[int] = []
    grown = threading.Lock()

    def person(number: int) -> None:
        dice = random.Random(seed * 1_000 + number)
        street = Street(by=by, customer=customer, products=products)
        for _ in range(steps_in_all // THREADS + 1):
            with grown:
                # Everybody works on the newest orders, whoever placed them.
                street.orders = orders[-6:]
            known = set(street.orders)
            name = dice.choice(NAMES)
            which, units = dice.randrange(6), dice.randrange(3)
            street.most_orders = len(street.orders) + 1
            street.take(name, which, units, flag=dice.random() < 0.5)
            with grown:
                orders.extend(pk for pk in street.orders if pk not in known)

    errors = [error for error in in_threads(person, THREADS) if error is not None]
    return broken_laws(list(Order.objects.values_list("pk", flat=True))), errors


def test_a_storm_breaks_no_law_and_shows_no_deadlock() -> None:
    broken, errors = storm(seed=1)

    assert broken == []
    assert errors == []
    assert Order.objects.count() > THREADS


def test_the_same_storm_without_locks_breaks_something(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: were it whole without the locks, the test above would prove nothing."""
    with _no_locks(monkeypatch):
        broken, errors = storm(seed=1)

    assert broken or errors


@contextmanager
def _no_locks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Turn every row lock of the trade into a plain read."""
    monkeypatch.setattr(promises, "promise", lambda wanted: None)
    monkeypatch.setattr(models.QuerySet, "select_for_update", lambda self, **_options: self.all())
    yield
    monkeypatch.undo()
