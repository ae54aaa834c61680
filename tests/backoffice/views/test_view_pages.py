"""Saved views above a list: tabs, the default, dialogs, what is gone, and what it costs."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice import saved_views
from backoffice.history import writing
from backoffice.ids import uuid7
from backoffice.models import SavedView
from tests.orders.factories import OrderFactory

pytestmark = pytest.mark.django_db

LIST, SAVE = "/admin/orders/order/", "/admin/views/of/orders.order/save/"
COUNTS = "/admin/views/of/orders.order/counts/"


def save(by, name="Waiting", query="status=pending", **more) -> SavedView:
    return saved_views.save_view(label="orders.order", name=name, query=query, by=by, **more)


def press(client, view, act, query="", **answers):
    url = f"/admin/views/{view.uuid}/{act}/?{query}"
    return client.post(url, {"idempotency_key": uuid7().hex, **answers})


def bar(page):
    return page.context["view_bar"]


def test_a_view_is_saved_by_the_dialog_and_opened_by_its_tab(support, sign_in):
    client = sign_in(support)
    page = client.get(f"{LIST}?status=pending&p=1")
    assert bar(page).save_url == f"{SAVE}?status=pending"
    assert "Save view" in page.content.decode()

    answer = client.post(
        bar(page).save_url, {"idempotency_key": "k", "name": "Waiting", "is_default": "on"}
    )

    view = SavedView.objects.get()
    assert answer.url == f"{LIST}?status=pending&view={view.uuid}"
    opened = client.get(answer.url)
    assert [(str(t.label), t.is_active) for t in bar(opened).tabs] == [
        ("All", False),
        ("Waiting", True),
    ]
    assert not bar(opened).can_save
    assert client.get(LIST).url == answer.url
    everything = client.get(f"{LIST}?view=all")
    assert everything.status_code == 200
    assert bar(everything).tabs[0].is_active
    assert everything.context["cl"].url_without(["view"]) == "?view=all"


def test_the_dialog_says_why_it_refuses(support, sign_in):
    save(support)
    client = sign_in(support)

    taken = client.post(f"{SAVE}?q=a", {"idempotency_key": "a", "name": "Waiting"})
    empty = client.post(f"{SAVE}?q=a", {"idempotency_key": "b", "name": ""})

    assert (taken.status_code, empty.status_code) == (409, 422)
    assert "You have a view called" in taken.content.decode()


def test_a_view_is_changed_renamed_and_deleted_from_its_menu(support, sign_in):
    view, client = save(support), sign_in(support)
    page = client.get(f"{LIST}?status=completed&view={view.uuid}")
    assert bar(page).is_changed
    assert [str(label) for label, _url in bar(page).menu] == [
        "Update to these filters",
        "Rename",
        "Make default",
        "Delete",
    ]

    press(client, view, "update", "status=completed")
    press(client, view, "rename", name="Done")
    press(client, view, "default")
    view.refresh_from_db()
    assert (view.name, view.query) == ("Done", "status=completed")
    assert client.get(LIST).status_code == 302
    assert press(client, view, "delete").url == f"{LIST}?view=all"

    assert client.get(LIST).status_code == 200
    gone = client.get(f"{LIST}?view={view.uuid}").content.decode()
    assert "This view is not there any more" in gone


def test_an_auditor_reads_shared_views_and_finds_no_verb(auditor, manager, sign_in):
    view = save(manager, role_id=Group.objects.get(name="auditor").pk)
    client = sign_in(auditor)

    page = client.get(f"{LIST}?view={view.uuid}", follow=True)

    assert bar(page).current == view
    assert bar(page).menu == []
    assert not bar(client.get(f"{LIST}?q=a")).can_save
    assert client.get(f"{SAVE}?q=a").status_code == 403
    assert press(client, view, "default").status_code == 403


def test_what_somebody_else_keeps_does_not_exist(support, finance, sign_in):
    view = save(support)

    assert press(sign_in(finance), view, "delete").status_code == 404
    assert press(sign_in(support), view, "explode").status_code == 404


@pytest.mark.parametrize("query", ["made_up=1&status=pending", "status=no_such", "queue=gone"])
def test_a_view_whose_filter_is_gone_opens_with_a_sentence(support, sign_in, query):
    view = save(support)
    with writing():
        SavedView.objects.filter(pk=view.pk).update(query=query)

    page = sign_in(support).get(f"{LIST}?view={view.uuid}", follow=True)

    assert page.status_code == 200
    assert "e=1" not in page.request["QUERY_STRING"]
    assert 'bo-note-warning" role="status"' in page.content.decode()


@pytest.mark.parametrize("view", ["%00", "x", "all", "0" * 300])
def test_rubbish_for_a_view_is_answered_with_the_list(support, sign_in, view):
    assert sign_in(support).get(f"{LIST}?view={view}").status_code == 200


def test_tabs_are_counted_up_to_a_cap_each_by_the_list_s_own_filters(support, sign_in):
    OrderFactory()
    OrderFactory(status="completed")
    view = save(support)

    text = sign_in(support).get(COUNTS).content.decode()

    found = dict(re.findall(r'id="view-count-([\w-]+)"[^>]*>([^<]+)<', text))
    assert found == {"all": "2", str(view.uuid): "1"}


def test_the_list_costs_the_same_queries_however_many_views(support, sign_in):
    client = sign_in(support)
    url = f"{LIST}?view=all"

    def queries() -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as caught:
            client.get(url)
        return len(caught)

    none = queries()
    for number in range(5):
        save(support, name=f"View {number}", query=f"q={number}")

    assert queries() == none
