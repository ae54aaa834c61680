"""The pages of an import: upload, preview, confirm, receipt."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice.models import ImportRun
from catalog.models import Product
from tests.backoffice.imports.pages import UPLOAD, confirm, keys_in, page_of, send
from tests.catalog.factories import ProductFactory
from tests.sheets import csv_of, preview

HEADER = ["sku", "name", "price"]


def test_the_upload_page_prints_its_columns_from_the_resource(sign_in, merchandiser):
    page = sign_in(merchandiser).get(reverse(UPLOAD))

    assert page.status_code == 200
    for column in ("sku", "compare_at_price", "meta_description"):
        assert f"<code>{column}</code>" in page.text


def test_an_upload_leads_to_its_preview_and_writes_nothing(upload):
    page = upload(csv_of(HEADER, ["A", "A cup", "1.00"]))

    run = ImportRun.objects.get()
    assert page.redirect_chain[-1] == (page_of("run", run), 302)
    assert "Preview: sheet.csv" in page.text
    assert "Apply 1 row" in page.text
    assert "A cup" in page.text
    assert not Product.objects.exists()


def test_a_file_dropped_on_the_list_needs_no_answer(sign_in, merchandiser):
    client = sign_in(merchandiser)
    listed = client.get(reverse("admin:catalog_product_changelist"))

    page = send(client, csv_of(HEADER, ["A", "A cup", "1.00"]), policy="", mode="")

    assert f'action="{reverse(UPLOAD)}" class="bi-anywhere"' in listed.text
    assert "Apply 1 row" in page.text


def test_a_preview_shows_whole_values_old_and_new(upload):
    ProductFactory(sku="A", name="Cup", price="65.00", description="One\nTwo")
    header = [*HEADER, "description"]

    page = upload(csv_of(header, ["A", "Mug <b>", "70", "One\nThree"]))

    assert "<del>65.00</del>" in page.text
    assert "<ins>70.00</ins>" in page.text
    assert "+7.7 %" in page.text
    assert "<ins>Mug &lt;b&gt;</ins>" in page.text
    assert "<del>One<br>Two</del>" in page.text


def test_a_preview_parts_thousands_and_says_by_how_many_pieces_stock_moves(upload):
    ProductFactory(sku="A", name="Cup", price="1250.00", stock=40)

    page = upload(csv_of([*HEADER, "stock"], ["A", "Cup", "2500", "1240"]))

    assert "<del>1,250.00</del>" in page.text
    assert "<ins>2,500.00</ins>" in page.text
    assert "<ins>1,240</ins>" in page.text
    assert "+1,200" in page.text


def test_a_preview_has_a_tab_with_count_for_each_verdict_and_opens_what_needs_a_person(upload):
    ProductFactory(sku="SAME", name="Same", price="1.00")
    ProductFactory(sku="MOVED", name="Moved", price="1.00")

    page = upload(
        csv_of(
            HEADER,
            ["SAME", "Same", "1"],
            ["MOVED", "Moved", "2"],
            ["N", "New", "1"],
            ["X", "X", "twelve"],
        )
    )

    tabs = {tab.name: tab.count for tab in page.context["tabs"]}
    assert tabs == {"refused": 1, "changed": 1, "new": 1, "unchanged": 1}
    assert page.context["active"].name == "refused"
    assert keys_in(page) == ["X"]


@pytest.mark.parametrize(
    ("tab", "keys"), [("changed", ["MOVED"]), ("new", ["N"]), ("unchanged", ["SAME"])]
)
def test_each_tab_shows_its_rows(sign_in, merchandiser, upload, tab, keys):
    ProductFactory(sku="SAME", name="Same", price="1.00")
    ProductFactory(sku="MOVED", name="Moved", price="1.00")
    upload(csv_of(HEADER, ["SAME", "Same", "1"], ["MOVED", "Moved", "2"], ["N", "New", "1"]))

    page = sign_in(merchandiser).get(page_of("run", ImportRun.objects.get()), {"tab": tab})

    assert keys_in(page) == keys


def test_reasons_stand_on_top_with_counts_and_lead_to_their_rows(sign_in, merchandiser, upload):
    page = upload(
        csv_of(HEADER, ["A", "A", "one"], ["B", "B", "two"], ["C", "", "1"], ["D", "D", "1"])
    )

    reasons = page.context["reasons"]
    assert [reason.count for reason in reasons] == [2, 1]
    address = f"{page_of('run', ImportRun.objects.get())}?{reasons[0].query}"
    assert keys_in(sign_in(merchandiser).get(address)) == ["A", "B"]


def test_a_preview_warns_of_prices_that_fall_and_stock_that_goes_to_zero(upload):
    ProductFactory(sku="A", name="A", price="100.00", stock=5)

    page = upload(csv_of([*HEADER, "stock"], ["A", "A", "50.00", "0"]))

    assert "The price falls by 50 %." in page.text
    assert "The stock goes to zero." in page.text


def test_a_preview_is_paged_by_row_numbers(upload, sign_in, merchandiser):
    rows = [[f"S{n:03}", f"Cup {n:03}", "1.00"] for n in range(120)]
    first = upload(csv_of(HEADER, *rows))
    client, address = sign_in(merchandiser), page_of("run", ImportRun.objects.get())

    second = client.get(f"{address}?{first.context['next_query']}")
    last = client.get(f"{address}?{second.context['next_query']}")
    back = client.get(f"{address}?{last.context['back_query']}")

    assert keys_in(first)[0] == "S000"
    assert first.context["back_query"] == ""
    assert keys_in(second)[0] == "S050"
    assert len(keys_in(last)) == 20
    assert last.context["next_query"] == ""
    assert keys_in(back) == keys_in(second)


def test_rows_are_found_by_their_key(upload, sign_in, merchandiser):
    upload(csv_of(HEADER, *([f"S{n:03}", f"Cup {n:03}", "1.00"] for n in range(60))))

    page = sign_in(merchandiser).get(
        page_of("run", ImportRun.objects.get()), {"tab": "new", "q": "s05"}
    )

    assert keys_in(page) == [f"S05{n}" for n in range(10)]


@pytest.mark.parametrize(
    "query",
    [
        {"tab": "<b>"},
        {"tab": "new", "after": "x"},
        {"tab": "new", "after": "9" * 30},
        {"tab": "new", "after": "-1", "to": "back"},
        {"q": "\x00'%_"},
        {"code": "\x00"},
        {"out": ["a", "9" * 30, "1"]},
    ],
)
def test_rubbish_in_the_address_is_answered_with_the_page(upload, sign_in, merchandiser, query):
    upload(csv_of(HEADER, ["A", "A cup", "1.00"]))

    page = sign_in(merchandiser).get(page_of("run", ImportRun.objects.get()), query)

    assert page.status_code == 200


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


def test_a_refused_confirmation_keeps_the_reason_that_was_typed(sign_in, upload, merchandiser):
    upload(csv_of(HEADER, ["A", "A", "1.00"], ["B", "B", "x"]))
    run = ImportRun.objects.get()

    page = confirm(sign_in(merchandiser), run, policy="all_or_nothing", reason="Spring range")

    assert 'value="Spring range"' in page.text


def test_nothing_to_apply_offers_no_button(upload):
    ProductFactory(sku="A", name="A", price="1.00")

    page = upload(csv_of(HEADER, ["A", "A", "1.00"]))

    assert "There is nothing to apply." in page.text
    assert "bi-apply" not in page.text


def test_drift_is_answered_with_409_and_shown_on_the_preview(sign_in, upload, merchandiser):
    product = ProductFactory(sku="A", name="A", price="1.00")
    upload(csv_of(HEADER, ["A", "A", "2.00"]))
    run = ImportRun.objects.get()
    product.price = Decimal("1.50")
    product.save()

    page = confirm(sign_in(merchandiser), run)

    assert page.status_code == 409
    assert "1.50" in page.text
    product.refresh_from_db()
    assert product.price == Decimal("1.50")


def test_a_preview_can_be_discarded(sign_in, upload, merchandiser):
    upload(csv_of(HEADER, ["A", "A", "1.00"]))
    run = ImportRun.objects.get()

    page = sign_in(merchandiser).post(page_of("discard", run), follow=True)

    run.refresh_from_db()
    assert run.state == "discarded"
    assert "nothing was changed" in page.text


def test_a_file_can_be_read_differently(sign_in, upload, merchandiser):
    ProductFactory(sku="A", name="A", price="1.00")
    upload(csv_of(HEADER, ["A", "A", "2.00"], ["B", "B", "2.00"]))
    run = ImportRun.objects.get()

    page = sign_in(merchandiser).post(
        page_of("again", run), {"mode": "create", "policy": "good_rows"}, follow=True
    )

    run.refresh_from_db()
    assert (run.mode, run.policy, run.new, run.refused) == ("create", "good_rows", 1, 1)
    assert "Create only" in page.text


def test_the_template_is_offered_in_both_formats(sign_in, merchandiser):
    client = sign_in(merchandiser)
    address = reverse("admin:catalog_product_import_template")

    assert client.get(address)["Content-Disposition"].endswith('products-template.xlsx"')
    assert b"".join(client.get(address, {"format": "csv"}).streaming_content).startswith(b"sku,")
    assert client.get(address, {"format": "ods"}).status_code == 404
