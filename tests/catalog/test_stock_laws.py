"""Laws of the shelf: movements explain levels, nothing is promised twice, nobody waits for ever."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice.refused import Refused
from catalog.models import Product, StockLevel, StockMovement
from catalog.services import (
    NotEnoughStock,
    adjust_stock,
    commit_stock,
    edit_products,
    keep_off_sale_stock,
    locks,
    promises,
    receive_stock,
    release_stock,
    set_stocks,
    ship_stock,
    stock_drift,
)
from tests.catalog.factories import ProductFactory, held, level_of, put_on_shelf, wanted
from tests.catalog.threads import THREADS, in_threads

UNITS = st.integers(min_value=1, max_value=9)
ACTS = st.one_of(
    st.tuples(st.sampled_from(["receive", "commit", "release", "keep", "ship"]), UNITS),
    st.tuples(st.just("count"), st.integers(min_value=0, max_value=20)),
    st.tuples(st.just("differ"), st.integers(min_value=-9, max_value=9)),
)


def _act(product, name, units, by):
    match name:
        case "receive":
            receive_stock(product_id=product.pk, units=units, by=by, reason="law")
        case "count":
            adjust_stock(product_id=product.pk, counted=units, by=by, reason="law")
        case "differ":
            adjust_stock(product_id=product.pk, difference=units, by=by, reason="law")
        case "commit":
            commit_stock(wanted=[wanted(product, units)])
        case "release":
            release_stock(held=[held(product, units)])
        case "keep":
            keep_off_sale_stock(held=[held(product, units)])
        case "ship":
            ship_stock(held=[held(product, units)])


def _after(level, name, units):
    """The law in plain arithmetic: the level after an act, or None when it must be refused."""
    on_hand, committed, unavailable = level
    match name:
        case "receive" | "differ":
            on_hand += units
        case "count":
            on_hand = units
        case "commit":
            committed += units
        case "release":
            committed -= units
        case "keep":
            committed, unavailable = committed - units, unavailable + units
        case "ship":
            on_hand, committed = on_hand - units, committed - units
    lawful = committed >= 0 and on_hand >= committed + unavailable
    return (on_hand, committed, unavailable) if lawful else None


@pytest.mark.django_db
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=st.lists(ACTS, max_size=12))
def test_whatever_happens_the_movements_explain_the_level(manager, acts):
    mug = ProductFactory(stock=4)
    expected = (4, 0, 0)

    for name, units in acts:
        lawful = _after(expected, name, units)
        if lawful is None:
            with pytest.raises(Refused):
                _act(mug, name, units, manager)
        else:
            _act(mug, name, units, manager)
            expected = lawful
        assert level_of(mug) == expected

    assert stock_drift() == []


@pytest.mark.django_db
def test_reconcile_stock_is_silent_about_a_ledger_that_agrees(capsys):
    ProductFactory(stock=4)

    call_command("reconcile_stock")

    assert "Every level is explained" in capsys.readouterr().out


@pytest.mark.django_db
def test_reconcile_stock_names_what_drifted_and_exits_1(capsys):
    ProductFactory(sku="FINE", stock=4)
    mug = ProductFactory(sku="MUG-OAK", stock=4)
    StockLevel.objects.filter(product=mug).update(on_hand=7)

    with pytest.raises(SystemExit) as exit_:
        call_command("reconcile_stock")

    assert exit_.value.code == 1
    assert capsys.readouterr().err == "MUG-OAK @ MAIN: on_hand is 7, its movements say 4\n"


@pytest.mark.django_db
def test_reconcile_stock_finds_movements_whose_level_is_gone(capsys):
    ProductFactory(sku="MUG-OAK", stock=4)
    StockLevel.objects.all().delete()

    with pytest.raises(SystemExit):
        call_command("reconcile_stock")

    assert "on_hand is 0, its movements say 4" in capsys.readouterr().err


@pytest.mark.django_db
def test_the_database_itself_refuses_a_negative_shelf():
    mug = ProductFactory(stock=4)

    with pytest.raises(IntegrityError), transaction.atomic():
        StockLevel.objects.filter(product=mug).update(committed=5)


# --- Races, with real threads and real row locks ------------------------------------------------


def _sell_out(mug, attempts_each=10):
    """Sixteen sellers try 160 times to sell one unit each; return sold, refused and broken."""

    def seller(_number):
        results = []
        for _ in range(attempts_each):
            try:
                commit_stock(wanted=[wanted(mug, 1)])
                results.append("sold")
            except NotEnoughStock:
                results.append("refused")
            except IntegrityError:
                results.append("broken")
        return results

    results = [result for results in in_threads(seller) for result in results]
    return {kind: results.count(kind) for kind in ("sold", "refused", "broken")}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_last_units_are_sold_once():
    mug = ProductFactory(stock=50)

    results = _sell_out(mug)

    assert results == {"sold": 50, "refused": 110, "broken": 0}
    assert level_of(mug) == (50, 50, 0)
    assert StockMovement.objects.filter(kind="commit").count() == 50
    assert stock_drift() == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_sellers_run_into_the_constraint(monkeypatch):
    """The control: were it green without the lock, the test above would prove nothing."""
    mug = ProductFactory(stock=50)
    monkeypatch.setattr(promises, "promise", lambda wanted: None)
    monkeypatch.setattr(locks, "levels_for_update", _plain_read)

    results = _sell_out(mug)

    assert results["broken"] > 0
    assert results["sold"] == 50  # the CHECK holds even then
    assert stock_drift() == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_promise_of_several_products_is_whole_or_none():
    mug, cup = ProductFactory(stock=50), ProductFactory(stock=5)
    order = [wanted(mug, 10), wanted(cup, 4)]
    commit_stock(wanted=order)

    with transaction.atomic():
        places = promises.promise(order)

    assert places is None
    assert (level_of(mug), level_of(cup)) == ((50, 10, 0), (5, 4, 0))
    assert stock_drift() == []


def _plain_read(product_ids, location_ids):
    rows = StockLevel.objects.filter(product__in=list(product_ids), location__in=list(location_ids))
    return {(row.product_id, row.location_id): row for row in rows}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_baskets_in_opposite_order_never_deadlock():
    mugs = ProductFactory.create_batch(6, stock=10_000)

    def buyer(number):
        basket = mugs if number % 2 else mugs[::-1]
        for _ in range(8):
            commit_stock(wanted=[wanted(mug, 1) for mug in basket])

    assert in_threads(buyer) == [None] * THREADS
    assert all(level_of(mug) == (10_000, THREADS * 8, 0) for mug in mugs)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_first_levels_made_by_rivals_in_opposite_order_never_deadlock(merchandiser):
    mugs = ProductFactory.create_batch(12)
    put_on_shelf(mugs[0], 1)  # the main warehouse is there

    def counter(number):
        order = mugs if number % 2 else mugs[::-1]
        outcome = set_stocks(counted={mug.pk: number for mug in order}, by=merchandiser, reason="")
        return len(outcome.done)

    assert in_threads(counter) == [12] * THREADS
    assert StockLevel.objects.count() == 12
    assert stock_drift() == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_sheet_that_edits_products_and_stock_never_deadlocks_with_orders(merchandiser):
    """The sheet holds products and wants levels; an order holds a level and names its product."""
    mugs = ProductFactory.create_batch(4, stock=1_000)

    def work(number):
        for turn in range(5):
            if number % 2:
                commit_stock(wanted=[wanted(mug, 1) for mug in mugs])
                continue
            with transaction.atomic():
                edit_products(
                    changes={mug.pk: {"description": f"{number}/{turn}"} for mug in mugs},
                    by=merchandiser,
                    reason="sheet",
                )
                set_stocks(
                    counted={mug.pk: 1_000 + number for mug in mugs}, by=merchandiser, reason=""
                )

    assert in_threads(work, 8) == [None] * 8
    assert stock_drift() == []
    assert {Product.objects.get(pk=mug.pk).version for mug in mugs} == {21}
