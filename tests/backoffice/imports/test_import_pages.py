"""The pages of an import: upload, preview, confirm, receipt."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice.models import ImportRun
from catalog.models import Product
from tests.backoffice.imports.pages import UPLOAD, confirm, page_of
from tests.catalog.factories import ProductFactory
from tests.sheets import FIXTURES, csv_of, preview

HEADER = ["sku", "name", "price"]


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
        csv_of(
            HEADER,
            ["SAME", "Same", "1"],
            ["MOVED", "Moved", "2"],
            ["N", "New", "1"],
            ["X", "X", "12,50"],
        )
    )

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
