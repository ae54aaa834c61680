"""What a customer does in the shop, in the words of the features."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from orders.models import Order
from tests.browser.conftest import PASSWORD
from tests.features.library.staff import signed_in
from tests.features.library.words import World, step
from tests.orders.factories import fresh

VALID = "4242 4242 4242 4242"
DECLINED = "4000 0000 0000 0002"


@step("I am logged in as a customer")
def logged_in(world: World) -> None:
    page = world.visit("/accounts/login/")
    page.locator("input[type=email], input[name=login]").first.fill(world.person().email)
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)


@step('I have {units:d} "{name}" in my cart')
def in_my_cart(world: World, units: int, name: str) -> None:
    page = world.visit(world.products[name].get_absolute_url())
    page.get_by_label("Units", exact=True).fill(str(units))
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator("#added")).not_to_be_empty()


@step("I order what is in my cart")
def order(world: World) -> None:
    page = world.visit("/cart/")
    page.get_by_role("link", name="To the checkout").click()
    for name, words in {
        "name": "Ada Lindqvist",
        "email": world.person().email,
        "shipping_line1": "Kai 4",
        "shipping_postal_code": "24103",
        "shipping_city": "Kiel",
    }.items():
        page.locator(f"[name={name}]").fill(words)
    page.locator("[name=shipping_country]").select_option(label="Germany")
    page.get_by_role("button", name="Order and pay").click()
    page.wait_for_url("**/orders/*/")
    expect(page.locator(".payment-form")).to_be_visible()
    world.order = Order.objects.get(customer_id=world.person().pk)


@step("I submit valid payment details")
def pay(world: World) -> None:
    _pay(world, VALID)


@step("I submit a card that is declined")
def pay_in_vain(world: World) -> None:
    _pay(world, DECLINED)


@step('the order status becomes "{status}"')
def status_becomes(world: World, status: str) -> None:
    expect(world.page.locator(".order-status")).to_have_text(status)
    assert fresh(world.order).status == status


@step('I see the success message "{words}"')
def success(world: World, words: str) -> None:
    expect(world.page.locator(".success-message")).to_contain_text(words)


@step("I see why the payment failed")
def failure(world: World) -> None:
    expect(world.page.locator(".error-message")).to_be_visible()
    expect(world.page.locator(".payment-form")).to_be_visible()


@step('staff find the order in their list as "{label}"')
def found_by_staff(world: World, label: str) -> None:
    world.page.context.clear_cookies()
    signed_in(world, "support")
    page = world.visit("/admin/orders/order/")
    expect(page.locator("#result_list tr", has_text=world.order.number)).to_contain_text(label)


def _pay(world: World, number: str) -> None:
    """Fill the form as a customer does; the card ends in a month that is yet to come."""
    form = world.page.locator(".payment-form")
    form.locator("[name=card_number]").fill(number)
    form.locator("[name=expiry]").fill((timezone.now() + timedelta(days=400)).strftime("%m/%y"))
    form.locator("[name=cvv]").fill("123")
    # The part of the page that answers is exchanged: wait for that, not for the next page.
    with world.page.expect_response(lambda answer: answer.request.method == "POST"):
        form.get_by_role("button", name="Pay now").click()
    world.page.wait_for_load_state("networkidle")
