"""Our own sheet of orders: lines in a cell, out and in again, and what leaves the house."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.imports.export import export_sheet
from backoffice.imports.parse import Fault
from orders.line_cells import LineCell, read_lines, write_lines
from orders.models import Order
from orders.resources import PERSONAL_COLUMNS
from tests.orders.factories import OrderFactory, ProductFactory
from tests.sheets import counts_of, load

TEXT = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=20
).filter(lambda text: text == " ".join(text.split()))
MONEY = st.decimals(min_value=0, max_value=99_999, places=2)


@given(st.lists(st.tuples(st.integers(1, 9999), TEXT, MONEY), max_size=4))
def test_what_is_written_is_read_again(lines):
    cells = tuple(LineCell(n, sku, "", price, Decimal(0)) for n, sku, price in lines)

    assert read_lines(write_lines(cells)) == cells


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("mugs, two", "bad_line"),
        ("0 × MUG @ 1.00", "not_positive"),
        ("-2 × MUG @ 1.00", "not_positive"),
        ("1 × @ 1.00", "bad_line"),
        ("1 × MUG @ 1,00", "decimal_comma"),
        ("1 × MUG @ 1.00 - 2.00", "discount_too_large"),
    ],
)
def test_a_cell_that_is_no_line_is_refused(text, code):
    with pytest.raises(Fault) as caught:
        read_lines(text)

    assert caught.value.code == code


@pytest.mark.row("A4")
@pytest.mark.django_db
def test_an_export_comes_back_unchanged(manager):
    mug = ProductFactory()
    for status in ("pending", "processing", "completed", "cancelled"):
        OrderFactory(status=status, lines=[(mug, 2)])
    history = Order.history.count()

    sheet = export_sheet(sheet_name="orders", format_name="csv", by=manager).read()
    run = load(sheet, by=manager, sheet="orders")

    assert counts_of(run) == (0, 0, 4, 0)
    assert Order.history.count() == history


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("persona", "sees"), [("support", False), ("finance", True), ("manager", True)]
)
def test_customer_data_leave_the_house_with_few(request, persona, sees):
    OrderFactory(lines=[(ProductFactory(), 1)])
    person = request.getfixturevalue(persona)

    text = export_sheet(sheet_name="orders", format_name="csv", by=person).read().decode()

    header = next(csv.reader(io.StringIO(text)))
    assert set(PERSONAL_COLUMNS).issubset(header) is sees
    assert ("Lindqvist" in text) is sees
