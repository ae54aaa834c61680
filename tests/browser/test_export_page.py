"""The page before an export and the page of its job: by hand, at both widths."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, WIDE
from tests.catalog.factories import ProductFactory

LIST = "/admin/catalog/product/"


@pytest.mark.django_db(transaction=True)
def test_columns_are_chosen_sent_at_once_and_then_written_by_a_job(
    enter, merchandiser, live_server, settings
):
    settings.EXPORT_AT_ONCE_ROWS = 5
    for number in range(8):
        ProductFactory(sku=f"A{number}", status="published" if number % 2 else "draft")
    page = enter(merchandiser)

    page.goto(f"{live_server.url}{LIST}?queue=published")
    page.get_by_role("link", name="Export", exact=False).first.click()
    page.wait_for_url("**/export/?queue=published")
    for size in (NARROW, WIDE):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    chosen = page.locator("[data-chosen]")
    page.get_by_role("button", name="None", exact=True).click()
    expect(chosen).to_have_text("1 of 21")
    page.get_by_role("button", name="All or none of Prices").press("Enter")
    expect(chosen).to_have_text("6 of 21")
    page.get_by_label("CSV").check()
    with page.expect_download() as at_once:
        page.get_by_role("button", name="Download").click()

    page.goto(f"{live_server.url}{LIST}export/")
    expect(chosen).to_have_text("6 of 21")
    page.get_by_role("button", name="Start the export").click()
    page.wait_for_url("**/export/*/")
    with page.expect_download() as by_job:
        page.get_by_role("link", name="Download").click()

    lines = [Path(sent.value.path()).read_text().splitlines() for sent in (at_once, by_job)]
    assert [line[0] for line in lines] == ["sku,price,compare_at_price,cost,currency,tax_class"] * 2
    assert [len(line) for line in lines] == [5, 9]
