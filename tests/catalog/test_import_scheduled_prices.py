"""The price sheet's periods: scheduled, unchanged, in the way of each other, taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from backoffice.imports import apply_run, undo_run
from catalog import services
from catalog.models import PriceChange, Product
from tests.catalog.factories import PriceChangeFactory, ProductFactory
from tests.sheets import (
    counts_of,
    csv_of,
    faults_of,
    load,
    preview,
    row_of,
    words_of,
)

LIST = ["sku", "price"]
PERIOD = ["sku", "price", "valid_from", "valid_until"]
MARCH = ["MUG", "15.00", "2031-03-01", "2031-03-31"]


@pytest.fixture
def mug(db):
    return ProductFactory(sku="MUG", name="Harbour Mug", price="20.00", cost="8.00")


def price(content, by, **options):
    return load(content, by=by, sheet="prices", **options)


def looked_at(content, by, **options):
    return preview(content, by=by, sheet="prices", **options)


def scheduled():
    rows = PriceChange.objects.order_by("pk")
    return [(row.product.sku, row.price, row.starts_at, row.ends_at) for row in rows]


# --- Prices for a while ---------------------------------------------------------------------------


def test_a_row_with_a_period_schedules_and_leaves_the_list_price(merchandiser, mug):
    run = price(csv_of(PERIOD, MARCH), merchandiser, reason="March")

    mug.refresh_from_db()
    assert counts_of(run) == (0, 1, 0, 0)
    assert (mug.price, mug.version) == (20, 1)
    first, last = datetime(2031, 3, 1, tzinfo=UTC), datetime(2031, 4, 1, tzinfo=UTC)
    assert scheduled() == [("MUG", 15, first, last)]
    made = PriceChange.objects.get()
    entry = made.history.get()
    assert (entry.history_type, entry.price, entry.change_set) == ("+", 15, run.change_set)
    assert services.price_of(mug, last - timedelta(seconds=1)) == 15
    assert services.price_of(mug, last) == 20


def test_the_preview_shows_the_price_and_its_period(merchandiser, mug):
    run = looked_at(csv_of(PERIOD, MARCH), merchandiser)

    assert row_of(run, 2).changes == {
        "price": ("20.00", "15.00"),
        "valid_from": ("", "2031-03-01 00:00:00"),
        "valid_until": ("", "2031-04-01 00:00:00"),
    }


def test_a_period_without_a_begin_begins_now_and_one_without_an_end_does_not_end(merchandiser, mug):
    cup = ProductFactory(sku="CUP", price="20.00")

    price(csv_of(PERIOD, ["MUG", "15.00", "", "2031-03-31"], ["CUP", "9.00", "2031-01-01", ""]),
          merchandiser)  # fmt: skip

    now = timezone.now()
    mug, cup = Product.objects.order_by("pk")
    assert services.price_of(mug, now) == 15
    assert services.price_of(cup, now) == 20
    assert PriceChange.objects.get(product=cup).ends_at is None


@pytest.mark.parametrize("start", ["2031-03-01", ""])
def test_what_is_scheduled_just_so_is_unchanged(merchandiser, mug, start):
    row = ["MUG", "15.00", start, "2031-03-31"]
    price(csv_of(PERIOD, row), merchandiser)
    before = PriceChange.history.count()

    run = price(csv_of(PERIOD, row), merchandiser)

    assert counts_of(run) == (0, 0, 1, 0)
    assert PriceChange.history.count() == before


def test_what_was_withdrawn_is_scheduled_again(merchandiser, mug):
    price(csv_of(PERIOD, MARCH), merchandiser)
    made = PriceChange.objects.get()
    services.withdraw_price_change(price_change_id=made.pk, by=merchandiser, reason="Too cheap")

    run = price(csv_of(PERIOD, MARCH), merchandiser)

    assert counts_of(run) == (0, 1, 0, 0)
    assert PriceChange.objects.filter(withdrawn_at=None).count() == 1


def test_a_period_in_the_way_is_named(merchandiser, mug):
    PriceChangeFactory(product=mug, ends_at=None)

    run = looked_at(csv_of(PERIOD, MARCH), merchandiser)

    assert faults_of(run) == [(2, "valid_from", "price_change_overlaps")]
    assert "15.00 from" in words_of(run, 2)


def test_a_period_may_begin_where_another_ends(merchandiser, mug):
    price(csv_of(PERIOD, MARCH), merchandiser)

    run = price(csv_of(PERIOD, ["MUG", "14.00", "2031-04-01", "2031-04-02"]), merchandiser)

    assert counts_of(run) == (0, 1, 0, 0)


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        ("2031-04-01", "2031-03-30", "ends_before_start"),
        ("2020-01-01", "2020-02-01", "price_change_over"),
        ("", "2020-02-01", "price_change_over"),
    ],
)
def test_periods_that_are_none_are_refused(merchandiser, mug, start, end, code):
    run = looked_at(csv_of(PERIOD, ["MUG", "15.00", start, end]), merchandiser)

    assert faults_of(run) == [(2, "valid_until", code)]


def test_a_period_needs_a_price(merchandiser, mug):
    run = looked_at(csv_of(PERIOD, ["MUG", "", "2031-03-01", ""]), merchandiser)

    assert faults_of(run) == [(2, "price", "price_missing")]


def test_a_period_needs_a_price_column(merchandiser, mug):
    run = looked_at(csv_of(["sku", "valid_from"], ["MUG", "2031-03-01"]), merchandiser)

    assert faults_of(run) == [(2, "price", "price_missing")]


def test_a_period_has_neither_compare_at_price_nor_cost(merchandiser, mug):
    header = [*PERIOD, "compare_at_price", "cost"]

    run = looked_at(csv_of(header, [*MARCH, "25.00", "9.00"]), merchandiser)

    assert faults_of(run) == [
        (2, "compare_at_price", "not_for_a_period"),
        (2, "cost", "not_for_a_period"),
    ]


def test_a_scheduled_price_passes_no_compare_at_price(merchandiser):
    ProductFactory(sku="MUG", price="20.00", compare_at_price="25.00")

    run = looked_at(csv_of(PERIOD, ["MUG", "26.00", "2031-03-01", ""]), merchandiser)

    assert [code for _line, _column, code in faults_of(run)] == ["bad_compare_at_price"]


def test_a_dear_scheduled_price_for_goods_in_large_numbers_is_refused(merchandiser):
    ProductFactory(sku="SOFA", price="100.00", stock=150)

    run = looked_at(csv_of(PERIOD, ["SOFA", "12000.00", "2031-03-01", ""]), merchandiser)

    assert faults_of(run) == [(2, "price", "price_stock_rule_broken")]


def test_what_was_scheduled_since_the_preview_is_in_the_way(merchandiser, mug):
    run = looked_at(csv_of(PERIOD, MARCH), merchandiser, policy="good_rows")
    PriceChangeFactory(product=mug, ends_at=None)

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert faults_of(run) == [(2, "valid_from", "price_change_overlaps")]
    assert PriceChange.objects.count() == 1


def test_list_prices_and_periods_share_a_file(merchandiser, mug):
    ProductFactory(sku="CUP", price="10.00")

    run = price(csv_of(PERIOD, MARCH, ["CUP", "11.00", "", ""]), merchandiser)

    assert counts_of(run) == (0, 2, 0, 0)
    assert dict(Product.objects.values_list("sku", "price")) == {"MUG": 20, "CUP": 11}
    assert [row[0] for row in scheduled()] == ["MUG"]


# --- Taking back ----------------------------------------------------------------------------------


def back(run, by):
    undo = undo_run(uuid=run.uuid, by=by)
    return apply_run(uuid=undo.uuid, by=by, reason="A wrong list")


def test_taking_back_restores_list_prices_and_withdraws_what_was_scheduled(merchandiser, mug):
    cup = ProductFactory(sku="CUP", price="10.00")
    mine = PriceChangeFactory(product=cup)
    run = price(csv_of(PERIOD, MARCH, ["CUP", "11.00", "", ""]), merchandiser)

    undo = back(run, merchandiser)

    cup.refresh_from_db()
    mine.refresh_from_db()
    assert (undo.state, counts_of(undo)) == ("applied", (0, 2, 0, 0))
    assert cup.price == 10
    assert mine.withdrawn_at is None
    made = PriceChange.objects.get(product=mug)
    assert made.withdrawn_at is not None
    assert made.history.count() == 2
    assert made.history.latest("history_id").change_set == undo.change_set
    mug.refresh_from_db()
    assert (mug.price, mug.version) == (20, 1)


def test_taking_back_leaves_a_list_price_that_changed_since(merchandiser, mug):
    run = price(csv_of(PERIOD, MARCH), merchandiser)
    services.change_price(product_id=mug.pk, price=Decimal(30), by=merchandiser, reason="Dearer")

    back(run, merchandiser)

    mug.refresh_from_db()
    assert mug.price == 30
    assert PriceChange.objects.get().withdrawn_at is not None


def test_what_was_withdrawn_by_hand_is_kept_and_said_so(merchandiser, mug):
    run = price(csv_of(PERIOD, MARCH), merchandiser)
    made = PriceChange.objects.get()
    services.withdraw_price_change(price_change_id=made.pk, by=merchandiser, reason="Too cheap")

    undo = undo_run(uuid=run.uuid, by=merchandiser)

    assert [code for _line, _column, code in faults_of(undo)] == ["edited_since"]


def test_what_is_withdrawn_between_the_look_and_the_yes_is_refused(merchandiser, mug):
    run = price(csv_of(PERIOD, MARCH), merchandiser)
    undo = undo_run(uuid=run.uuid, by=merchandiser)
    made = PriceChange.objects.get()
    services.withdraw_price_change(price_change_id=made.pk, by=merchandiser, reason="Too cheap")
    made.refresh_from_db()
    when = made.withdrawn_at

    undo = apply_run(uuid=undo.uuid, by=merchandiser, reason="")

    assert {code for _line, _column, code in faults_of(undo)} == {"changed_since"}
    made.refresh_from_db()
    assert made.withdrawn_at == when
