"""What a merchandiser does with a sheet, in the words of the features."""

from __future__ import annotations

import re
from decimal import Decimal

from playwright.sync_api import expect

from catalog.models import Product
from tests.browser.test_imports import upload
from tests.features.library.words import World, step


@step('I upload a sheet that says "{name}" costs {price} EUR')
def upload_price(world: World, name: str, price: str) -> None:
    _upload(world, name, price)


@step('I upload a sheet that says "{name}" costs "{words}"')
def upload_words(world: World, name: str, words: str) -> None:
    _upload(world, name, words)


@step("the preview shows {before} EUR becoming {after} EUR")
def preview(world: World, before: str, after: str) -> None:
    expect(world.page.get_by_role("heading", name="Preview: may.csv")).to_be_visible()
    world.page.locator(".bo-tabs").get_by_role("link", name=re.compile("^Changed")).click()
    expect(world.page.locator(".bi-row del", has_text=before)).to_be_visible()
    expect(world.page.locator(".bi-row ins", has_text=after)).to_be_visible()


@step('the preview shows a fault in the row of "{name}"')
def preview_fault(world: World, name: str) -> None:
    expect(world.page.get_by_role("heading", name="Preview: may.csv")).to_be_visible()
    row = world.page.locator(".bi-row", has_text=world.products[name].sku)
    expect(row.locator(".bi-red")).to_be_visible()


@step("I apply the sheet")
def apply(world: World) -> None:
    world.page.get_by_label("Reason").fill("List of May")
    world.page.get_by_role("button", name=re.compile("^Apply")).click()
    expect(world.page.get_by_role("heading", name="Receipt: may.csv")).to_be_visible()


@step("I take the sheet back")
def take_back(world: World) -> None:
    world.page.get_by_role("button", name=re.compile("^Take back")).first.click()
    expect(world.page.get_by_role("heading", name="Take back: may.csv")).to_be_visible()
    expect(world.page.locator("main, body").first).to_contain_text("taken back")


@step('"{name}" costs {price} EUR')
def costs(world: World, name: str, price: str) -> None:
    assert _price(world, name) == Decimal(price)


@step('"{name}" still costs {price} EUR')
def still_costs(world: World, name: str, price: str) -> None:
    assert _price(world, name) == Decimal(price)


def _price(world: World, name: str) -> Decimal:
    return Product.objects.get(pk=world.products[name].pk).price


def _upload(world: World, name: str, price: str) -> None:
    sku = world.products[name].sku
    upload(world.page, f"sku,name,price\n{sku},{name},{price}\n".encode(), "may.csv")
