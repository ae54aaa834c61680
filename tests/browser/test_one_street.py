"""One street through the house, in a real browser: a sheet comes in, orders go on, an auditor looks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from catalog.models import Product
from orders.models import Order
from tests.browser.conftest import NARROW
from tests.browser.desk import forge
from tests.orders.factories import OrderFactory, pay


def go_to(page: Page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name=name).first.click()


def confirm(page: Page, name: str) -> None:
    """Press the button of the open dialog that names the verb."""
    page.locator("#dialog").get_by_role("button", name=name).click()


@pytest.fixture
def waiting(db) -> Order:
    return pay(OrderFactory(status="pending"))


@pytest.fixture
def unwanted(db) -> Order:
    return pay(OrderFactory(status="pending"))


def test_a_merchandiser_imports_a_real_sheet(enter, live_server, merchandiser, real_files):
    page = enter(merchandiser)

    go_to(page, "Products")
    page.get_by_role("link", name="Import", exact=True).click()
    page.locator("input[type=file]").set_input_files(
        str(Path(real_files, "woocommerce", "sample_products.csv"))
    )
    page.get_by_role("radio", name="The good rows").check()
    page.get_by_role("button", name="Check the file").click()

    expect(page.get_by_role("heading", name="Preview")).to_be_visible()
    page.get_by_role("link", name=re.compile("^New ")).click()
    expect(page.get_by_text("cc-tee").first).to_be_visible()
    page.get_by_role("button", name=re.compile("^Apply")).click()

    expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    go_to(page, "Products")
    page.locator("#searchbar").fill("cc-hoodie-with-pocket")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Hoodie with Pocket").first).to_be_visible()
    found = Product.objects.get(sku="cc-hoodie-with-pocket")
    assert found.history.get().change_set.actor == merchandiser


def test_support_processes_one_order_and_cancels_another(
    enter, live_server, support, waiting, unwanted
):
    page = enter(support)

    go_to(page, "Orders")
    page.get_by_role("link", name=str(waiting)).click()
    page.wait_for_url(f"**/order/{waiting.pk}/change/**")
    page.locator("[data-act=process]").click()

    expect(page.locator("[aria-current=step]")).to_contain_text("Processing")
    expect(page.get_by_text("Captured").first).to_be_visible()

    page.goto(f"{live_server.url}/admin/orders/order/{unwanted.pk}/change/")
    page.locator(".ow-actions details", has=page.locator("[data-act=cancel]")).locator(
        "summary"
    ).click()
    page.locator("[data-act=cancel]").click()
    page.locator("#dialog").get_by_role("radio", name="Customer changed their mind").check()
    page.locator("#dialog").get_by_label("Note", exact=False).fill("Found it cheaper")
    confirm(page, "Cancel")

    expect(page.get_by_text("Found it cheaper").first).to_be_visible()
    waiting.refresh_from_db()
    unwanted.refresh_from_db()
    assert (waiting.status, unwanted.status) == ("processing", "cancelled")


def test_an_auditor_finds_both_transitions_and_can_change_nothing(
    enter, live_server, auditor, support, waiting, unwanted
):
    from backoffice import changes
    from orders import services

    with changes.change(by=support, separate=True, channel="admin"):
        services.process_order(order_id=waiting.pk, by=support, reason="Called, all well")
    with changes.change(by=support, separate=True, channel="admin"):
        services.cancel_order(
            order_id=unwanted.pk, by=support, reason="Found it cheaper", reason_code="changed_mind"
        )
    page = enter(auditor)

    for order, now, why in (
        (waiting, "Processing", "Called, all well"),
        (unwanted, "Cancelled", "Found it cheaper"),
    ):
        page.goto(f"{live_server.url}/admin/orders/order/{order.pk}/change/")
        entry = page.locator("#timeline li").filter(has_text=why).first
        expect(entry).to_contain_text("Pending")
        expect(entry).to_contain_text(now)
        expect(entry).to_contain_text(support.get_full_name())
        expect(entry.locator("time")).to_be_visible()
        expect(page.locator("[data-act]")).to_have_count(0)

    history = f"/admin/orders/order/{waiting.pk}/history/{waiting.history.first().pk}/"
    forged = forge(page, f"{live_server.url}{history}")
    assert forged in {403, 405}
    waiting.refresh_from_db()
    assert waiting.status == "processing"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_workspace_fits_a_phone(enter, live_server, support, waiting, scheme):
    page = enter(support)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(NARROW)

    page.goto(f"{live_server.url}/admin/orders/order/{waiting.pk}/change/")

    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    expect(page.locator("[data-act=process]")).to_be_in_viewport()
