"""A visitor buys something: pages that update themselves, and one order at the end."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import expect

from orders.models import Order
from tests.browser.conftest import NARROW, WIDE
from tests.catalog.factories import CategoryFactory
from tests.orders.factories import CustomerFactory, ProductFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("O4", "T4")]


@pytest.fixture
def shopper(page, live_server):
    """A customer who is signed in, at the shop's front; no page may complain."""
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda line: (
            errors.append(line.text)
            if line.type == "error" and "status of 400" not in line.text
            else None
        ),
    )
    page.set_default_timeout(10_000)
    client = Client()
    client.force_login(CustomerFactory())
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    kitchen = CategoryFactory(name="Kitchen", slug="kitchen")
    for number in range(21):
        ProductFactory(name=f"Bowl {number:02}", category=kitchen, price=30 + number)
    mug = ProductFactory(name="Harbour Mug", category=kitchen, stock=0)
    for colour, price in (("Slate", 12), ("Fog", 14)):
        ProductFactory(name=f"Mug, {colour}", parent=mug, options={"Colour": colour}, price=price)
    page.goto(live_server.url)
    yield page
    assert errors == []


def is_wider_than_its_window(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


@pytest.mark.parametrize("window", [WIDE, NARROW], ids=["wide", "narrow"])
def test_from_the_list_to_a_paid_order(shopper, window):
    page = shopper
    page.set_viewport_size(window)

    page.get_by_label("Order", exact=True).select_option("name")
    expect(page.locator(".card-name").first).to_have_text("Bowl 00")
    page.wait_for_url("**/?sort=name")
    page.get_by_role("link", name="2", exact=True).click()
    expect(page.locator(".pages [aria-current]")).to_have_text("2")
    page.go_back()
    expect(page.locator(".pages [aria-current]")).to_have_text("1")
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".pages [aria-current]")).to_have_text("2")
    assert not is_wider_than_its_window(page)

    page.get_by_role("link", name="Harbour Mug").click()
    # The price of what is chosen needs the page's script.
    page.wait_for_url("**/products/**")
    page.get_by_label("Fog").check()
    expect(page.locator("[data-chosen-price]")).to_contain_text("€14.00")
    page.get_by_label("Units").fill("2")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator("#added")).to_contain_text("lies in your cart")
    expect(page.locator("#cart-link .count")).to_contain_text("2")
    assert not is_wider_than_its_window(page)

    page.get_by_role("link", name="Go to the cart").click()
    # The product's page has a field of units, too.
    page.wait_for_url("**/cart/")
    page.get_by_role("spinbutton").fill("3")
    page.get_by_role("spinbutton").press("Tab")
    expect(page.locator(".sums .total")).to_contain_text("€46.90")
    expect(page.locator("#cart-link .count")).to_contain_text("3")
    assert not is_wider_than_its_window(page)

    page.get_by_role("link", name="To the checkout").click()
    page.get_by_label("Street and number").first.fill("Kai 4")
    page.get_by_label("City").first.fill("Kiel")
    page.get_by_label("Country").first.select_option("DE")
    assert not is_wider_than_its_window(page)
    page.get_by_role("button", name="Order and pay").click()

    expect(page.locator(".order-status")).to_have_text("pending")
    for number, word in (
        ("4000000000000002", ".error-message"),
        ("4242 4242 4242 4242", ".success-message"),
    ):
        page.get_by_label("Card number").fill(number)
        page.get_by_label("Expires").fill("09/39")
        page.get_by_label("Security code").fill("123")
        page.get_by_role("button", name="Pay now").click()
        expect(page.locator(word)).to_be_visible()
    expect(page.locator(".order-status")).to_have_text("processing")
    assert not is_wider_than_its_window(page)
    assert Order.objects.get().status == "processing"


def test_without_scripts_everything_still_works(browser, live_server, shopper):
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(shopper.context.cookies())
    page = context.new_page()
    page.set_default_timeout(10_000)

    page.goto(f"{live_server.url}/?q=harbour")
    page.get_by_role("link", name="Harbour Mug").click()
    page.get_by_role("button", name="Add to cart").click()
    expect(page).to_have_url(f"{live_server.url}/cart/")
    page.get_by_role("spinbutton").fill("2")
    page.get_by_role("button", name="Update").click()
    expect(page.locator(".sums .total")).to_contain_text("€28.90")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Your cart is empty")).to_be_visible()
    context.close()
