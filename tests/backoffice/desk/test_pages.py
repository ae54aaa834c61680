"""Pages of the record: by key, whole, bounded, and each role its own kind."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.desk import asking
from backoffice.desk.asking import ask
from backoffice.desk.finding import find, place_of, written
from backoffice.models import AuditEvent
from tests.backoffice.desk.conftest import lines, titles
from tests.catalog.factories import ProductFactory
from tests.orders.factories import CustomerFactory

pytestmark = pytest.mark.django_db


def walk(asked, limit):
    """Follow the pages to the end, and return every row's name."""
    found, after, pages = [], None, 0
    while True:
        page = find(asked, after=after, limit=limit)
        found += [(p.source, p.key) for p in page.places]
        pages += 1
        if page.next is None:
            return found, pages
        after = place_of(written(page.next), asked)
        assert pages < 500


@pytest.mark.parametrize(
    "query", ["", "what=catalog.product", "channel=admin&channel=command", "how=changed"]
)
@pytest.mark.parametrize("limit", [1, 3, 7])
def test_pages_of_any_size_show_each_row_once_in_the_same_order(record, auditor, query, limit):
    asked = ask(query, user=auditor)
    whole = [(p.source, p.key) for p in find(asked, limit=1000).places]

    paged, _pages = walk(asked, limit)

    assert paged == whole
    assert len(whole) == len(set(whole)) > 3


def test_a_sieve_that_looks_at_few_rows_at_once_finds_all_of_them(record, auditor, monkeypatch):
    asked = ask("reason=clay", user=auditor)
    whole = [(p.source, p.key) for p in find(asked, limit=1000).places]

    monkeypatch.setattr("backoffice.desk.finding.LOOKED_AT", 3)
    monkeypatch.setattr("backoffice.desk.finding.LOOKED_AT_LEAST", 3)
    paged, pages = walk(asked, 50)

    assert paged == whole
    assert whole
    assert pages > 3


def test_a_page_says_how_far_it_looked(record, look, monkeypatch):
    monkeypatch.setattr("backoffice.desk.finding.LOOKED_AT", 2)
    monkeypatch.setattr("backoffice.desk.finding.LOOKED_AT_LEAST", 2)

    page = look("?reason=clay")

    assert "Looked back to" in page.content.decode()
    assert page.context["older_url"]


def test_the_queries_of_a_page_do_not_grow_with_its_rows(record, sign_in, auditor):
    client = sign_in(auditor)

    def queries(url):
        client.get(url)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(url).status_code == 200
        return len(caught)

    urls = ("/admin/audit/", "/admin/audit/?what=catalog.product", "/admin/audit/facets/")
    few = [queries(url) for url in urls]
    for _number in range(12):
        ProductFactory(stock=3)

    assert [queries(url) for url in urls] == few
    assert few[1] <= 25


def test_no_statement_of_the_desk_skips_rows(record, sign_in, auditor):
    client = sign_in(auditor)
    with CaptureQueriesContext(connection) as caught:
        page = client.get("/admin/audit/?how=changed")
    assert page.status_code == 200

    assert not [q["sql"] for q in caught if " OFFSET " in q["sql"].upper()]


def test_facets_count_what_was_asked_for_and_lead_there(record, sign_in, auditor):
    page = sign_in(auditor).get("/admin/audit/facets/?what=catalog.product")

    text = page.content.decode()
    assert "Merchandiser" in text
    assert "who=" in text
    assert page.context["facets"].is_whole
    counted = {
        str(f.label): {str(v.label): v.count for v in f.values}
        for f in page.context["facets"].facets
    }
    rows = asking.ask("what=catalog.product", user=auditor)
    assert counted["What"] == {"Products": str(len(find(rows, limit=1000).places))}


def test_facets_stop_counting(record, sign_in, auditor, monkeypatch):
    monkeypatch.setattr("backoffice.desk.facets.COUNTED_ROWS", 2)

    page = sign_in(auditor).get("/admin/audit/facets/?what=catalog.product")

    [what] = [f for f in page.context["facets"].facets if str(f.label) == "What"]
    assert what.values[0].count == "2+"
    assert not page.context["facets"].is_whole


SEEN = {
    "auditor": {"Product", "Order", "Event"},
    "manager": {"Product", "Order", "Event"},
    "admin": {"Product", "Order", "Event"},
    "finance": {"Product", "Order", "Event"},
    "support": {"Order"},
    "fulfilment": {"Order"},
    "merchandiser": {"Product"},
}


@pytest.mark.row("A1")
@pytest.mark.parametrize("role", SEEN)
def test_each_role_looks_through_its_own_kind_of_objects(record, look, request, role):
    page = look(user=request.getfixturevalue(role))

    kinds = {"Event" if line.source.is_events else str(line.kind) for line in lines(page)}
    assert kinds & {"Product", "Order"} == SEEN[role] & {"Product", "Order"}
    assert "User" not in kinds or role in {"auditor", "manager", "admin", "finance"}
    about = {line.model._meta.app_label for line in lines(page) if line.model is not None}
    if role in {"support", "fulfilment"}:
        assert about == {"orders"}
        look("?what=catalog.product", user=request.getfixturevalue(role), status=422)
        look("?ip=10.1.2.3", user=request.getfixturevalue(role), status=422)
    if role == "merchandiser":
        assert about == {"catalog"}
        look("?what=orders.order", user=request.getfixturevalue(role), status=422)


def test_who_has_no_part_of_the_record_gets_403_and_no_entry(make_user, sign_in):
    client = sign_in(make_user())

    assert client.get("/admin/audit/").status_code == 403
    assert client.get("/admin/audit/facets/").status_code == 403


def test_a_customer_is_not_named_to_whoever_looks_through_the_record(record, look, db):
    from backoffice.models import User
    from tests.backoffice.desk.conftest import click

    buyer = User.objects.create_user(
        "grace@example.com", "a-good-password", first_name="Grace", last_name="Hopper"
    )
    with click(buyer, "shop", channel="shop"):
        ProductFactory()

    page = look("?actor=customer")

    assert titles(page)
    assert "Grace" not in page.content.decode()
    assert "Customer #" in page.content.decode()


def test_an_event_about_a_colleague_names_them_and_one_about_a_customer_does_not(look, support):
    customer = CustomerFactory()
    about_support = AuditEvent.record("role_given", subject=support)
    about_customer = AuditEvent.record("role_given", subject=customer)

    shown = {line.place.key: line.entry.what for line in lines(look("?what=event"))}

    assert shown[about_support.pk] == str(support) == "Support"
    assert shown[about_customer.pk] == f"Customer {customer.pk}"
