"""Shopify's order export: one order from several rows, in the state it has there."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest

from catalog.models import Product
from orders.facts import load_facts
from orders.models import Customer, Order, OrderLine
from tests.orders.factories import ProductFactory
from tests.sheets import counts_of, csv_of, faults_of, load, preview, words_of

pytestmark = pytest.mark.django_db

HEADER = [
    "Name", "Email", "Financial Status", "Fulfillment Status", "Currency", "Subtotal", "Shipping",
    "Taxes", "Total", "Discount Amount", "Refunded Amount", "Lineitem quantity", "Lineitem name",
    "Lineitem price", "Lineitem sku", "Lineitem discount", "Created at", "Cancelled at",
    "Shipping Name", "Shipping Street", "Shipping City", "Shipping Zip", "Shipping Country",
    "Billing Name",
]  # fmt: skip


def row(**cells):
    """Return a row of order #1: one mug for 12.50, paid and fulfilled, unless said otherwise."""
    said = {
        "Name": "#1", "Email": "ada@example.com", "Financial Status": "paid",
        "Fulfillment Status": "fulfilled", "Currency": "EUR", "Subtotal": "12.50",
        "Shipping": "0.00", "Taxes": "0.00", "Total": "12.50", "Lineitem quantity": "1",
        "Lineitem name": "Mug", "Lineitem price": "12.50", "Lineitem sku": "MUG",
        "Created at": "2026-01-15 17:41:00 -0500",
    }  # fmt: skip
    said.update({key.replace("_", " "): value for key, value in cells.items()})
    assert said.keys() <= set(HEADER)
    return [said.get(name, "") for name in HEADER]


def more(**cells):
    """Return a further line of order #1: nothing but number and line."""
    said = {"Name": "#1", **{key.replace("_", " "): value for key, value in cells.items()}}
    return [said.get(name, "") for name in HEADER]


def take_in(*rows, by, **options):
    return load(csv_of(HEADER, *rows), by=by, sheet="orders", recipe="shopify", **options)


@pytest.fixture
def mug(db):
    return ProductFactory(sku="MUG", name="Mug", stock=5)


@pytest.fixture
def real_sheet(real_files):
    return (Path(real_files) / "shopify" / "shopify_orders_sample.csv").read_bytes()


@pytest.mark.real_files
def test_the_real_export_arrives_whole(manager, real_sheet):
    said = [r for r in csv.DictReader(io.StringIO(real_sheet.decode())) if r["Total"]]

    run = load(real_sheet, by=manager, sheet="orders")

    orders = {order.number: order for order in Order.objects.all()}
    assert (run.recipe, counts_of(run)) == ("shopify", (127, 0, 0, 0))
    assert OrderLine.objects.count() == 249
    assert {number: order.total for number, order in orders.items()} == {
        r["Name"]: Decimal(r["Total"]) for r in said
    }
    load_facts(list(orders.values()))
    assert {number: order.facts.refunded for number, order in orders.items()} == {
        r["Name"]: Decimal(r["Refunded Amount"]) for r in said
    }
    assert Order.history.count() == 127
    assert Product.objects.filter(status="archived").count() == 6


@pytest.mark.real_files
def test_the_real_export_again_is_all_unchanged(manager, real_sheet):
    load(real_sheet, by=manager, sheet="orders")
    before = Order.history.count(), OrderLine.history.count(), Customer.objects.count()

    run = load(real_sheet, by=manager, sheet="orders")

    assert counts_of(run) == (0, 0, 127, 0)
    assert (Order.history.count(), OrderLine.history.count(), Customer.objects.count()) == before


def test_the_rows_of_a_number_are_one_order(manager, mug):
    ProductFactory(sku="CUP", name="Cup")

    take_in(
        row(Total="23.50", Subtotal="18.50", Shipping="5.00", Shipping_Name="Ada Lindqvist",
            Shipping_Street="Kai 4", Shipping_City="Kiel", Shipping_Zip="'24103",
            Shipping_Country="DE"),
        more(Lineitem_quantity="2", Lineitem_name="Cup", Lineitem_price="3.50",
             Lineitem_sku="CUP", Lineitem_discount="1.00"),
        by=manager,
    )  # fmt: skip

    order = Order.objects.get()
    lines = list(order.lines.values_list("sku", "quantity", "unit_price", "discount", "shipped"))
    assert lines == [
        ("MUG", 1, Decimal("12.50"), 0, 1),
        ("CUP", 2, Decimal("3.50"), Decimal("1.00"), 2),
    ]
    assert (order.status, order.total, order.shipping_fee) == (
        "completed", Decimal("23.50"), Decimal("5.00"),
    )  # fmt: skip
    assert order.placed_at.isoformat() == "2026-01-15T22:41:00+00:00"
    assert order.shipping_address.printed_lines == ["Ada Lindqvist", "Kai 4", "24103 Kiel", "DE"]
    assert order.contact.email == order.customer.email == "ada@example.com"


@pytest.mark.parametrize(
    ("money", "parcels", "cancelled_at", "status", "paid", "refunded", "committed"),
    [
        ("paid", "fulfilled", "", "completed", "12.50", "0", 0),
        ("paid", "unfulfilled", "", "processing", "12.50", "0", 1),
        ("paid", "", "", "processing", "12.50", "0", 1),
        ("pending", "", "", "pending", "0", "0", 1),
        ("authorized", "unfulfilled", "", "pending", "0", "0", 1),
        ("voided", "", "", "cancelled", "0", "0", 0),
        ("refunded", "fulfilled", "", "completed", "12.50", "12.50", 0),
        ("refunded", "", "2026-01-16 10:00:00 -0500", "cancelled", "12.50", "12.50", 0),
    ],
)
def test_the_words_of_shopify_become_ours(
    manager, mug, money, parcels, cancelled_at, status, paid, refunded, committed
):
    cells = {"Financial_Status": money, "Fulfillment_Status": parcels}

    take_in(row(**cells, Cancelled_at=cancelled_at), by=manager)

    order = Order.objects.get()
    load_facts([order])
    assert order.status == status
    assert (order.facts.captured, order.facts.refunded) == (Decimal(paid), Decimal(refunded))
    assert order.lines.get().committed == committed
    assert list(order.history.values_list("step", flat=True)) == [f"take_in_{status}"]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"Lineitem_quantity": "-1"}, "not_positive"),
        ({"Lineitem_quantity": "0"}, "not_positive"),
        ({"Lineitem_quantity": "1.5"}, "not_whole"),
        ({"Lineitem_sku": "NOBODY"}, "unknown_sku"),
        ({"Lineitem_price": "9.00"}, "does_not_add_up"),
        ({"Financial_Status": "partially_paid"}, "partly_paid"),
        ({"Financial_Status": "haunted"}, "unknown_status"),
        ({"Fulfillment_Status": "partial"}, "half_shipped"),
        ({"Created_at": "yesterday"}, "bad_moment"),
        ({"Created_at": "9999-12-31 23:59:59 -0500"}, "bad_moment"),
        ({"Created_at": "0001-01-01 00:00:00 +1400"}, "bad_moment"),
        ({"Created_at": "0001-01-02 00:00:00"}, "not_a_past_moment"),
        ({"Created_at": "9999-12-30 00:00:00"}, "not_a_past_moment"),
        ({"Lineitem_sku": "", "Lineitem_name": "日本茶"}, "name_unfit"),
        ({"Lineitem_sku": "", "Lineitem_name": "n" * 201}, "name_unfit"),
        ({"Currency": "Euro"}, "bad_currency"),
        ({"Refunded_Amount": "20.00"}, "refunded_too_much"),
        ({"Email": "not an address"}, "bad_email"),
        ({"Email": "manager@example.com"}, "email_taken"),
        ({"Shipping_City": "Kiel"}, "half_address"),
        ({"Name": ""}, "key_missing"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_words(manager, mug, cells, code):
    run = take_in(row(**cells), by=manager, policy="good_rows")

    assert code in [found for _line, _column, found in faults_of(run)]
    assert not Order.objects.exists()


def test_an_order_has_one_currency(manager, mug):
    line = more(Lineitem_quantity="1", Lineitem_sku="MUG", Lineitem_price="0.00", Currency="USD")

    run = take_in(row(), line, by=manager, policy="good_rows")

    assert faults_of(run) == [(2, "Currency", "mixed_currencies")]
    assert "The order is in EUR, its line 3 in USD." in words_of(run, 2)


def test_open_orders_are_promised_the_shelf_in_the_order_of_the_file(manager, mug):
    cells = {"Fulfillment_Status": "unfulfilled", "Lineitem_quantity": "3"}
    cells |= {"Subtotal": "37.50", "Total": "37.50"}

    run = take_in(row(**cells), row(**cells, Name="#2"), by=manager, policy="good_rows")

    assert faults_of(run) == [(3, "Lineitem name", "not_enough_stock")]
    assert [order.number for order in Order.objects.all()] == ["#1"]
    assert mug.levels.get().committed == 3


def test_taxes_on_top_are_kept_and_included_ones_are_not_added(manager, mug):
    take_in(
        row(Taxes="2.50", Total="15.00"),
        row(Name="#2", Taxes="2.00", Total="12.50"),
        by=manager,
    )

    taxes = dict(Order.objects.values_list("number", "tax"))
    assert taxes == {"#1": Decimal("2.50"), "#2": Decimal(0)}


def test_support_sees_the_preview_and_may_not_take_in(support, mug):
    run = preview(csv_of(HEADER, row()), by=support, sheet="orders", recipe="shopify")

    assert [code for _line, _column, code in faults_of(run)] == ["not_allowed"]


def test_an_order_that_is_here_with_other_lines_is_refused(manager, mug):
    take_in(row(), by=manager)

    run = take_in(row(Lineitem_quantity="2", Total="25.00"), by=manager, policy="good_rows")

    assert faults_of(run) == [(2, "Name", "order_differs")]
    assert Order.objects.get().total == Decimal("12.50")
