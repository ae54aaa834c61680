"""Edits and merges at the same moment, with real threads; and the same with the lock off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum

from backoffice.refused import Refused
from catalog.models import Product, StockLevel, StockMovement
from catalog.services import locks
from orders import services
from orders.models import Order, OrderLine
from orders.services import LineDraft
from tests.orders.factories import CustomerFactory, OrderFactory, ProductFactory, boss, click, fresh

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ROUNDS = 12
CONTROL_ROUNDS = 8


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Let each act begin at the same moment; return what each was told."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=30)
            with click(boss()):
                act()
        except Refused as refusal:
            return refusal
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return [told.result() for told in [pool.submit(run, act) for act in acts]]


def set_lines(order: Order, lines: list[LineDraft], version: int | None = None) -> Any:
    return lambda: services.edit_order(
        order_id=order.pk, lines=lines, by=boss(), reason="", version=version
    )


def stock_is_exact(product: Product) -> bool:
    """Tell whether level, movements and lines agree, and no unit was promised twice."""
    level = StockLevel.objects.get(product=product)
    moved = StockMovement.objects.filter(product=product).aggregate(n=Sum("committed_delta"))["n"]
    promised = OrderLine.objects.filter(product=product).aggregate(n=Sum("committed"))["n"] or 0
    return level.committed == moved == promised and level.available >= 0


def test_of_two_editors_with_one_version_one_wins_and_the_other_is_told():
    boss()
    for _ in range(ROUNDS):
        mug = ProductFactory()
        order = OrderFactory(lines=[(mug, 2)])

        told = at_once(
            set_lines(order, [LineDraft(mug.pk, 5)], order.version),
            set_lines(order, [LineDraft(mug.pk, 3)], order.version),
        )

        assert [one == "done" for one in told].count(True) == 1
        assert {one.code for one in told if one != "done"} == {"stale_version"}
        assert fresh(order).version == order.version + 1
        assert stock_is_exact(mug)


def test_two_editors_without_versions_leave_one_whole_set_of_lines():
    boss()
    for _ in range(ROUNDS):
        mug, pot = ProductFactory(price=Decimal(10)), ProductFactory(price=Decimal(20))
        order = OrderFactory(lines=[(mug, 2)], shipping_fee=Decimal(0))

        at_once(
            set_lines(order, [LineDraft(mug.pk, 5), LineDraft(pot.pk, 1)]),
            set_lines(order, [LineDraft(pot.pk, 4)]),
        )

        after = fresh(order)
        lines = {line.product_id: line.quantity for line in after.lines.all()}
        assert lines in ({mug.pk: 5, pot.pk: 1}, {pot.pk: 4})
        assert after.total == sum(line.total for line in after.lines.all())
        assert stock_is_exact(mug)
        assert stock_is_exact(pot)


def last_units(rounds: int) -> list[tuple[Product, list[Any]]]:
    """Let an edit and a placing want the same last units."""
    found = []
    for _ in range(rounds):
        rare = ProductFactory(stock=5)
        edited = OrderFactory(lines=[(rare, 2)])
        draft = OrderFactory(status="draft", lines=[(rare, 3)])
        told = at_once(
            set_lines(edited, [LineDraft(rare.pk, 5)]),
            lambda draft=draft: services.place_order(order_id=draft.pk, by=boss(), reason=""),
        )
        found.append((rare, told))
    return found


def test_an_edit_and_a_placing_never_promise_the_last_units_twice():
    boss()

    for rare, told in last_units(ROUNDS):
        assert stock_is_exact(rare)
        assert [one == "done" for one in told].count(True) == 1
        assert {one.code for one in told if one != "done"} == {"not_enough_stock"}


@pytest.fixture
def no_stock_lock(monkeypatch) -> Iterator[None]:
    """Read levels without a lock, and let both readers read before either writes."""
    real = locks.levels_for_update
    met = threading.Barrier(2)

    def read_only(products: Any, places: Any) -> Any:
        wanted = StockLevel.objects.filter(product__in=set(products), location__in=set(places))
        levels = {(level.product_id, level.location_id): level for level in wanted}
        try:
            met.wait(timeout=0.5)
        except threading.BrokenBarrierError:
            met.reset()
        return levels

    monkeypatch.setattr(locks, "levels_for_update", read_only)
    yield
    monkeypatch.setattr(locks, "levels_for_update", real)


def test_without_the_lock_the_last_units_are_wanted_twice(no_stock_lock):
    """The database's own CHECK is what refuses then: an error page in place of a sentence."""
    boss()
    with pytest.raises(Exception, match=r"stock_level|available|check constraint"):
        last_units(CONTROL_ROUNDS)


def test_the_same_pair_is_merged_once_whichever_way_round():
    boss()
    for _ in range(ROUNDS):
        mug, customer = ProductFactory(), CustomerFactory()
        one, other = (OrderFactory(customer=customer, lines=[(mug, n)]) for n in (2, 3))

        def merge(keep: Order, absorb: Order) -> Any:
            return lambda: services.merge_orders(
                keep_id=keep.pk, absorb_id=absorb.pk, by=boss(), reason=""
            )

        told = at_once(merge(one, other), merge(other, one), merge(one, other))

        assert [each == "done" for each in told].count(True) == 1
        assert {each.code for each in told if each != "done"} == {"step_not_open"}
        assert sorted([fresh(one).status, fresh(other).status]) == ["cancelled", "pending"]
        kept = next(o for o in (fresh(one), fresh(other)) if o.status == "pending")
        assert kept.lines.get().committed == 5
        assert stock_is_exact(mug)


def test_edits_of_crossing_products_do_not_wait_for_each_other_for_ever():
    boss()
    for _ in range(ROUNDS):
        mug, pot = ProductFactory(stock=40), ProductFactory(stock=40)
        one, other = OrderFactory(lines=[(mug, 2)]), OrderFactory(lines=[(pot, 2)])

        told = at_once(
            set_lines(one, [LineDraft(pot.pk, 3), LineDraft(mug.pk, 4)]),
            set_lines(other, [LineDraft(mug.pk, 4), LineDraft(pot.pk, 3)]),
        )

        assert told == ["done", "done"]
        assert stock_is_exact(mug)
        assert stock_is_exact(pot)
