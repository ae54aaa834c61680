"""The life of an order in a real browser: sent in parts, paid back, returned, agreed on, edited."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from backoffice import approvals
from backoffice.models import Approval
from catalog.models import Product, StockLevel
from orders import services
from orders.models import Mention, Order, Refund, Return, Shipment
from tests.browser.desk import act, answer, dialog, forge, path_of, units_of
from tests.orders.factories import OrderFactory, ProductFactory, boss, click, fresh, pay

# A number of UPS with its right check digit.
TRACKING = "1Z999AA10123456784"


@pytest.fixture
def mug(db) -> Product:
    return ProductFactory(name="Mug", price=Decimal("12.50"))


@pytest.fixture
def paid(mug) -> Order:
    """Return three mugs, paid, that wait to be sent."""
    return OrderFactory(status="processing", lines=[(mug, 3)])


@pytest.fixture
def visit(page: Page, live_server) -> Callable[[str], Page]:
    def visit(path: str) -> Page:
        page.goto(f"{live_server.url}{path}")
        return page

    return visit


def level_of(product: Product) -> StockLevel:
    return StockLevel.objects.get(product=product)


def ship_two(order: Order) -> None:
    with click(boss()):
        services.ship_order(
            order_id=order.pk,
            lines={order.lines.get().pk: 2},
            tracking=TRACKING,
            by=boss(),
            reason="",
        )


def test_fulfilment_ships_a_part_with_a_number_and_prints_its_slip(
    enter, visit, live_server, fulfilment, paid, mug
):
    enter(fulfilment)
    page = visit(path_of(paid))

    act(page, "ship")
    box = dialog(page)
    expect(units_of(box, "Mug")).to_have_value("3")
    units_of(box, "Mug").fill("2")
    box.get_by_label("Tracking number", exact=False).fill(TRACKING)
    expect(box.get_by_label("Carrier", exact=False)).to_have_value("UPS")
    answer(page, "Ship")

    parcel = page.locator("#parcels article")
    expect(parcel).to_have_count(1)
    expect(parcel).to_contain_text(TRACKING)
    expect(parcel).to_contain_text("UPS")
    expect(parcel).to_contain_text("2 × Mug")
    expect(page.locator("[aria-current=step]")).to_contain_text("Processing")
    row = Shipment.objects.get(order=paid)
    assert (row.carrier, row.tracking, row.lines.get().quantity) == ("UPS", TRACKING, 2)
    assert (level_of(mug).on_hand, level_of(mug).committed) == (18, 1)
    slip = parcel.get_by_role("link", name="Packing slip").get_attribute("href")
    paper = page.request.get(f"{live_server.url}{slip}")
    assert (paper.status, paper.headers["content-type"]) == (200, "application/pdf")
    assert paper.body().startswith(b"%PDF")
    with page.expect_popup() as opened:
        parcel.get_by_role("link", name="Packing slip").click()
    opened.value.close()


def test_support_refunds_a_line_in_part_and_keeps_the_unit_that_was_not_sent(
    enter, visit, support, paid, mug
):
    ship_two(paid)
    enter(support)
    page = visit(path_of(paid))

    act(page, "refund")
    box = dialog(page)
    shown = box.locator("[data-refund-sum]")
    send = box.locator("button[type=submit]:not([name])")
    expect(shown).to_have_text("0.00 EUR")
    units_of(box, "Mug").fill("2")
    expect(shown).to_have_text("25.00 EUR")
    box.get_by_role("button", name="One less of Mug").click()
    expect(shown).to_have_text("12.50 EUR")
    box.get_by_label("Shipping", exact=False).fill("100")
    expect(shown).to_contain_text("more than is left")
    expect(send).to_have_text("Refund")
    box.get_by_label("Shipping", exact=False).fill("")
    expect(send).to_have_text("Refund 12.50 EUR")
    box.get_by_role("radio", name="Cannot be sent").check()
    expect(box.locator("[name=restock]")).to_be_checked()
    answer(page, "Refund 12.50 EUR")

    money = page.locator("#payments")
    expect(money.locator("tr", has_text="Refund")).to_contain_text("12.50 EUR")
    expect(page.locator(".ow-lines tbody tr")).to_contain_text("(1 cancelled)")
    refund = Refund.objects.get(order=paid)
    assert (refund.amount, refund.change_set.actor) == (Decimal("12.50"), support)
    line, level = paid.lines.get(), level_of(mug)
    assert (line.shipped, line.cancelled) == (2, 1)
    assert (level.on_hand, level.committed, level.available) == (18, 0, 18)


def test_a_return_with_one_damaged_unit_goes_from_the_call_to_the_money(
    enter, visit, support, fulfilment, mug
):
    sold = OrderFactory(status="completed", lines=[(mug, 3)])
    page = enter(support)
    visit(path_of(sold))
    act(page, "request_return", within="#returns")
    box = dialog(page)
    units_of(box, "Mug").fill("2")
    box.get_by_role("radio", name="Arrived damaged").check()
    answer(page, "Return")
    row = Return.objects.get()
    expect(page.locator("#returns")).to_contain_text(row.number)

    enter(fulfilment)
    visit(path_of(sold))
    page.locator("#returns").get_by_role("link", name=row.number).click()
    page.wait_for_url(f"**/orders/return/{row.pk}/change/")
    act(page, "receive")
    answer(page, "Receive")
    expect(page.locator("[aria-current=step]")).to_contain_text("Received")
    act(page, "inspect")
    # A click does not wait for the next page, nor for the script that its buttons need.
    page.wait_for_url("**/inspect/")
    page.get_by_role("button", name="More: Damaged").click()
    page.get_by_role("button", name="Finish inspection").click()
    expect(page.locator("[aria-current=step]")).to_contain_text("Inspected")
    level = level_of(mug)
    assert (level.on_hand, level.unavailable, level.available) == (19, 1, 18)
    assert fresh(sold).lines.get().returned == 2

    enter(support)
    visit(f"/admin/orders/return/{row.pk}/change/")
    expect(page.locator(".ow-facts")).to_contain_text("25.00 EUR due")
    act(page, "refund")
    dialog(page)
    answer(page, "Refund")
    expect(page.locator("[aria-current=step]")).to_contain_text("Closed")
    refund = Refund.objects.get()
    assert (refund.amount, refund.of_return_id) == (Decimal("25.00"), row.pk)
    row.refresh_from_db()
    assert row.status == "closed"


def test_a_large_refund_is_asked_for_by_support_and_agreed_to_by_a_manager(
    enter, visit, live_server, support, manager, admin, mug
):
    with click(admin):
        approvals.make_rule(
            action="orders.refund", above=Decimal(50), currency="EUR", by=admin, reason="agreed"
        )
    dear = OrderFactory(status="completed", lines=[(mug, 6)])
    page = enter(support)
    visit(path_of(dear))
    act(page, "refund")
    box = dialog(page)
    send = box.locator("button[type=submit]:not([name])")
    units_of(box, "Mug").fill("4")
    expect(send).to_have_text("Refund 50.00 EUR")
    units_of(box, "Mug").fill("5")
    expect(send).to_have_text("Request refund of 62.50 EUR")
    box.get_by_role("radio", name="Goodwill").check()
    box.get_by_label("Note", exact=False).fill("All five leak")
    answer(page, "Request refund of 62.50 EUR")

    said = page.locator(".ow-asked")
    expect(said).to_contain_text("62.50 EUR waits for approval")
    expect(said).to_contain_text("All five leak")
    expect(said.get_by_role("link", name="Approve")).to_have_count(0)
    approval = Approval.objects.get()
    assert not Refund.objects.exists()

    visit(f"/admin/backoffice/approval/{approval.pk}/change/")
    expect(page.get_by_text("Nobody decides about their own request.")).to_be_visible()
    expect(page.get_by_role("link", name="Approve", exact=True)).to_have_count(0)
    approve = reverse("admin:backoffice_approval_act", args=[approval.pk, "approve"])
    assert forge(page, f"{live_server.url}{approve}") == 403
    assert not Refund.objects.exists()

    enter(manager)
    waiting = page.locator(".bo-decide", has_text="62.50 EUR")
    expect(waiting).to_contain_text("All five leak")
    waiting.get_by_role("link", name="Approve").click()
    dialog(page)
    answer(page, "Approve")
    expect(page.locator(".bo-decide")).to_have_count(0)
    visit(path_of(dear))
    expect(page.locator("#payments tr", has_text="Refund")).to_contain_text("62.50 EUR")
    expect(page.locator("#timeline li", has_text="All five leak").first).to_contain_text("Support")
    refund = Refund.objects.get()
    approval.refresh_from_db()
    assert (refund.amount, refund.change_set.actor) == (Decimal("62.50"), support)
    assert (approval.decided_by, approval.result) == (manager, "done")


def test_ticked_orders_are_processed_by_a_plan_and_leave_a_receipt(enter, visit, support):
    good = [pay(OrderFactory()) for _ in range(2)]
    unpaid = OrderFactory()
    declined = pay(OrderFactory(), "tok_capture_declined")
    enter(support)
    page = visit("/admin/orders/order/")
    page.get_by_role("navigation", name="Queues").get_by_role("link", name="To process").click()
    page.wait_for_url("**queue=to_process**")

    for order in (*good, unpaid, declined):
        page.locator("tr", has_text=str(order)).locator("input.action-select").check()
    page.locator(".bo-bulk-button", has_text="Process").first.click()
    box = dialog(page)
    expect(box.locator("summary").first).to_have_text("3 can, 1 cannot")
    box.locator("summary").first.click()
    expect(box.locator(".bo-plan").first).to_contain_text(str(unpaid))
    expect(box).to_contain_text("89.70 EUR")
    box.locator("button[type=submit]:not([name])").click()

    expect(page.locator(".bu-figures")).to_contain_text("2 done")
    expect(page.locator(".bu-figures")).to_contain_text("2 refused")
    refused = page.locator(".bu-rows li")
    expect(refused.filter(has_text=str(unpaid))).to_contain_text("authorised or paid")
    expect(refused.filter(has_text=str(declined))).to_contain_text("declined")
    assert [fresh(order).status for order in (*good, unpaid, declined)] == [
        "processing", "processing", "pending", "pending",
    ]  # fmt: skip


def test_a_pending_order_is_edited_after_a_look_at_what_changes(enter, visit, support, mug):
    order = pay(OrderFactory(lines=[(mug, 2)]))
    enter(support)
    page = visit(path_of(order))

    act(page, "edit")
    page.wait_for_url("**/edit/")
    page.get_by_label("Quantity", exact=True).first.fill("3")
    preview = page.locator("#edit-preview")
    expect(preview.locator("tbody tr")).to_contain_text("2 → 3")
    expect(preview.locator(".is-total")).to_contain_text("29.90 → 42.40 EUR")
    assert fresh(order).total == Decimal("29.90")
    page.get_by_role("button", name="Save changes").click()

    expect(page.locator(".ow-total")).to_contain_text("42.40 EUR")
    expect(page.locator("#timeline li").first).to_contain_text("Edit")
    assert level_of(mug).committed == 3


def test_a_note_that_names_a_colleague_reaches_their_inbox(enter, visit, support, manager, paid):
    page = enter(support)
    visit(path_of(paid))
    page.locator("#note-body").press_sequentially("May he keep it, @mana")
    page.get_by_role("option", name="Manager").click()
    page.locator("#note-body").press_sequentially("?")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator("#timeline mark")).to_have_text("@manager")

    enter(manager)
    with page.expect_response(lambda answer: answer.url.endswith("/here/")):
        page.locator("li", has_text="May he keep it").get_by_role("link").first.click()

    expect(page.locator("#timeline mark")).to_be_visible()
    assert Mention.objects.get(user=manager).read_at is not None


def test_a_hold_with_an_end_says_so_in_a_banner_and_closes_the_steps(
    enter, visit, fulfilment, paid
):
    until = timezone.now() + timedelta(days=2)
    with click(boss()):
        services.hold_order(order_id=paid.pk, by=boss(), reason="Away until Monday", until=until)
    enter(fulfilment)

    page = visit(path_of(paid))

    banner = page.locator(".ow-banner")
    expect(banner).to_contain_text("Away until Monday")
    expect(banner).to_contain_text("Released by itself on")
    expect(page.locator("[data-act=ship]").first).to_have_attribute("aria-disabled", "true")
