"""The pages of an order's life on a phone and a desk, light and dark: nothing sticks out or errs."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from catalog.models import Product
from orders import services
from orders.models import Order, Return
from orders.services import Inspected
from tests.browser.conftest import NARROW, WIDE
from tests.browser.desk import act, dialog, path_of, sticks_out
from tests.orders.factories import OrderFactory, ProductFactory, boss, click, fresh, pay

SMALL = {"width": 360, "height": 640}


@pytest.fixture
def rich(db) -> Order:
    """Return an order to which nearly everything has happened."""
    long = ProductFactory(name="Hand-thrown stoneware mug with speckled oatmeal glaze, 350 ml")
    short = ProductFactory(name="Bowl", price=Decimal("1249.00"))
    order = OrderFactory(status="processing", lines=[(long, 4), (short, 2)])
    mugs, bowls = order.lines.order_by("pk")
    who = {"by": boss(), "reason": "The customer asked for it twice, see the note of Monday"}
    with click(boss()):
        services.ship_order(
            order_id=order.pk, lines={mugs.pk: 3}, tracking="1Z999AA10123456784", **who
        )
    with click(boss()):
        services.refund_order(
            order_id=order.pk, lines={bowls.pk: 1}, restock=True, reason_code="goodwill", **who
        )
    with click(boss()):
        row = services.request_return(
            order_id=order.pk, lines={mugs.pk: 2}, reason_code="damaged", **who
        )
    with click(boss()):
        services.receive_return(return_id=row.pk, **who)
    with click(boss()):
        found = {mugs.pk: Inspected(sellable=1, damaged=1, missing=0)}
        services.inspect_return(return_id=row.pk, results=found, **who)
    with click(boss()):
        services.tag_order(order_id=order.pk, names=["gift", "call first"], **who)
        services.add_note(order_id=order.pk, body="She is away until Monday. " * 6, by=boss())
    with click(boss()):
        services.hold_order(order_id=order.pk, **who)
    return fresh(order)


@pytest.fixture
def others(rich: Order) -> list[Order]:
    """Return orders in every other state, some late: the queues then say so in their tabs."""
    lines = [(Product.objects.get(name="Bowl"), 1)]
    orders = [OrderFactory(status=state) for state in ("draft", "pending", "completed")]
    return [*orders, pay(OrderFactory(lines=lines)), late(), late(is_held=True)]


def late(*, is_held: bool = False) -> Order:
    """Return an order that was placed, and perhaps held, weeks ago."""
    order, who = OrderFactory(status="draft"), {"by": boss(), "reason": "wait"}
    then = timezone.now() - timedelta(days=20)
    with click(boss(), at=then):
        services.place_order(order_id=order.pk, **who)
    if is_held:
        with click(boss(), at=then):
            services.hold_order(order_id=order.pk, **who)
    return fresh(order)


def every_page(order: Order) -> list[str]:
    returned = reverse("admin:orders_return_change", args=[Return.objects.get().pk])
    return [
        path_of(order),
        reverse("admin:orders_order_changelist"),
        reverse("admin:orders_return_changelist"),
        reverse("admin:orders_customer_change", args=[order.customer_id]),
        returned,
        reverse("admin:index"),
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("window", [WIDE, NARROW, SMALL], ids=["desk", "phone", "small"])
def test_no_page_of_an_order_scrolls_sideways(
    enter, live_server, manager, rich, others, window, scheme
):
    page: Page = enter(manager)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(window)

    found: dict[str, list[str]] = {}
    for path in every_page(rich):
        page.goto(f"{live_server.url}{path}", wait_until="networkidle")
        found[path] = sticks_out(page)

    assert not {path: what for path, what in found.items() if what}


@pytest.mark.parametrize("name", ["ship", "refund", "request_return", "pack"])
def test_dialogs_fit_a_phone(enter, live_server, manager, rich, name):
    with click(boss()):
        services.release_order(order_id=rich.pk, by=boss(), reason="")
    page: Page = enter(manager)
    page.set_viewport_size(NARROW)
    page.goto(f"{live_server.url}{path_of(rich)}")

    act(page, name)
    box = dialog(page)

    assert box.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
    assert page.locator("#bo-dialog").evaluate("node => node.getBoundingClientRect().right") <= 390


def test_the_buttons_of_rows_are_in_sight_at_a_desk(enter, live_server, manager, rich, others):
    with click(boss()):
        services.release_order(order_id=rich.pk, by=boss(), reason="")
    page: Page = enter(manager)

    page.goto(f"{live_server.url}{reverse('admin:orders_order_changelist')}")

    row = page.locator("#result_list tr", has_text=str(rich))
    expect(row.get_by_role("link", name="Ship")).to_be_in_viewport(ratio=1)
