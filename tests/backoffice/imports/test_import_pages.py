"""Upload, preview, confirm, receipt in the console, for all roles."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from backoffice.models import ImportRun
from catalog.models import Product
from tests.catalog.factories import ProductFactory
from tests.conftest import ROLES
from tests.sheets import FIXTURES, csv_of, preview

HEADER = ["sku", "name", "price"]
UPLOAD = "admin:catalog_product_import"
MAY_IMPORT = {"merchandiser", "manager"}


def page_of(name, run):
    return reverse(f"admin:catalog_product_import_{name}", args=[run.uuid])


@pytest.fixture
def upload(sign_in, merchandiser):
    """Send a file as the merchandiser would; the answer is followed to the preview."""

    def upload(content, name="sheet.csv", **answers):
        file = SimpleUploadedFile(name, content)
        data = {"file": file, "policy": "all_or_nothing", "mode": "upsert", **answers}
        return sign_in(merchandiser).post(reverse(UPLOAD), data, follow=True)

    return upload


def confirm(client, run, **answers):
    data = {"sha256": run.sha256, "reason": "", **answers}
    return client.post(page_of("confirm", run), data, follow=True)


# --- The way through --------------------------------------------------------------------------


def test_the_upload_page_prints_its_columns_from_the_resource(sign_in, merchandiser):
    page = sign_in(merchandiser).get(reverse(UPLOAD))

    assert page.status_code == 200
    for column in ("sku", "compare_at_price", "meta_description"):
        assert f"<code>{column}</code>" in page.text
    assert "WooCommerce product export" in page.text


def test_an_upload_leads_to_its_preview_and_writes_nothing(upload):
    page = upload(csv_of(HEADER, ["A", "A cup", "1.00"]))

    run = ImportRun.objects.get()
    assert page.redirect_chain[-1] == (page_of("run", run), 302)
    assert "Preview: sheet.csv" in page.text
    assert "Apply 1 row" in page.text
    assert "A cup" in page.text
    assert not Product.objects.exists()


def test_a_preview_shows_whole_values_old_and_new(upload):
    ProductFactory(sku="A", name="Cup", price="65.00", description="One\nTwo")
    header = [*HEADER, "description"]

    page = upload(csv_of(header, ["A", "Mug <b>", "70", "One\nThree"]))

    assert "<del>65.00</del>" in page.text
    assert "<ins>70.00</ins>" in page.text
    assert "+7.7 %" in page.text
    assert "<ins>Mug &lt;b&gt;</ins>" in page.text
    assert "<del>One<br>Two</del>" in page.text


def test_a_preview_has_a_tab_with_count_for_each_verdict(upload):
    ProductFactory(sku="SAME", name="Same", price="1.00")
    ProductFactory(sku="MOVED", name="Moved", price="1.00")

    page = upload(
        csv_of(HEADER, ["SAME", "Same", "1"], ["MOVED", "Moved", "2"], ["N", "New", "1"],
               ["X", "X", "12,50"])
    )  # fmt: skip

    tabs = {tab.name: tab.count for tab in page.context["tabs"]}
    assert tabs == {"all": 4, "refused": 1, "changed": 1, "new": 1, "unchanged": 1}
    assert [row.key for row in page.context["rows"]] == ["X", "MOVED", "N", "SAME"]
    assert "12,50 is written with a decimal comma." in page.text
    assert "Write 12.50." in page.text


def test_a_preview_warns_of_prices_that_fall_and_stock_that_goes_to_zero(upload):
    ProductFactory(sku="A", name="A", price="100.00", stock=5)

    page = upload(csv_of([*HEADER, "stock"], ["A", "A", "70.00", "0"]))

    assert "The price falls by 30 %." in page.text
    assert "The stock goes to zero." in page.text


def test_a_preview_is_paged_from_the_database(upload, sign_in, merchandiser):
    rows = [[f"S{n:03}", f"Cup {n:03}", "1.00"] for n in range(120)]

    first = upload(csv_of(HEADER, *rows))
    last = sign_in(merchandiser).get(f"{first.redirect_chain[-1][0]}?tab=new&page=3")

    assert len(first.context["rows"]) == 50
    assert len(last.context["rows"]) == 20
    assert "101 to 120 of 120" in last.text


def test_a_preview_asks_the_same_number_of_queries_for_few_and_for_many(sign_in, merchandiser):
    client = sign_in(merchandiser)
    counts = []
    for size in (2, 50):
        rows = [[f"{size}-{n}", f"Cup {size} {n}", "1.00"] for n in range(size)]
        run = preview(csv_of(HEADER, *rows), by=merchandiser)
        client.get(page_of("run", run))
        with CaptureQueriesContext(connection) as queries:
            client.get(page_of("run", run))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_confirming_applies_the_rows_with_the_persons_reason(sign_in, upload, merchandiser):
    upload(csv_of(HEADER, ["A", "A cup", "1.00"]))
    run = ImportRun.objects.get()

    page = confirm(sign_in(merchandiser), run, reason="Spring range", policy=run.policy)

    assert "Receipt: sheet.csv" in page.text
    assert "1 created, 0 changed, 0 left as they were, 0 refused." in page.text
    product = Product.objects.get()
    assert reverse("admin:catalog_product_change", args=[product.pk]) in page.text
    change_set = product.history.get().change_set
    assert (change_set.actor, change_set.note) == (merchandiser, "Spring range")
    assert change_set.request_id


def test_a_second_press_applies_nothing_more_and_says_so(sign_in, upload, merchandiser):
    upload(csv_of(HEADER, ["A", "A cup", "1.00"]))
    run = ImportRun.objects.get()
    client = sign_in(merchandiser)
    confirm(client, run)

    again = confirm(client, run)

    assert again.status_code == 409
    assert "A file is applied once." in again.text
    assert Product.history.count() == 1


def test_refused_rows_close_the_button_and_offer_the_good_ones(sign_in, upload, merchandiser):
    page = upload(csv_of(HEADER, ["A", "A", "1.00"], ["B", "B", "x"]))
    run = ImportRun.objects.get()
    assert "1 of 2 rows is refused, so nothing can be applied as it is." in page.text
    assert "Apply the 1 good row, leave 1 out" in page.text

    refused = confirm(sign_in(merchandiser), run, policy="all_or_nothing")
    assert refused.status_code == 409
    assert "Nothing was applied" in refused.text
    assert not Product.objects.exists()

    page = confirm(sign_in(merchandiser), run, policy="good_rows")
    assert "1 created" in page.text
    assert Product.objects.get().sku == "A"


def test_nothing_to_apply_offers_no_button(upload):
    ProductFactory(sku="A", name="A", price="1.00")

    page = upload(csv_of(HEADER, ["A", "A", "1.00"]))

    assert "There is nothing to apply." in page.text
    assert "bo-btn-primary" not in page.text


def test_drift_is_answered_with_409_and_shown_on_the_preview(sign_in, upload, merchandiser):
    product = ProductFactory(sku="A", name="A", price="1.00")
    upload(csv_of(HEADER, ["A", "A", "2.00"]))
    run = ImportRun.objects.get()
    product.price = Decimal("1.50")
    product.save()

    page = confirm(sign_in(merchandiser), run)

    assert page.status_code == 409
    assert "it showed 1.00, now it is 1.50" in page.text


def test_a_preview_can_be_discarded(sign_in, upload, merchandiser):
    upload(csv_of(HEADER, ["A", "A", "1.00"]))
    run = ImportRun.objects.get()

    page = sign_in(merchandiser).post(page_of("discard", run), follow=True)

    run.refresh_from_db()
    assert run.state == "discarded"
    assert "nothing was changed" in page.text


def test_refused_rows_come_back_as_a_sheet_with_reasons_and_can_be_sent_again(
    sign_in, upload, merchandiser
):
    upload((FIXTURES / "faulty_products.csv").read_bytes(), name="faulty.csv", policy="good_rows")
    run = ImportRun.objects.get()

    page = sign_in(merchandiser).get(page_of("refused", run))
    content = b"".join(page.streaming_content)

    assert 'filename="faulty-refused.csv"' in page["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
    assert len(rows) == 24
    assert rows[1]["line"] == "4"
    assert rows[1]["reason"] == "price: 12,50 is written with a decimal comma. Write 12.50."
    again = preview(content.replace(b'"12,50"', b"12.50"), by=merchandiser, policy="good_rows")
    assert [row.key for row in again.rows.filter(verdict="new")] == ["HP-FLT-002"]


def test_the_template_is_offered_in_both_formats(sign_in, merchandiser):
    client = sign_in(merchandiser)
    address = reverse("admin:catalog_product_import_template")

    assert client.get(address)["Content-Disposition"].endswith('products-template.xlsx"')
    assert b"".join(client.get(address, {"format": "csv"}).streaming_content).startswith(b"sku,")
    assert client.get(address, {"format": "ods"}).status_code == 404


# --- Bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, 422, "a picture (PNG), not a sheet"),
        (b"%PDF-1.7", 422, "a PDF document"),
        (b'{"a": [1]}', 422, "nested data, not a table"),
        (b"", 422, "The file is empty."),
        (b"sku,name\n", 422, "no row below it"),
        (b"article,name\nA,B\n", 422, "no column sku"),
        (b"sku,colour\nA,B\n", 422, "does not know: colour"),
        (b"sku,name\nA,\x81\n", 422, "neither UTF-8 nor Windows-1252"),
    ],
)
def test_a_file_that_cannot_be_read_is_answered_with_the_page_and_a_sentence(
    upload, content, status, words
):
    page = upload(content)

    assert page.status_code == status
    assert words in page.text
    assert "Check the file" in page.text
    assert not ImportRun.objects.exists()


def test_a_file_over_the_limit_is_answered_with_413(upload, settings):
    settings.IMPORT_MAX_BYTES = 100

    page = upload(csv_of(HEADER, ["A", "x" * 200, "1.00"]))

    assert page.status_code == 413
    assert "at most 100" in page.text


def test_no_file_is_answered_with_a_sentence(sign_in, merchandiser):
    page = sign_in(merchandiser).post(reverse(UPLOAD), {"policy": "all_or_nothing"})

    assert page.status_code == 422
    assert "Choose a file first." in page.text


def test_an_unknown_recipe_or_policy_is_refused(upload):
    assert upload(csv_of(HEADER, ["A", "A", "1"]), recipe="shopware").status_code == 422
    assert upload(csv_of(HEADER, ["A", "A", "1"]), policy="half").status_code == 422


def test_hostile_words_of_a_file_are_shown_as_text(upload):
    page = upload(
        csv_of(HEADER, ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "x"]),
        name="<svg onload=alert(1)>.csv",
    )

    assert page.status_code == 200
    for hostile in ("<script>alert", "<img src=x", "<svg onload"):
        assert hostile not in page.text


def test_the_preview_of_another_person_is_not_found(sign_in, manager, merchandiser):
    run = preview(csv_of(HEADER, ["A", "A", "1.00"]), by=merchandiser)
    client = sign_in(manager)

    assert client.get(page_of("run", run)).status_code == 404
    assert client.get(page_of("refused", run)).status_code == 404
    assert confirm(client, run).status_code == 404
    assert client.post(page_of("discard", run)).status_code == 404
    run.refresh_from_db()
    assert run.state == "validated"
    assert not Product.objects.exists()


def test_an_expired_preview_says_so(sign_in, merchandiser):
    run = preview(csv_of(HEADER, ["A", "A", "1.00"]), by=merchandiser)
    ImportRun.objects.filter(pk=run.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
    client = sign_in(merchandiser)

    answer = confirm(client, run)
    page = client.get(page_of("run", run))

    assert answer.status_code == 409
    assert "has expired" in answer.text
    assert "Expired" in page.text
    assert "Apply 1 row" not in page.text


@pytest.mark.parametrize("seen", [{}, {"sha256": ""}, {"sha256": "0" * 64}])
def test_a_confirmation_without_the_content_it_saw_is_refused(sign_in, merchandiser, seen):
    run = preview(csv_of(HEADER, ["A", "A", "1.00"]), by=merchandiser)

    answer = sign_in(merchandiser).post(page_of("confirm", run), seen)

    assert answer.status_code == 409
    assert "not the file that you saw" in answer.text
    assert not Product.objects.exists()


@pytest.mark.parametrize("name", ["confirm", "discard"])
def test_what_changes_something_refuses_get(sign_in, merchandiser, name):
    run = preview(csv_of(HEADER, ["A", "A", "1.00"]), by=merchandiser)

    assert sign_in(merchandiser).get(page_of(name, run)).status_code == 405
    run.refresh_from_db()
    assert run.state == "validated"


def test_a_confirmation_needs_the_csrf_token(merchandiser):
    run = preview(csv_of(HEADER, ["A", "A", "1.00"]), by=merchandiser)
    client = Client(enforce_csrf_checks=True)
    client.force_login(merchandiser)

    answer = client.post(page_of("confirm", run), {"sha256": run.sha256})

    assert answer.status_code == 403
    assert not Product.objects.exists()


# --- Roles ------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_every_import_page_is_open_to_those_who_may_import_and_to_nobody_else(
    sign_in, make_user, role
):
    user = make_user(role)
    client = sign_in(user)
    owner = user if role in MAY_IMPORT else make_user("merchandiser", email="owner@example.com")
    run = preview(csv_of(HEADER, ["A", "A", "1.00"]), by=owner)
    pages = [
        ("get", reverse(UPLOAD)),
        ("get", reverse("admin:catalog_product_import_template")),
        ("get", page_of("run", run)),
        ("get", page_of("refused", run)),
        ("post", reverse(UPLOAD)),
        ("post", page_of("confirm", run)),
        ("post", page_of("discard", run)),
    ]

    statuses = {
        (method, address): getattr(client, method)(address).status_code for method, address in pages
    }

    if role in MAY_IMPORT:
        assert 403 not in statuses.values()
    else:
        assert set(statuses.values()) == {403}
        run.refresh_from_db()
        assert run.state == "validated"


@pytest.mark.parametrize(
    ("role", "imports", "exports"),
    [("merchandiser", True, True), ("auditor", False, True), ("admin", None, None)],
)
def test_the_list_offers_only_what_a_role_may_do(sign_in, make_user, role, imports, exports):
    page = sign_in(make_user(role)).get(reverse("admin:catalog_product_changelist"))

    if imports is None:
        assert page.status_code == 403
        return
    assert (reverse(UPLOAD) in page.text) is imports
    assert (reverse("admin:catalog_product_export", args=["xlsx"]) in page.text) is exports


def test_the_export_link_keeps_the_filter_of_the_list(sign_in, auditor):
    page = sign_in(auditor).get(reverse("admin:catalog_product_changelist"), {"queue": "drafts"})

    assert reverse("admin:catalog_product_export", args=["csv"]) + "?queue=drafts" in page.text


# --- The list of runs -------------------------------------------------------------------------


def run_list(client):
    return client.get(reverse("admin:backoffice_importrun_changelist"))


def test_the_list_of_imports_says_what_came_of_each(sign_in, merchandiser, auditor):
    preview(csv_of(HEADER, ["A", "A", "1.00"], ["B", "B", "x"]), by=merchandiser, name="mine.csv")

    page = run_list(sign_in(auditor))

    assert "mine.csv" in page.text
    assert "1 new, 1 refused" in page.text
    assert "Waiting" in page.text


def test_a_run_can_be_looked_at_by_others_but_not_confirmed(sign_in, auditor, merchandiser):
    run = preview(csv_of(HEADER, ["A", "A cup", "1.00"]), by=merchandiser, name="mine.csv")
    client = sign_in(auditor)
    address = reverse("admin:backoffice_importrun_change", args=[run.pk])

    page = client.get(address)

    assert "A cup" in page.text
    assert "Apply 1 row" not in page.text
    assert page_of("refused", run) not in page.text
    assert client.post(address).status_code == 405
    assert client.get(reverse("admin:backoffice_importrun_add")).status_code == 403
    assert client.get(reverse("admin:backoffice_importrun_change", args=["x"])).status_code == 404


def test_the_list_of_imports_is_closed_to_everybody_else(sign_in, support):
    assert run_list(sign_in(support)).status_code == 403
