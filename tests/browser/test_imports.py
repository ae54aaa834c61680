"""A supplier's sheet from its first upload to the day it is taken back, as a merchandiser does it."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from backoffice import changes
from backoffice.jobs import running
from backoffice.models import ImportRun, Job
from catalog.models import Product
from tests.browser.conftest import NARROW, WIDE
from tests.browser.desk import sticks_out
from tests.catalog.factories import ProductFactory

HEAD = ["Art.-Nr.", "Bezeichnung", "VK brutto", "Bestand", "Farbe"]
OURS = ["sku", "name", "price", "stock", ""]
ROWS = [
    ["M-1", "Becher größer", "12,50", "40", "grau"],
    ["M-2", "Schale", "1.250,00", "3", "weiß"],
    ["M-3", "Teller", "auf Anfrage", "10", "weiß"],
    ["M-4", "Krug", "18,00", "ca. 5", "blau"],
    ["M-5", "Kanne", "48,00", "7", "blau"],
    ["M-6", "Löffel", "abc", "9", "–"],
]


def sheet_of(rows: list[list[str]], encoding: str = "cp1252") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows(rows)
    return out.getvalue().encode(encoding)


@pytest.fixture
def known(db) -> dict[str, Product]:
    """Return what we sell of this supplier already."""
    return {
        sku: ProductFactory(sku=sku, name=name, price=price)
        for sku, name, price in (
            ("M-1", "Becher", "11.00"),
            ("M-2", "Schale", "1100.00"),
            ("M-5", "Kanne", "45.00"),
        )
    }


@pytest.fixture
def later(settings):
    """Let a job wait for its worker, so that its progress can be looked at."""
    settings.IMPORT_AT_ONCE_ROWS = 0
    settings.JOBS_BACKEND = "django_tasks_db"


def upload(page: Page, content: bytes, name: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Products").first.click()
    page.get_by_role("link", name="Import", exact=True).click()
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": content}
    )
    page.get_by_role("button", name="Check the file").click()


def assign(page: Page, theirs: str, ours: str) -> None:
    row = page.locator(".bi-assign .bi-row").filter(has=page.get_by_text(theirs, exact=True))
    row.locator(".bi-ours").select_option(ours)


def red(page: Page, title: str) -> Locator:
    """Return the red cell of a row."""
    return page.locator(".bi-row", has_text=title).locator(".bi-red")


def tab(page: Page, name: str) -> Locator:
    return page.locator(".bo-tabs").get_by_role("link", name=re.compile(f"^{name}"))


def holds(page: Page, name: str, count: int) -> None:
    """Expect a tab to hold so many rows."""
    expect(tab(page, name).locator(".bo-count")).to_have_text(str(count))


def test_a_suppliers_sheet_comes_in_is_corrected_and_taken_back(
    enter, live_server, merchandiser, known, later, tmp_path
):
    page = enter(merchandiser)

    upload(page, sheet_of([HEAD, *ROWS]), "mueller.csv")
    assigns_the_columns(page)
    corrects_two_cells(page)
    looks_at_the_changes_and_unticks_one(page)
    applies_with_progress(page)
    sends_the_refused_row_corrected(page, Path(tmp_path, "corrected.csv"))
    with changes.change(action="test", by=merchandiser, separate=True):
        known["M-1"].refresh_from_db()
        known["M-1"].price = Decimal("99.00")
        known["M-1"].save()
    takes_it_back_but_for_what_was_edited(page, merchandiser.get_full_name())

    # Next month's file is known by its columns, and asks nothing.
    upload(page, sheet_of([HEAD, ["M-1", "Becher größer", "13,00", "40", ""]]), "june.csv")
    expect(page.get_by_role("heading", name="Preview: june.csv")).to_be_visible()
    expect(page.locator(".bi-facts")).to_contain_text("Müller")


def assigns_the_columns(page: Page) -> None:
    expect(page.get_by_role("heading", name="Assign the columns of mueller.csv")).to_be_visible()
    expect(page.locator(".bi-facts")).to_contain_text("cp1252")
    expect(page.locator(".bi-facts")).to_contain_text("semicolon")
    expect(page.locator(".bi-samples").filter(has_text="Becher größer")).to_be_visible()
    for theirs, ours in zip(HEAD, OURS, strict=True):
        assign(page, theirs, ours)
    expect(page.locator(".bi-missing")).to_be_hidden()
    page.get_by_label("Remember for supplier").fill("Müller")
    page.get_by_role("button", name="Check the rows").click()


def corrects_two_cells(page: Page) -> None:
    expect(page.get_by_role("heading", name="Preview: mueller.csv")).to_be_visible()
    holds(page, "Refused", 3)
    red(page, "Teller").fill("9,50")
    page.keyboard.press("Enter")
    expect(red(page, "Krug")).to_be_focused()
    page.keyboard.type("5")
    expect(page.locator(".bi-fixed")).to_have_text("2 corrections")
    page.get_by_role("button", name="Check again", exact=True).click()
    expect(page.get_by_text("2 rows corrected.")).to_be_visible()
    holds(page, "Refused", 1)
    holds(page, "New", 2)


def looks_at_the_changes_and_unticks_one(page: Page) -> None:
    tab(page, "Changed").click()
    row = page.locator(".bi-row", has_text="M-2")
    expect(row.locator("del", has_text="1,100.00")).to_be_visible()
    expect(row.locator("ins", has_text="1,250.00")).to_be_visible()
    expect(row).to_contain_text("+13.6 %")
    page.locator(".bi-row", has_text="M-5").get_by_role("checkbox").uncheck()
    expect(page.get_by_text("1 row left out.")).to_be_visible()
    holds(page, "Changed", 2)


def applies_with_progress(page: Page) -> None:
    page.get_by_label("Reason").fill("List of May")
    page.get_by_role("button", name="Apply the 4 good rows, leave 1 out").click()
    waits_for_the_receipt(page, "Receipt: mueller.csv")
    expect(page.locator(".bi-result")).to_contain_text("2 created, 2 changed")
    assert prices() == {
        "M-1": "12.50", "M-2": "1250.00", "M-3": "9.50", "M-4": "18.00", "M-5": "45.00",
    }  # fmt: skip


def sends_the_refused_row_corrected(page: Page, corrected: Path) -> None:
    tab(page, "Refused").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    text = Path(download.value.path()).read_text("utf-8-sig")
    header, row = csv.reader(io.StringIO(text), delimiter=";")
    assert dict(zip(header, row, strict=True))["VK brutto"] == "abc"
    row[header.index("VK brutto")] = "2,50"
    corrected.write_bytes(sheet_of([header, row], "utf-8"))
    page.locator(".bi-pick input").set_input_files(str(corrected))
    page.get_by_role("button", name="Apply 1 row").click()
    waits_for_the_receipt(page, "Receipt: mueller.csv")
    assert prices()["M-6"] == "2.50"
    assert ImportRun.objects.count() == 1


def takes_it_back_but_for_what_was_edited(page: Page, editor: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Imports").click()
    listed = page.locator("#result_list tr", has_text="mueller.csv")
    listed.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("heading", name="Take back: mueller.csv")).to_be_visible()
    expect(page.locator(".bi-row", has_text="M-1")).to_contain_text(editor)
    page.get_by_role("button", name="Take 4 rows back, keep 1").click()
    waits_for_the_receipt(page, "Take back: mueller.csv")
    expect(page.get_by_text("4 taken back, 1 kept as they are.")).to_be_visible()
    assert (prices()["M-1"], prices()["M-2"]) == ("99.00", "1100.00")
    assert Product.objects.get(sku="M-6").status == "archived"


def waits_for_the_receipt(page: Page, heading: str) -> None:
    """See the bar, let a worker do what waits; the page becomes the receipt by itself."""
    expect(page.locator(".bo-job progress")).to_be_visible()
    for job in Job.objects.filter(state=Job.State.QUEUED, kind__contains="import"):
        running.execute(job.pk)
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.locator(".bi-result")).to_be_visible()


def prices() -> dict[str, str]:
    return {product.sku: str(product.price) for product in Product.objects.all()}


@pytest.fixture
def sheet() -> bytes:
    return sheet_of([HEAD, *ROWS])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("window", [WIDE, NARROW], ids=["desk", "phone"])
def test_no_page_of_an_import_scrolls_sideways(
    enter, live_server, merchandiser, known, sheet, window, scheme
):
    page: Page = enter(merchandiser)
    upload(page, sheet, "mueller-with-a-rather-long-name-of-a-file-from-a-supplier.csv")
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(window)
    found = {}

    page.wait_for_load_state("networkidle")
    found["mapping"] = sticks_out(page)
    for theirs, ours in zip(HEAD, OURS, strict=True):
        assign(page, theirs, ours)
    page.get_by_role("button", name="Check the rows").click()
    expect(page.locator("#bi-run")).to_be_visible()
    preview = page.url
    for name in ("refused", "changed", "new", "unchanged", "left_out"):
        page.goto(f"{preview}?tab={name}", wait_until="networkidle")
        found[name] = sticks_out(page)
    page.locator(".bi-again summary").click()
    found["read differently"] = sticks_out(page)
    page.locator(".bi-apply").click()
    expect(page.locator(".bi-toast")).to_be_visible()
    found["receipt"] = sticks_out(page)
    for path in ("catalog/product/import/", "backoffice/importrun/"):
        page.goto(f"{live_server.url}/admin/{path}", wait_until="networkidle")
        found[path] = sticks_out(page)

    assert not {name: what for name, what in found.items() if what}


def test_a_sheet_dropped_on_the_list_of_products_leads_to_its_preview(
    enter, live_server, merchandiser, known
):
    page: Page = enter(merchandiser)
    page.goto(f"{live_server.url}/admin/catalog/product/", wait_until="networkidle")

    data = page.evaluate_handle(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["sku,name,price\\nM-1,Becher,12.00\\n"], "drop.csv"));
            return data;
        }"""
    )
    page.dispatch_event("#result_list", "dragenter", {"dataTransfer": data})
    expect(page.locator(".bi-anywhere")).to_be_visible()
    page.dispatch_event("#result_list", "drop", {"dataTransfer": data})

    expect(page.get_by_role("heading", name="Preview: drop.csv")).to_be_visible()
    page.get_by_role("button", name="Apply 1 row").click()
    expect(page.locator(".bi-toast")).to_contain_text("drop.csv was applied.")
    page.locator(".bi-toast").get_by_role("button", name="Take back").click()
    expect(page.get_by_text("drop.csv was taken back.")).to_be_visible()
    assert prices()["M-1"] == "11.00"
