"""The price sheet: list prices, who may change them, and the way out and in again."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command

from backoffice.imports import Choices
from backoffice.imports.export import export_sheet
from backoffice.imports.parse import Fault
from backoffice.refused import NotAllowed
from catalog.models import PriceChange
from catalog.prices_resource import FromWidget, UntilWidget
from tests.catalog.factories import PriceChangeFactory, ProductFactory
from tests.sheets import (
    FIXTURES,
    counts_of,
    csv_of,
    faults_of,
    load,
    preview,
    warnings_of,
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


# --- List prices ----------------------------------------------------------------------------------


def test_a_row_without_a_period_changes_the_list_price(merchandiser, mug):
    run = price(csv_of(LIST, ["MUG", "18.00"]), merchandiser, reason="Spring")

    mug.refresh_from_db()
    assert run.state == "applied"
    assert mug.price == Decimal("18.00")
    assert mug.version == 2
    assert scheduled() == []
    entry = mug.history.latest("history_id")
    assert (entry.change_set.action, entry.change_set.note) == ("catalog.import_prices", "Spring")


def test_prices_compare_at_and_cost_are_written_in_one_go(merchandiser, mug):
    header = ["sku", "price", "compare_at_price", "cost"]

    run = price(csv_of(header, ["MUG", "18.00", "20.00", "9.50"]), merchandiser)

    mug.refresh_from_db()
    assert (mug.price, mug.compare_at_price, mug.cost) == (18, 20, Decimal("9.50"))
    assert mug.version == 2
    assert counts_of(run) == (0, 1, 0, 0)


def test_prices_create_no_product(merchandiser, mug):
    run = looked_at(csv_of(LIST, ["NEW", "1.00"]), merchandiser)

    assert faults_of(run) == [(2, "sku", "key_unknown")]


def test_prices_are_known_by_their_barcode(merchandiser):
    mug = ProductFactory(sku="MUG", barcode="2912345000015", price="20.00")

    price(
        csv_of(["barcode", "price"], ["2912345000015", "19.00"]),
        merchandiser,
        choices=Choices(key="barcode"),
    )

    mug.refresh_from_db()
    assert mug.price == 19


def test_a_price_in_another_currency_is_refused(merchandiser, mug):
    run = looked_at(csv_of([*LIST, "currency"], ["MUG", "18.00", "USD"]), merchandiser)

    assert faults_of(run) == [(2, "currency", "other_currency")]
    assert "sold in EUR" in words_of(run, 2)


def test_a_price_in_the_products_own_currency_is_accepted(merchandiser, mug):
    run = looked_at(csv_of([*LIST, "currency"], ["MUG", "18.00", "eur"]), merchandiser)

    assert counts_of(run) == (0, 1, 0, 0)


def test_a_price_above_the_compare_at_price_is_refused(merchandiser):
    ProductFactory(sku="MUG", price="20.00", compare_at_price="25.00")

    run = looked_at(csv_of(LIST, ["MUG", "26.00"]), merchandiser)

    assert faults_of(run) == [(2, "compare_at_price", "bad_compare_at_price")]


@pytest.mark.parametrize(
    ("new", "codes"),
    [
        ("16.00", []),
        ("15.99", ["price_drop"]),
        ("7.99", ["below_cost", "price_drop"]),
        ("8.00", ["price_drop"]),
    ],
)
def test_prices_that_fall_far_or_below_the_cost_are_pointed_at(merchandiser, mug, new, codes):
    run = looked_at(csv_of(LIST, ["MUG", new]), merchandiser)

    assert sorted(code for _line, code in warnings_of(run)) == codes


def test_a_cost_above_the_price_is_pointed_at(merchandiser, mug):
    run = looked_at(csv_of(["sku", "cost"], ["MUG", "21.00"]), merchandiser)

    assert warnings_of(run) == [(2, "below_cost")]


def test_costs_ask_for_the_right_to_change_products(make_user, mug):
    pricer = make_user()
    pricer.user_permissions.add(Permission.objects.get(codename="change_price_product"))

    run = looked_at(csv_of([*LIST, "cost"], ["MUG", "18.00", "9.00"]), type(pricer).objects.get())

    assert faults_of(run) == [(2, "cost", "not_allowed")]


# --- Who, out and in ------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["support", "fulfilment", "finance", "auditor", "admin"])
def test_prices_are_refused_to_those_who_may_not_change_them(make_user, role):
    with pytest.raises(NotAllowed):
        looked_at(csv_of(LIST, ["MUG", "7.00"]), make_user(role))


@pytest.mark.parametrize("format_name", ["csv", "xlsx"])
def test_what_is_exported_are_list_prices_and_imports_as_unchanged(merchandiser, mug, format_name):
    PriceChangeFactory(product=mug)

    with export_sheet(sheet_name="prices", format_name=format_name, by=merchandiser) as out:
        run = price(out.read(), merchandiser)

    assert counts_of(run) == (0, 0, 1, 0)


def test_the_sample_sheet_loads_by_the_command(merchandiser, tmp_path):
    out = io.StringIO()
    for name, file in (("products", "catalogue.csv"), ("prices", "price_list.csv")):
        call_command("import_sheet", name, str(FIXTURES / file), by=merchandiser.email, stdout=out)

    assert "16 rows: 0 new, 14 changed, 2 unchanged, 0 refused" in out.getvalue()
    assert PriceChange.objects.count() == 6
    exported = tmp_path / "prices.csv"
    call_command("export_sheet", "prices", str(exported), by=merchandiser.email, stdout=out)
    assert exported.read_text("utf-8-sig").startswith("sku,barcode,name,price")


@pytest.mark.parametrize(
    ("cell", "begin", "end"),
    [
        ("2031-03-31", (2031, 3, 31), (2031, 4, 1)),
        (date(2031, 3, 31), (2031, 3, 31), (2031, 4, 1)),
        ("2031-03-31 12:00", (2031, 3, 31, 12), (2031, 3, 31, 12)),
        (datetime(2031, 3, 31, 12, 0), (2031, 3, 31, 12), (2031, 3, 31, 12)),
        ("9999-12-31", None, None),
        ("", None, None),
    ],
)
def test_a_day_is_part_of_the_period_to_its_last_moment(cell, begin, end):
    moments = FromWidget().clean(cell), UntilWidget().clean(cell)

    assert moments == tuple(day and datetime(*day, tzinfo=UTC) for day in (begin, end))


def test_a_day_that_no_calendar_has_is_refused():
    with pytest.raises(Fault) as caught:
        UntilWidget().clean("2031-02-30")

    assert caught.value.code == "bad_moment"
