"""The pages of an import that is taken back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from backoffice import changes
from backoffice.models import ImportRun
from catalog.models import Product
from tests.backoffice.imports.pages import confirm, keys_in, page_of, press, send
from tests.catalog.factories import ProductFactory
from tests.sheets import csv_of

HEADER = ["sku", "name", "price"]


@pytest.fixture
def desk(sign_in, merchandiser):
    return sign_in(merchandiser)


@pytest.fixture
def run(desk) -> ImportRun:
    """Return an applied run: two prices changed, one product made."""
    ProductFactory(sku="A", name="A", price="1.00")
    ProductFactory(sku="B", name="B", price="1.00")
    send(desk, csv_of(HEADER, ["A", "A", "2.00"], ["B", "B", "2.00"], ["C", "C", "2.00"]))
    run = ImportRun.objects.get()
    confirm(desk, run)
    return run


def edit(sku, by):
    with changes.change(action="test", by=by, separate=True):
        product = Product.objects.get(sku=sku)
        product.price = Decimal("9.00")
        product.save()


def listed(run):
    return reverse("admin:backoffice_importrun_change", args=[run.pk])


def prices():
    return {product.sku: str(product.price) for product in Product.objects.all()}


def test_the_list_of_imports_offers_it_for_what_was_applied(desk, run):
    send(desk, csv_of(HEADER, ["D", "D", "1.00"]))

    page = desk.get(reverse("admin:backoffice_importrun_changelist"))

    assert page.text.count("Take back</button>") == 1
    assert f'formaction="{page_of("undo", run)}"' in page.text


def test_taking_back_is_previewed_and_changes_nothing_yet(desk, run):
    page = press(desk, "undo", run)

    assert "Take back: sheet.csv" in page.text
    assert "Take 3 rows back" in page.text
    assert "<del>2.00</del>" in page.text
    assert "<ins>1.00</ins>" in page.text
    assert prices() == {"A": "2.00", "B": "2.00", "C": "2.00"}


def test_confirming_takes_it_back_and_the_receipts_point_to_each_other(desk, run):
    press(desk, "undo", run)
    undo = ImportRun.objects.get(undoes=run)

    page = confirm(desk, undo)

    assert "3 taken back, 0 kept as they are." in page.text
    assert listed(run) in page.text
    assert prices()["A"] == "1.00"
    assert Product.objects.get(sku="C").status == "archived"
    done = desk.get(page_of("run", run))
    assert listed(undo) in done.text
    assert page_of("undo", run) not in done.text


def test_a_row_that_was_edited_since_is_kept_and_says_by_whom(desk, run, manager):
    edit("A", manager)

    page = press(desk, "undo", run)

    assert "1 of 3 rows stays as it is." in page.text
    assert "Take 2 rows back, keep 1" in page.text
    assert keys_in(page) == ["A"]
    assert manager.get_full_name() in page.text
    product = Product.objects.get(sku="A")
    assert reverse("admin:catalog_product_history", args=[product.pk]) in page.text
    confirm(desk, ImportRun.objects.get(undoes=run))
    assert prices() == {"A": "9.00", "B": "1.00", "C": "2.00"}


def test_the_toast_takes_back_by_one_press(desk, run):
    page = press(desk, "undo", run, now="1")

    assert "sheet.csv was taken back." in page.text
    assert prices()["A"] == "1.00"


def test_the_toast_shows_the_preview_when_something_would_be_kept(desk, run, manager):
    edit("A", manager)

    page = press(desk, "undo", run, now="1")

    assert "Take 2 rows back, keep 1" in page.text
    assert prices()["B"] == "2.00"


def test_applying_offers_to_take_it_back_at_once(desk):
    ProductFactory(sku="A", name="A", price="1.00")
    send(desk, csv_of(HEADER, ["A", "A", "2.00"]))
    run = ImportRun.objects.get()

    page = confirm(desk, run)

    assert 'class="bi-toast"' in page.text
    assert f'action="{page_of("undo", run)}"' in page.text


def test_an_import_is_taken_back_once(desk, run):
    press(desk, "undo", run, now="1")

    page = press(desk, "undo", run)

    assert page.status_code == 409
    assert "was taken back already" in page.text


def test_what_was_not_applied_is_not_taken_back(desk):
    send(desk, csv_of(HEADER, ["A", "A", "2.00"]))
    run = ImportRun.objects.get()

    page = press(desk, "undo", run)

    assert page.status_code == 409
    assert "Only an import that was applied" in page.text


def test_a_file_name_in_the_toast_is_text(desk):
    send(desk, csv_of(HEADER, ["A", "A", "2.00"]), name="<img src=x onerror=alert(1)>.csv")

    page = confirm(desk, ImportRun.objects.get())

    assert "<img src=x" not in page.text


def test_a_row_can_be_left_out_of_what_is_taken_back(desk, run):
    press(desk, "undo", run)
    undo = ImportRun.objects.get(undoes=run)
    number = undo.rows.get(key="B").number

    page = press(desk, "leave_out", undo, here="tab=changed", shown=[number])

    assert "Take 2 rows back" in page.text
    confirm(desk, undo)
    assert prices()["B"] == "2.00"
    assert prices()["A"] == "1.00"


@pytest.mark.parametrize("name", ["mapping", "again"])
def test_what_is_taken_back_has_no_file_to_read_differently(desk, run, name):
    press(desk, "undo", run)
    undo = ImportRun.objects.get(undoes=run)

    page = press(desk, name, undo, **{"column-0": "sku"})

    assert "Take back: sheet.csv" in page.text
    undo.refresh_from_db()
    assert (undo.state, undo.changed) == ("validated", 3)


def test_a_manager_takes_back_what_others_imported(sign_in, make_user, run):
    manager = make_user("manager", email="manager@example.org")
    manager.user_permissions.add(Permission.objects.get(codename="undo_importrun"))
    client = sign_in(manager)
    looked = client.get(listed(run))

    page = press(client, "undo", run)

    assert page_of("undo", run) in looked.text
    assert "Take 3 rows back" in page.text


def test_somebody_else_is_not_offered_to_take_it_back(sign_in, make_user, run):
    client = sign_in(make_user("merchandiser", email="other@example.com"))

    looked = client.get(listed(run))

    assert looked.status_code == 200
    assert page_of("undo", run) not in looked.text
    assert press(client, "undo", run).status_code == 404


def test_a_sheet_that_cannot_be_taken_back_as_a_whole_does_not_offer_it(desk):
    file = SimpleUploadedFile("tree.csv", b"path,description\nKitchen,Pots and pans\n")
    desk.post(reverse("admin:catalog_category_import"), {"file": file})
    run = ImportRun.objects.get()
    seen = {"sha256": run.sha256, "plan_number": run.plan_number}

    confirmed = desk.post(
        reverse("admin:catalog_category_import_confirm", args=[run.uuid]), seen, follow=True
    )
    runs = desk.get(reverse("admin:backoffice_importrun_changelist"))

    assert "tree.csv was applied." in confirmed.text
    assert "Take back" not in confirmed.text
    assert "Take back</button>" not in runs.text
