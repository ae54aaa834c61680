"""Imports at the same moment as other imports, edits and orders: real threads on PostgreSQL."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice.imports import Choices, apply, apply_run, confirm_run
from backoffice.imports.refusals import RunNotWaiting
from backoffice.models import ImportRun
from backoffice.refused import Refused
from catalog import services
from catalog.models import Category, Product, StockLevel, StockMovement, Tag
from tests.catalog.factories import ProductFactory, put_on_shelf, wanted
from tests.catalog.threads import in_threads
from tests.sheets import csv_of, preview

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
HEADER = ["sku", "name", "price"]


def only_refused(results):
    """Whatever lost a race says so in words; nothing else was raised."""
    wrong = [one for one in results if isinstance(one, Exception) and not isinstance(one, Refused)]
    assert wrong == []


def test_many_confirmations_at_once_apply_once(merchandiser):
    run = preview(csv_of(HEADER, *([f"S{n}", f"S{n}", "1"] for n in range(50))), by=merchandiser)

    results = in_threads(lambda _n: confirm_run(uuid=run.uuid, by=merchandiser, reason=""), 6)

    only_refused(results)
    assert sum(isinstance(one, RunNotWaiting) for one in results) == 5
    assert Product.objects.count() == Product.history.count() == 50


def test_without_the_claim_the_confirmations_would_all_write(merchandiser, monkeypatch):
    run = preview(csv_of(HEADER, ["A", "A", "1"]), by=merchandiser)
    monkeypatch.setattr(apply, "claim", lambda run, **_options: run.refresh_from_db())

    results = in_threads(lambda _n: apply_run(uuid=run.uuid, by=merchandiser, reason=""), 4)

    assert not any(isinstance(one, RunNotWaiting) for one in results)


def test_new_products_of_two_files_at_once_are_made_once(merchandiser):
    content = csv_of(
        [*HEADER, "category", "tags", "stock"],
        *([f"S{n}", f"S{n}", "1", f"New > Level {n % 5}", f"tag {n % 5}", "2"] for n in range(40)),
    )
    runs = [preview(content, by=merchandiser, policy="good_rows") for _each in range(4)]

    results = in_threads(lambda n: apply_run(uuid=runs[n].uuid, by=merchandiser, reason=""), 4)

    only_refused(results)
    assert Product.objects.count() == Product.history.count() == 40
    assert (Category.objects.count(), Tag.objects.count()) == (6, 5)
    assert StockMovement.objects.count() == 40
    done = ImportRun.objects.filter(state="applied").values_list("new", "refused")
    assert sum(new for new, _refused in done) == 40


def test_an_edit_during_an_import_is_never_lost(merchandiser):
    products = [ProductFactory(sku=f"S{n}", price="1.00") for n in range(30)]
    run = preview(
        csv_of(["sku", "price"], *([p.sku, "5.00"] for p in products)),
        by=merchandiser,
        policy="good_rows",
    )

    def work(number):
        if number == 0:
            return apply_run(uuid=run.uuid, by=merchandiser, reason="")
        return services.change_price(
            product_id=products[number].pk, price=Decimal("9.00"), by=merchandiser, reason="x"
        )

    results = in_threads(work, 8)

    only_refused(results)
    run.refresh_from_db()
    assert run.state == "applied"
    for product in products[1:8]:
        last_two = list(product.history.values_list("price", flat=True)[:2])
        product.refresh_from_db()
        # Either before the import, which refused the row then, or after it.
        assert product.price == 9
        assert last_two in ([9, 1], [9, 5])
    assert {p.price for p in Product.objects.exclude(sku__in=[p.sku for p in products[1:8]])} == {5}


@pytest.mark.parametrize("means", ["counted", "difference"])
def test_orders_that_commit_stock_during_an_import_keep_it(merchandiser, means):
    products = [ProductFactory(sku=f"S{n}", price="1.00", stock=20) for n in range(10)]
    run = preview(
        csv_of(["sku", "stock"], *([p.sku, "6"] for p in products)),
        by=merchandiser,
        policy="good_rows",
        choices=Choices(stock_means=means),
    )

    def work(number):
        if number == 0:
            return apply_run(uuid=run.uuid, by=merchandiser, reason="")
        done = 0
        for product in reversed(products):
            try:
                services.commit_stock(wanted=[wanted(product, 1)])
                done += 1
            except Refused:
                continue
        return done

    results = in_threads(work, 8)

    only_refused(results)
    assert sum(results[1:]) == sum(StockLevel.objects.values_list("committed", flat=True))
    for level in StockLevel.objects.all():
        assert level.on_hand >= level.committed
        moved = StockMovement.objects.filter(product=level.product_id)
        assert sum(moved.values_list("on_hand_delta", flat=True)) == level.on_hand


def test_imports_of_the_same_products_in_other_orders_never_lock_each_other_out(merchandiser):
    products = [ProductFactory(sku=f"S{n}", price="1.00", stock=5) for n in range(60)]
    rows = [[p.sku, f"{2 + n % 3}.00", str(9 + n % 2), f"t{n % 7}"] for n, p in enumerate(products)]
    header = ["sku", "price", "stock", "tags"]
    files = [rows, rows[::-1], rows[30:] + rows[:30], rows[::2] + rows[1::2]]
    runs = [preview(csv_of(header, *one), by=merchandiser, policy="good_rows") for one in files]

    def work(number):
        if number < 4:
            return apply_run(uuid=runs[number].uuid, by=merchandiser, reason="")
        for product in products[:: 1 if number % 2 else -1][:20]:
            put_on_shelf(product, 1)
        return None

    results = in_threads(work, 6)

    only_refused(results)
    for product in products:
        assert product.history.count() <= 2
        level = product.levels.get()
        moved = product.movements.values_list("on_hand_delta", flat=True)
        assert sum(moved) == level.on_hand
