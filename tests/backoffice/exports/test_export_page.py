"""The page before an export: which rows, which columns, what is remembered, and who may."""

from __future__ import annotations

import pytest
from django.urls import reverse

from backoffice.models import AuditEvent, Job
from tests.backoffice.exports.conftest import ADDRESS
from tests.backoffice.exports.reading import csv_rows
from tests.catalog.factories import ProductFactory
from tests.conftest import ROLES
from tests.orders.factories import OrderFactory

MAY_EXPORT = {"support", "fulfilment", "merchandiser", "finance", "auditor", "manager"}
ORDERS = "admin:orders_order_export"


def sent(answer):
    assert answer.status_code == 200
    return csv_rows(b"".join(answer.streaming_content))


def test_the_list_leads_to_it_with_its_filter(sign_in, auditor):
    page = sign_in(auditor).get(reverse("admin:catalog_product_changelist"), {"queue": "drafts"})

    assert f"{reverse(ADDRESS)}?queue=drafts" in page.text


def test_it_says_how_many_rows_and_offers_every_column_in_groups(sign_in, auditor):
    for number in range(3):
        ProductFactory(sku=f"A{number}", status="draft")
    ProductFactory(sku="B", status="published")

    page = sign_in(auditor).get(reverse(ADDRESS), {"queue": "drafts"})

    assert page.context["rows"] == 3
    groups = page.context["groups"]
    assert [str(group.label) for group in groups][:2] == ["Article", "Texts and place"]
    names = {name for group in groups for name, *_more in group.columns}
    assert {"sku", "price", "stock", "meta_title"} <= names
    assert all(is_chosen for group in groups for _n, _c, is_chosen, _k in group.columns)


def test_few_rows_are_sent_at_once_as_the_list_is_filtered(ask, auditor):
    ProductFactory(sku="SHOWN", status="published")
    ProductFactory(sku="HIDDEN", status="draft")

    answer = ask(auditor, "?queue=published", purpose=" for  the\nshop ")

    assert 'filename="products-' in answer["Content-Disposition"]
    assert [row["sku"] for row in sent(answer)] == ["SHOWN"]
    detail = AuditEvent.objects.get(kind="export").detail
    assert detail["filter"] == {"queue": ["published"]}
    assert detail["purpose"] == "for the shop"
    assert not Job.objects.exists()


def test_every_page_of_the_list_is_exported_whichever_is_open(ask, auditor):
    for number in range(120):
        ProductFactory(sku=f"P-{number}")

    assert len(sent(ask(auditor, "?p=2"))) == 120


def test_a_workbook_is_sent_as_one(ask, auditor):
    ProductFactory()

    answer = ask(auditor, format="xlsx")

    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    assert b"".join(answer.streaming_content)[:2] == b"PK"


def test_the_last_choice_is_remembered_for_the_person(sign_in, auditor):
    client = sign_in(auditor)
    sent(client.post(reverse(ADDRESS), {"format": "csv", "columns": ["sku", "price"]}))

    page = client.get(reverse(ADDRESS))

    assert page.context["format"] == "csv"
    chosen = [n for group in page.context["groups"] for n, _c, is_in, _k in group.columns if is_in]
    assert chosen == ["sku", "price"]
    assert client.get(reverse(ORDERS)).context["format"] == "xlsx"


def test_what_is_remembered_and_no_longer_allowed_is_forgotten(sign_in, finance):
    client = sign_in(finance)
    sent(client.post(reverse(ORDERS), {"format": "csv", "columns": ["number", "email"]}))
    finance.groups.clear()
    finance.groups.set(finance.groups.model.objects.filter(name="support"))

    page = client.get(reverse(ORDERS))

    names = {name for group in page.context["groups"] for name, *_more in group.columns}
    assert "email" not in names


def test_no_row_is_said_and_still_gives_a_head(sign_in, ask, auditor):
    assert "No row matches" in sign_in(auditor).get(reverse(ADDRESS)).text
    assert sent(ask(auditor)) == []


@pytest.mark.parametrize("role", ROLES)
def test_only_who_may_export_sees_it(sign_in, make_user, role):
    client = sign_in(make_user(role))

    page = client.get(reverse(ADDRESS))
    answer = client.post(reverse(ADDRESS), {"format": "csv", "columns": ["sku"]})

    assert page.status_code == (200 if role in MAY_EXPORT else 403)
    if role in MAY_EXPORT:
        assert sent(answer) == []
    else:
        assert answer.status_code == 403
    assert AuditEvent.objects.filter(kind="export").exists() is (role in MAY_EXPORT)


@pytest.mark.parametrize(("role", "status"), [("support", 403), ("finance", 200)])
def test_a_customers_data_are_not_had_by_asking_for_them(sign_in, make_user, role, status):
    OrderFactory()

    answer = sign_in(make_user(role)).post(
        reverse(ORDERS), {"format": "csv", "columns": ["number", "email"]}
    )

    assert answer.status_code == status
    if status == 200:
        assert set(sent(answer)[0]) == {"number", "email"}
    else:
        assert "export the column “email”" in answer.text
        assert not AuditEvent.objects.filter(kind="export").exists()


@pytest.mark.parametrize(
    ("answers", "status", "words"),
    [
        ({"format": "ods"}, 404, "no format that can be written"),
        ({"columns": ["sku", "colour"]}, 422, "no column “colour”"),
    ],
)
def test_what_is_not_offered_is_refused_with_a_sentence(ask, auditor, answers, status, words):
    page = ask(auditor, **answers)

    assert page.status_code == status
    assert words in page.text


@pytest.mark.parametrize(
    "query", ["q=%00", "price_min=NaN", "queue=%00", "o=99", "p=9999", "x=%FF"]
)
def test_rubbish_in_the_address_is_answered_with_a_page(sign_in, auditor, query):
    client = sign_in(auditor)

    assert client.get(f"{reverse(ADDRESS)}?{query}").status_code < 500
    answer = client.post(f"{reverse(ADDRESS)}?{query}", {"format": "csv"})
    assert answer.status_code < 500
    if answer.streaming:
        sent(answer)


def test_other_methods_are_refused(sign_in, auditor):
    assert sign_in(auditor).put(reverse(ADDRESS)).status_code == 405


def test_the_page_asks_no_more_for_more_rows(sign_in, auditor, django_assert_max_num_queries):
    client = sign_in(auditor)
    for _number in range(30):
        ProductFactory()
    client.get(reverse(ADDRESS))

    with django_assert_max_num_queries(20):
        client.get(reverse(ADDRESS))
