"""What staff do with orders, in the words of the features."""

from __future__ import annotations

from decimal import Decimal

from playwright.sync_api import expect

from catalog.models import Product, StockLevel
from orders import services
from orders.models import Payment, Refund
from tests.browser.conftest import PASSWORD
from tests.browser.desk import act, answer, dialog, path_of, units_of
from tests.features.library.words import World, step
from tests.orders.factories import OrderFactory, ProductFactory, click, fresh, pay

LABELS = {"Process": "process"}


@step('we sell "{name}" for {price} EUR')
def we_sell(world: World, name: str, price: str) -> None:
    world.products[name] = ProductFactory(name=name, price=Decimal(price))


@step("I am signed in as {role}")
def signed_in(world: World, role: str) -> None:
    page = world.visit("/admin/login/")
    page.get_by_label("E-mail address").fill(world.person(role).email)
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{world.url}/admin/")


@step('an order of {units:d} "{name}" that nobody has paid')
def unpaid_order(world: World, units: int, name: str) -> None:
    world.order = OrderFactory(lines=[(world.products[name], units)])


@step('an order of {units:d} "{name}" whose card was authorised')
def authorised_order(world: World, units: int, name: str) -> None:
    world.order = pay(OrderFactory(lines=[(world.products[name], units)]))


@step('an order of {units:d} "{name}" that was sent and paid')
def completed_order(world: World, units: int, name: str) -> None:
    world.order = OrderFactory(status="completed", lines=[(world.products[name], units)])


@step('support cancelled it because of "{why}"')
def was_cancelled(world: World, why: str) -> None:
    support = world.person("support")
    with click(support):
        services.cancel_order(
            order_id=world.order.pk, by=support, reason=why, reason_code="ordered_twice"
        )


@step("I open the order")
def open_order(world: World) -> None:
    world.visit(path_of(world.order))


@step('I press "{label}"')
def press(world: World, label: str) -> None:
    act(world.page, LABELS[label])


@step('I cancel it for "{reason}" and note "{note}"')
def cancel(world: World, reason: str, note: str) -> None:
    act(world.page, "cancel")
    box = dialog(world.page)
    box.get_by_role("radio", name=reason).check()
    box.get_by_label("Note", exact=False).fill(note)
    box.locator("button[type=submit]").filter(has_text="Cancel").click()
    expect(world.page.locator("#bo-dialog[open]")).to_have_count(0)


@step('I refund {units:d} "{name}" because it arrived damaged')
def refund(world: World, units: int, name: str) -> None:
    act(world.page, "refund")
    box = dialog(world.page)
    units_of(box, name).fill(str(units))
    box.get_by_role("radio", name="Arrived damaged").check()
    send = box.locator("button[type=submit]:not([name])")
    expect(send).to_contain_text("EUR")
    answer(world.page, send.inner_text())


@step('the order is "{label}"')
def order_is(world: World, label: str) -> None:
    expect(world.page.locator("[aria-current=step]")).to_contain_text(label)
    assert fresh(world.order).get_status_display() == label


@step("the money was taken")
def captured(world: World) -> None:
    kinds = set(Payment.objects.filter(order=world.order).values_list("kind", flat=True))
    assert "captured" in kinds


@step("{amount} EUR went back to the customer")
def went_back(world: World, amount: str) -> None:
    expect(world.page.locator("#payments tr", has_text="Refund")).to_contain_text(f"{amount} EUR")
    assert Refund.objects.get(order=world.order).amount == Decimal(amount)


@step('{units:d} "{name}" are for sale again')
def for_sale(world: World, units: int, name: str) -> None:
    product: Product = world.products[name]
    assert StockLevel.objects.get(product=product).available == units


@step('the timeline says that {role} took it from "{before}" to "{after}"')
def timeline_step(world: World, role: str, before: str, after: str) -> None:
    entry = (
        world.page.locator("#timeline li")
        .filter(has_text=before)
        .filter(has_text=after)
        .filter(has_text=world.person(role).get_full_name())
    )
    expect(entry.first).to_be_visible()
    expect(entry.first.locator("time")).to_be_visible()


@step('the timeline says why: "{why}"')
def timeline_reason(world: World, why: str) -> None:
    expect(world.page.locator("#timeline li", has_text=why).first).to_be_visible()


@step('"{label}" is closed because of "{why}"')
def closed(world: World, label: str, why: str) -> None:
    button = world.page.locator(f"[data-act={LABELS[label]}]").first
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(world.page.locator("body")).to_contain_text(why)


@step("no step is offered to me")
def nothing_offered(world: World) -> None:
    expect(world.page.locator("[data-act]")).to_have_count(0)
