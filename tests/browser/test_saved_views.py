"""Saved views by hand: save, find the tab with its count, rename from the menu, at both widths."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import expect

from backoffice import changes, saved_views
from tests.browser.conftest import NARROW, WIDE
from tests.browser.desk import answer, dialog, sticks_out
from tests.catalog.factories import ProductFactory

LIST = "/admin/catalog/product/"


@pytest.mark.django_db(transaction=True)
def test_filters_are_saved_as_a_tab_that_is_counted_and_renamed(enter, merchandiser, live_server):
    for number in range(3):
        ProductFactory(sku=f"A{number}", status="published" if number else "draft")
    with changes.change(separate=True):
        for name in ("Dear", "Cheap and cheerful", "Without a category", "Gifts for autumn"):
            saved_views.save_view(
                label="catalog.product", name=name, query=f"q={name}", by=merchandiser
            )
    page = enter(merchandiser)

    page.goto(f"{live_server.url}{LIST}?status=published")
    page.get_by_role("link", name="Save view…").click()
    dialog(page).get_by_label("Name").fill("On sale")
    answer(page, "Save view")
    tabs = page.get_by_role("navigation", name="Saved views")
    expect(tabs.locator("[aria-current] .bo-count")).to_have_text("2")
    for size in (NARROW, WIDE):
        page.set_viewport_size(size)
        assert sticks_out(page) == []
        for theme in ("light", "dark") if os.environ.get("SHOTS") else ():
            page.evaluate(
                "t => document.documentElement.classList.toggle('dark', t)", theme == "dark"
            )
            page.screenshot(path=f"{os.environ['SHOTS']}/{size['width']}-{theme}.png")

    menu = page.get_by_label("What to do with")
    menu.press("Enter")
    expect(page.get_by_role("link", name="Rename")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Rename")).to_be_hidden()
    expect(menu).to_be_focused()
    menu.press("Enter")
    page.get_by_role("link", name="Rename").click()
    dialog(page).get_by_label("Name").fill("In the shop")
    answer(page, "Rename")

    expect(tabs.locator("[aria-current]")).to_contain_text("In the shop")
