"""The import and export pages beside the lists of stock, scheduled prices and categories."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from backoffice.models import ImportRun
from catalog.models import Category, PriceChange, StockLevel
from tests.catalog.factories import PriceChangeFactory, ProductFactory
from tests.conftest import ROLES
from tests.sheets import csv_of

LISTS = {"stock": "stocklevel", "prices": "pricechange", "categories": "category"}
STOCK = csv_of(["sku", "stock"], ["MUG", "9"], ["NONE", "1"])
FILES = {
    "stock": csv_of(["sku", "stock"], ["MUG", "9"]),
    "prices": csv_of(["sku", "price", "valid_from"], ["MUG", "15.00", "2031-03-01"]),
    "categories": csv_of(["path", "description"], ["Kitchen > Coffee", "Beans"]),
}
MAY_LOAD = {
    "stock": {"fulfilment", "merchandiser", "manager"},
    "prices": {"merchandiser", "manager"},
    "categories": {"merchandiser", "manager"},
}


def page(sheet, what, *args):
    return reverse(f"admin:catalog_{LISTS[sheet]}_{what}", args=args)


def upload(client, sheet, content, **answers):
    file = SimpleUploadedFile(f"{sheet}.csv", content)
    return client.post(page(sheet, "import"), {"file": file, **answers}, follow=True)


def confirm(client, sheet, run):
    data = {"sha256": run.sha256, "plan_number": run.plan_number, "reason": ""}
    return client.post(page(sheet, "import_confirm", run.uuid), data, follow=True)


@pytest.fixture
def mug(db):
    return ProductFactory(sku="MUG", name="Harbour Mug", price="20.00", stock=5)


@pytest.fixture
def desk(sign_in, merchandiser):
    return sign_in(merchandiser)


@pytest.mark.parametrize("sheet", LISTS)
def test_a_sheet_is_uploaded_looked_at_and_applied(desk, mug, sheet):
    seen = upload(desk, sheet, FILES[sheet])
    run = ImportRun.objects.get()
    assert seen.status_code == 200
    assert run.sheet == sheet

    receipt = confirm(desk, sheet, run)

    run.refresh_from_db()
    assert receipt.status_code == 200
    assert run.state == "applied"
    done = {
        "stock": lambda: StockLevel.objects.get().on_hand == 9,
        "prices": lambda: PriceChange.objects.get().price == 15,
        "categories": lambda: Category.objects.get(slug="coffee").description == "Beans",
    }
    assert done[sheet]()


@pytest.mark.parametrize("sheet", ["stock", "prices"])
def test_a_row_leads_to_its_product(desk, mug, sheet):
    seen = upload(desk, sheet, FILES[sheet])

    assert reverse("admin:catalog_product_change", args=[mug.pk]) in seen.text


def test_stock_only_updates_and_the_form_offers_nothing_else(desk, mug):
    form = desk.get(page("stock", "import")).context["form"]
    assert [name for name, _label in form.fields["mode"].choices] == ["update"]

    upload(desk, "stock", STOCK)

    run = ImportRun.objects.get()
    assert (run.mode, run.changed, run.refused) == ("update", 1, 1)


@pytest.mark.parametrize("sheet", LISTS)
@pytest.mark.parametrize("role", ROLES)
def test_the_button_is_there_for_those_who_may(sign_in, make_user, sheet, role):
    client = sign_in(make_user(role))

    listed = client.get(page(sheet, "changelist"))
    asked = client.get(page(sheet, "import"))

    may = role in MAY_LOAD[sheet]
    assert asked.status_code == (200 if may else 403)
    if listed.status_code == 200:
        assert (page(sheet, "import") in listed.text) == may


@pytest.mark.parametrize("sheet", LISTS)
@pytest.mark.parametrize("format_name", ["csv", "xlsx"])
def test_the_empty_sheet_can_be_had(desk, sheet, format_name):
    answer = desk.get(page(sheet, "import_template"), {"format": format_name})

    assert f"{sheet}-template.{format_name}" in answer["Content-Disposition"]


def exported(client, sheet, query=""):
    address = page(sheet, "export") + query
    answer = client.post(address, {"format": "csv"})
    return b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()


def test_the_whole_list_of_stock_is_all_products(desk, mug):
    ProductFactory(sku="CUP", name="Beach Cup")

    assert exported(desk, "stock") == [
        "sku,barcode,name,stock",
        "MUG,,Harbour Mug,5",
        "CUP,,Beach Cup,",
    ]


def test_a_filtered_list_is_the_products_in_it(desk, mug):
    cup = ProductFactory(sku="CUP", name="Beach Cup")
    PriceChangeFactory(product=cup)

    rows = exported(desk, "prices", "?queue=running")

    assert [row.partition(",")[0] for row in rows] == ["sku", "CUP"]


def test_the_tree_goes_out(desk, mug):
    upload(desk, "categories", FILES["categories"])
    confirm(desk, "categories", ImportRun.objects.get())

    assert exported(desk, "categories") == [
        "path,slug,description",
        "Kitchen,kitchen,",
        "Kitchen > Coffee,coffee,Beans",
    ]
