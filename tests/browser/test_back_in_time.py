"""From an order to yesterday noon in two clicks; what is different now is marked; pages fit."""

from __future__ import annotations

import os
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from backoffice import changes
from catalog import services as catalog
from catalog.models import Product
from orders import services
from tests.browser.conftest import NARROW, WIDE
from tests.orders.factories import CustomerFactory, ProductFactory, boss

pytestmark = pytest.mark.django_db(transaction=True)
# Where pictures of the pages go, for whoever wants to look at them.
SHOTS = os.environ.get("SHOTS_DIR", "")


def shoot(page, name: str) -> None:
    """Hold that nothing runs out of the page, wide and narrow; keep pictures where asked."""
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        spill = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}-{size['width']}.png", full_page=True)
        assert spill <= 0, (name, size)
    page.set_viewport_size(WIDE)


@pytest.mark.row("A3")
def test_two_clicks_lead_from_an_order_to_yesterday_noon(enter, manager):
    two_days_ago = timezone.now() - timedelta(days=2)
    with changes.change(separate=True, by=boss(), at=two_days_ago):
        mug = ProductFactory(name="Mug", stock=9)
        order = services.write_order(
            customer_id=CustomerFactory().pk,
            lines=[services.LineDraft(mug.pk, 2)],
            shipping_fee=Decimal("4.90"),
            channel="phone",
            by=boss(),
            reason="",
        )
        services.place_order(order_id=order.pk, by=boss(), reason="")
    with changes.change(separate=True, by=boss()):
        services.take_payment(order_id=order.pk, token="tok_visa", by=boss(), reason="")
        services.process_order(order_id=order.pk, by=boss(), reason="")
        services.tag_order(order_id=order.pk, names="gift", by=boss(), reason="")
        catalog.edit_product(
            product_id=mug.pk, changes={"name": "Cup"}, by=boss(), reason="the trade says cup"
        )
    page = enter(manager)
    page.goto(page.url + f"orders/order/{order.pk}/change/")

    page.get_by_text("As of…").click()
    page.get_by_role("link", name="Yesterday 12:00").click()

    page.wait_for_url("**at=**")
    expect(page.get_by_text("You are looking at the past")).to_be_visible()
    expect(page.get_by_text("now Processing")).to_be_visible()
    expect(page.get_by_text("came since").first).to_be_visible()
    shoot(page, "order-as-of")
    yesterday = page.url
    page.get_by_role("link", name="One change later").click()
    page.wait_for_url(lambda url: "at=" in url and url != yesterday)
    expect(page.get_by_text("You are looking at the past")).to_be_visible()

    version = Product.history.filter(id=mug.pk).order_by("history_id").first()
    root = page.url.partition("/admin/")[0] + "/admin/"
    for name, path in {
        "compare": f"catalog/product/{mug.pk}/compare/?a={version.history_id}",
        "history": f"catalog/product/{mug.pk}/history/",
        "restore": f"catalog/product/{mug.pk}/restore/{version.history_id}/",
        "removed": "backoffice/retentionrule/removed/",
    }.items():
        page.goto(root + path)
        shoot(page, name)
