"""An auditor asks who cancelled an order, follows the click, and takes the proof of it home."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from backoffice.ids import uuid7
from backoffice.models import AuditEvent, EvidencePack, User
from catalog.models import Product, StockLevel, StockMovement
from orders import services
from orders.models import Order, OrderNote, PaymentIntent, Refund
from tests.browser.conftest import NARROW, WIDE
from tests.browser.desk import forge, path_of, sticks_out
from tests.orders.factories import OrderFactory, ProductFactory, click, fresh

pytestmark = pytest.mark.django_db(transaction=True)
# Where pictures of the pages go, for whoever wants to look at them.
SHOTS = os.environ.get("SHOTS_DIR", "")
# What a page offers to whoever may write.
WRITES = (
    "#content [data-act], #content form[method=post]"
    " :is(button, textarea, select, input:not([type=hidden]))"
)
WHY = "Ordered twice by mistake"


@pytest.fixture
def mug(db) -> Product:
    return ProductFactory(name="Mug", price=Decimal("12.50"))


@pytest.fixture
def cancelled(mug: Product, support: User) -> Order:
    """Return three mugs that were paid and set aside, until support cancelled them."""
    order = OrderFactory(status="processing", lines=[(mug, 3)])
    with click(support):
        services.cancel_order(
            order_id=order.pk, by=support, reason_code="changed_mind", reason=WHY, notify=False
        )
    return fresh(order)


def shoot(page: Page, name: str) -> None:
    """Hold that nothing runs out of the page, at a desk and on a phone, by day and by night."""
    found = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        # The console asks for the scheme once, when a page begins.
        page.reload(wait_until="networkidle")
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)
            found[scheme, size["width"]] = sticks_out(page)
            if SHOTS:
                file = Path(SHOTS) / f"auditor-{name}-{size['width']}-{scheme}.png"
                page.screenshot(path=file, full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(WIDE)
    assert not {where: what for where, what in found.items() if what}, name


def card(page: Page, title: str) -> Locator:
    """Return one part of a page by its heading."""
    return page.locator("section", has=page.get_by_role("heading", name=title, exact=True))


def fact(part: Locator, label: str) -> Locator:
    """Return what stands beside a label."""
    return part.locator("dl > div", has=part.page.get_by_text(label, exact=True)).locator("dd")


def find_the_cancellation(page: Page) -> Locator:
    """Go by the menu to the desk and ask for the step; return the one row that is found."""
    page.get_by_role("link", name="Audit desk").first.click()
    page.get_by_text("More filters").click()
    page.get_by_label("Step", exact=True).select_option("orders.order.cancel")
    page.get_by_role("button", name="Look", exact=True).click()
    row = page.locator(".bd-row")
    expect(row).to_have_count(1)
    return row


@pytest.mark.row("A3")
def test_an_auditor_finds_who_cancelled_and_why_and_the_stock_and_money_it_moved(
    enter, auditor, cancelled
):
    other = OrderFactory(status="processing")
    page = enter(auditor)

    row = find_the_cancellation(page)

    expect(row).to_contain_text(str(cancelled))
    expect(row).not_to_contain_text(str(other))
    expect(row.locator(".bd-who")).to_contain_text("Support")
    expect(row.locator(".bo-why")).to_have_text(f"“Changed mind – {WHY}”")
    shoot(page, "desk")
    row.get_by_role("link", name="Everything this did").click()
    expect(page.get_by_role("heading", name="Cancel order")).to_be_visible()
    stock = card(page, "Stock movements")
    expect(stock.get_by_role("link", name="Released 3", exact=True)).to_be_visible()
    expect(fact(stock, "Product")).to_have_text("Mug")
    expect(fact(stock, "Committed ±")).to_have_text("-3")
    refund = card(page, "Refunds")
    expect(fact(refund, "Order")).to_have_text(str(cancelled))
    expect(fact(refund, "Amount")).to_have_text("42.40")
    expect(card(page, "Cancellations")).to_contain_text(WHY)
    asked = fact(card(page, "Payment intents"), "Arguments")
    expect(asked).to_contain_text("refund: Yes")
    expect(asked).not_to_contain_text("{")
    shoot(page, "change-set")

    card(page, "Orders").get_by_role("link", name="Just before this").click()

    expect(page.get_by_text("You are looking at the past")).to_be_visible()
    expect(page.locator(".ao-name .bo-badge")).to_have_text(["Processing", "Paid", "Unfulfilled"])
    expect(page.locator(".ao-name")).to_contain_text("now Cancelled")
    line = card(page, "Lines").locator("tbody tr")
    cells = [text.split() for text in line.locator("td").all_inner_texts()]
    committed, available = cells[3], cells[8]
    assert (committed, available) == (["3", "now", "0"], ["17", "now", "20"])
    expect(card(page, "Payments and refunds")).to_contain_text("came since")
    shoot(page, "as-of")
    page.locator(".ao-banner").get_by_role("link", name="Cancel order").click()
    expect(page.get_by_role("heading", name="Cancel order")).to_be_visible()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["desk", "phone"])
def test_the_desk_shows_what_it_found_before_what_narrows_it(enter, auditor, cancelled, size):
    page = enter(auditor)
    page.set_viewport_size(size)
    page.goto(f"{page.url}audit/?step=orders.order.cancel", wait_until="networkidle")

    expect(page.locator(".bd-row")).to_be_in_viewport()
    fold = page.locator(".bd-fold > summary")
    if size is NARROW:
        expect(page.get_by_label("Step", exact=True)).not_to_be_visible()
        fold.click()
    else:
        expect(fold).not_to_be_visible()
    expect(page.get_by_label("Step", exact=True)).to_be_visible()
    page.get_by_label("Reason contains").fill("no such reason")
    # However many filters there are, what asks for them stays in sight.
    expect(page.get_by_role("button", name="Look", exact=True)).to_be_in_viewport()
    page.get_by_role("button", name="Look", exact=True).click()
    expect(page.get_by_text("The record holds nothing like this.")).to_be_visible()
    page.get_by_text("Keep these filters").click()
    assert sticks_out(page) == []


def prove(folder: Path) -> subprocess.CompletedProcess[str]:
    """Verify a pack as somebody does who has Python, and nothing of ours."""
    command = [shutil.which("python3") or "python3", "-I", "verify.py"]
    return subprocess.run(
        command, cwd=folder, env={}, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.row("A3")
def test_an_auditor_takes_the_period_home_and_proves_it_offline(
    enter, auditor, cancelled, tmp_path
):
    page = enter(auditor)
    page.locator("a[href$='/record/']").first.click()
    today = timezone.localdate().isoformat()

    page.get_by_label("First day").fill(today)
    page.get_by_label("Last day").fill(today)
    page.get_by_label("Why").fill("who cancelled in November")
    page.get_by_role("button", name="Pack it").click()
    page.get_by_role("link", name="See what came of it").click()
    pack = EvidencePack.objects.get()
    with page.expect_download() as download:
        page.get_by_role("link", name=str(pack)).click()
    page.get_by_role("button", name="Verify now").click()
    expect(page.get_by_text("Whole", exact=True).first).to_be_visible()
    shoot(page, "record")

    assert pack.from_at is not None
    assert pack.until_at is not None
    assert AuditEvent.objects.filter(kind="evidence_downloaded", change_set__actor=auditor).exists()
    with zipfile.ZipFile(download.value.path()) as archive:
        archive.extractall(tmp_path)
    answer = prove(tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "WHOLE" in answer.stdout

    name = "rows/backoffice_changeset.jsonl"
    lines = (tmp_path / name).read_bytes().split(b"\n")
    (place,) = [
        at for at, line in enumerate(lines) if WHY.encode() in line and b"refund" not in line
    ]
    lines[place] = lines[place].replace(b"twice", b"Twice")
    (tmp_path / name).write_bytes(b"\n".join(lines))
    answer = prove(tmp_path)
    key = cancelled.history.latest().change_set_id
    assert answer.returncode == 1
    assert f"{name} line {place + 1}: row {key} is not what was sealed" in answer.stdout


@pytest.fixture
def written(mug: Product) -> Callable[[], dict[str, object]]:
    """Return a look at everything that a write of the trade would move."""

    def look() -> dict[str, object]:
        return {
            "orders": list(Order.objects.order_by("pk").values()),
            "versions": Order.history.count() + Product.history.count(),
            "products": list(Product.objects.order_by("pk").values()),
            "levels": list(StockLevel.objects.order_by("pk").values()),
            "movements": StockMovement.objects.count(),
            "intents": PaymentIntent.objects.count(),
            "refunds": Refund.objects.count(),
            "notes": OrderNote.objects.count(),
        }

    return look


def doors(order: Order, product: Product) -> dict[str, str]:
    """Return every address by which the console writes an order or a product."""
    found = {}
    for row in (order, product):
        stem = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        for name, act in admin.site._registry[type(row)].get_acts().items():
            if act.for_one is not None:
                found[f"{stem} {name}"] = reverse(f"{stem}_act", args=[row.pk, name])
            if act.for_many is not None:
                found[f"{stem} {name}, many"] = reverse(f"{stem}_bulk_act", args=[name])
        found[f"{stem} add"] = reverse(f"{stem}_add")
        found[f"{stem} delete"] = reverse(f"{stem}_delete", args=[row.pk])
        found[f"{stem} import"] = reverse(f"{stem}_import")
    found["edit an order"] = reverse("admin:orders_order_edit", args=[order.pk])
    found["change a product"] = reverse("admin:catalog_product_change", args=[product.pk])
    found["a step of the API"] = f"/api/v1/orders/{order.uuid}/steps/cancel/"
    return found


def send(page: Page, url: str, sent: dict[str, str]) -> int:
    """Send a whole, valid body to the API as the browser's session, and return the status."""
    (token,) = [c["value"] for c in page.context.cookies() if c["name"] == "csrftoken"]
    headers = {"X-CSRFToken": token, "Referer": url, "Idempotency-Key": uuid7().hex}
    return page.request.post(url, data=sent, headers=headers).status


@pytest.mark.row("A1")
@pytest.mark.row("A2")
def test_every_write_of_an_auditor_is_refused(enter, live_server, auditor, manager, mug, written):
    order = OrderFactory(status="processing", lines=[(mug, 3)])
    page = enter(auditor)
    before = written()

    for path in (path_of(order), reverse("admin:catalog_product_change", args=[mug.pk])):
        page.goto(f"{live_server.url}{path}")
        expect(page.locator(WRITES)).to_have_count(0)
    answers = {
        name: forge(page, f"{live_server.url}{path}") for name, path in doors(order, mug).items()
    }

    cancel = f"{live_server.url}/api/v1/orders/{order.uuid}/cancel/"
    answers["the API's own cancel"] = send(page, cancel, {"reason_code": "other", "reason": WHY})

    assert {name: status for name, status in answers.items() if status != 403} == {}
    assert written() == before
    # The same posts of somebody who may is let in: it is the role that refuses, not the form.
    enter(manager)
    dialog = reverse("admin:orders_order_act", args=[order.pk, "cancel"])
    assert forge(page, f"{live_server.url}{dialog}") == 422
    assert send(page, cancel, {"reason_code": "other", "reason": WHY}) == 200
    assert fresh(order).status == "cancelled"
