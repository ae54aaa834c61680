"""History can be read by whoever sees the row, and written by nobody."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice import changes
from catalog import services
from catalog.models import Product, Tag
from tests.backoffice.adminkit.desk import make_product


@pytest.fixture
def history(product, merchandiser, manager):
    with changes.change(separate=True, by=manager, channel="api"):
        services.edit_product(
            product_id=product.pk, changes={"name": "Cup"}, by=manager, reason="The trade says cup"
        )
    with changes.change(separate=True, by=merchandiser, channel="admin"):
        services.publish_product(product_id=product.pk, by=merchandiser, reason="Season opens")
    return f"/desk/catalog/product/{product.pk}/history/"


def test_the_timeline_says_who_what_old_and_new_and_why_newest_first(onlooker, history):
    page = onlooker.get(history)

    entries = page.context["entries"]
    assert [str(entry.title) for entry in entries] == ["Publish", "Changed", "Create"]
    publish, renamed, _created = entries
    assert [(c.label, c.old, c.new) for c in publish.changes] == [("Status", "Draft", "Published")]
    assert ("Name", "Mug", "Cup") in [(c.label, c.old, c.new) for c in renamed.changes]
    assert (renamed.who, renamed.channel, renamed.why) == ("Manager", "API", "The trade says cup")
    assert (publish.who, publish.channel, publish.why) == (
        "Merchandiser",
        "Console",
        "Season opens",
    )
    assert "“Season opens”" in page.content.decode()


def test_the_oldest_line_of_a_page_has_its_difference_too(onlooker, history, monkeypatch):
    monkeypatch.setattr("backoffice.adminkit.timeline.PAGE_ROWS", 1)

    first, second = onlooker.get(history), onlooker.get(f"{history}?p=2")

    assert first.context["entries"][0].changes
    assert first.context["has_older"]
    assert [str(entry.title) for entry in second.context["entries"]] == ["Changed"]
    assert second.context["entries"][0].changes


def test_the_timeline_costs_the_same_for_one_change_and_for_thirty(onlooker, product, manager):
    address = f"/desk/catalog/product/{product.pk}/history/"
    services.edit_product(product_id=product.pk, changes={"name": "A"}, by=manager, reason="")
    onlooker.get(address)
    with CaptureQueriesContext(connection) as few:
        onlooker.get(address)
    for number in range(30):
        services.edit_product(
            product_id=product.pk, changes={"name": f"B {number}"}, by=manager, reason=""
        )

    with CaptureQueriesContext(connection) as many:
        onlooker.get(address)

    assert len(many) == len(few)


@pytest.mark.parametrize("who", ["onlooker", "clerk", "root"])
def test_a_post_to_a_history_page_is_refused_for_everybody_and_writes_nothing(
    who, history, product, request
):
    client = request.getfixturevalue(who)
    first = Product.history.filter(id=product.pk).last()
    rows = Product.history.count()
    values = {"name": "Overwritten", "sku": "X", "price": "1", "version": "1"}

    for address in (history, f"{history}{first.history_id}/"):
        assert client.post(address, values).status_code == 405
        assert client.put(address).status_code == 405
        assert client.delete(address).status_code == 405

    product.refresh_from_db()
    assert product.name == "Cup"
    assert Product.history.count() == rows


def test_an_earlier_version_is_shown_as_it_was(onlooker, history, product):
    first = Product.history.filter(id=product.pk).last()

    page = onlooker.get(f"{history}{first.history_id}/")

    assert page.status_code == 200
    values = {item["label"]: item["value"] for item in page.context["values"]}
    assert values["Name"] == "Mug"
    assert values["Status"] == "Draft"
    assert '<form method="post" action="/desk/catalog' not in page.content.decode()


def test_a_version_of_another_row_is_404(onlooker, history, product, merchandiser):
    other = make_product(merchandiser, "BOWL")
    version = Product.history.filter(id=other.pk).first()

    assert onlooker.get(f"{history}{version.history_id}/").status_code == 404


def test_a_deleted_row_still_has_its_history(onlooker, merchandiser):
    tag = Tag(name="Spring")
    tag.save()
    key = tag.pk
    tag.delete()

    page = onlooker.get(f"/desk/catalog/tag/{key}/history/")

    assert page.status_code == 200
    assert [str(entry.title) for entry in page.context["entries"]] == ["Deleted", "Created"]


def test_a_row_that_never_was_is_404(onlooker):
    assert onlooker.get("/desk/catalog/product/424242/history/").status_code == 404


def test_who_may_not_see_the_model_does_not_see_its_history(sign_in, admin, history):
    assert sign_in(admin).get(history).status_code == 403
