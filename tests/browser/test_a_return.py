"""A return's whole way in a real browser: announced at the desk, looked at with a phone, exchanged."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from catalog.models import StockLevel
from orders.models import Order, Return
from orders.services.returns import fresh_return
from tests.browser.conftest import NARROW
from tests.orders.factories import OrderFactory, ProductFactory


@pytest.fixture
def delivered(db) -> Order:
    return OrderFactory(status="completed", lines=[(ProductFactory(), 2)])


def test_support_announces_a_return_and_is_told_its_number(enter, live_server, support, delivered):
    page: Page = enter(support)
    page.goto(f"{live_server.url}/admin/orders/order/{delivered.pk}/change/")
    page.locator("#returns [data-act=request_return]").click()
    dialog = page.locator("#dialog")
    dialog.get_by_role("spinbutton").first.fill("2")
    dialog.get_by_role("radio", name="Arrived damaged").check()
    dialog.get_by_label("What the customer says", exact=False).fill("One is chipped")
    dialog.get_by_role("button", name="Return").click()

    expect(page.get_by_text("the customer writes it on the parcel")).to_be_visible()
    row = Return.objects.get()
    expect(page.locator("#returns").get_by_role("link", name=row.number)).to_be_visible()
    assert (row.lines.get().quantity, row.note) == (2, "One is chipped")


def test_one_damaged_item_is_set_aside_at_the_bench_with_a_phone(
    enter, live_server, fulfilment, delivered
):
    from tests.orders.returns.doing import announced

    row = announced(delivered)
    page: Page = enter(fulfilment)
    page.set_viewport_size(NARROW)
    page.goto(f"{live_server.url}/admin/orders/return/{row.pk}/change/")
    page.locator("[data-act=receive]").click()
    page.locator("#dialog").get_by_role("button", name="Receive").click()
    page.locator("[data-act=inspect]").click()
    # A click does not wait for the next page, nor for the script that its buttons need.
    page.wait_for_url("**/inspect/")

    # One more is damaged: one fewer is sellable, without a second tap.
    page.get_by_role("button", name="More: Damaged").click()
    expect(page.get_by_label("Sellable", exact=True)).to_have_value("1")
    page.get_by_label("Missing", exact=True).fill("1")
    expect(page.get_by_text("1 too many")).to_be_visible()
    page.get_by_role("button", name="Finish inspection").click()
    expect(page.get_by_text("1 too many")).to_be_visible()
    page.get_by_label("Missing", exact=True).fill("0")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    page.get_by_role("button", name="Finish inspection").click()

    expect(page.locator("[aria-current=step]")).to_contain_text("Inspected")
    level = StockLevel.objects.get(product=delivered.lines.get().product)
    assert (level.on_hand, level.unavailable) == (20, 1)


def test_support_exchanges_what_came_back(enter, live_server, support, delivered):
    from tests.orders.returns.doing import inspected

    row = inspected(delivered)
    page: Page = enter(support)
    page.goto(f"{live_server.url}/admin/orders/return/{row.pk}/change/")
    page.locator("[data-act=exchange]").click()
    page.wait_for_url("**/exchange/")
    expect(page.locator("[data-credit]")).to_have_text("−25.00 EUR")
    page.locator("input[name$=quantity]").first.fill("1")
    expect(page.locator("[data-rest-row]")).to_contain_text("Left to be refunded")
    expect(page.locator("[data-rest]")).to_have_text("12.50 EUR")
    page.get_by_role("button", name="Place the exchange").click()

    expect(page.get_by_text("12.50 EUR are left to be refunded.")).to_be_visible()
    assert fresh_return(row.pk).exchange is not None
