"""The record by REST: whoever may read it in the console, and only reading."""

from __future__ import annotations

import pytest

from backoffice import changes
from catalog import services
from tests.catalog.factories import ProductFactory

NOBODYS = "018f0000-0000-7000-8000-000000000000"

RECORD = "/api/v1/record/"


@pytest.fixture
def renamed(db, merchandiser):
    mug = ProductFactory(name="Mug")
    with changes.change(separate=True, channel="admin", by=merchandiser):
        services.edit_product(
            product_id=mug.pk, changes={"name": "Cup"}, by=merchandiser, reason="new range"
        )
    return mug


def test_a_change_set_shows_everything_that_one_click_did(renamed, api_client, auditor):
    client = api_client(auditor)

    listed = client.get(f"{RECORD}change_sets/", {"channel": "admin"}).json()["results"]
    one = client.get(f"{RECORD}change_sets/{listed[0]['uuid']}/").json()

    assert listed[0]["note"] == one["note"] == "new range"
    assert one["who"] == "Merchandiser"
    entry = one["sections"][0]["entries"][0]
    assert {"label": "Name", "old": "Mug", "new": "Cup"} in entry["changes"]


def test_the_history_of_one_row(renamed, api_client, auditor):
    asked = {"model": "catalog.Product", "uuid": str(renamed.uuid)}

    answer = api_client(auditor).get(f"{RECORD}history/", asked).json()

    assert answer["entries"][0]["why"] == "new range"
    assert len(answer["entries"]) == 2


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"model": "catalog.Product", "uuid": "1"}, 400),
        ({"model": "catalog.Product", "uuid": NOBODYS}, 404),
        ({"model": "auth.Permission", "uuid": NOBODYS}, 404),
        ({"model": "backoffice.ApiToken", "uuid": NOBODYS}, 404),
        ({"model": "a.b.c", "uuid": NOBODYS}, 404),
        ({"model": "..", "uuid": NOBODYS}, 404),
    ],
    ids=str,
)
def test_a_history_that_is_none(db, api_client, auditor, query, status):
    assert api_client(auditor).get(f"{RECORD}history/", query).status_code == status


def test_events_are_read_and_narrowed(db, api_client, auditor, support):
    api_client(support)

    rows = api_client(auditor).get(f"{RECORD}events/", {"kind": "sign_in"}).json()["results"]

    assert str(support.pk) in {row["subject_key"] for row in rows}


def test_roles_without_the_permission_read_nothing_and_nobody_writes(
    renamed, api_client, customer, support, fulfilment, merchandiser, auditor
):
    pages = [f"{RECORD}change_sets/", f"{RECORD}events/"]

    for page in pages:
        assert api_client().get(page).status_code == 401
        for user in (customer, support, fulfilment, merchandiser):
            assert api_client(user).get(page).status_code == 403
        for method in ("post", "put", "patch", "delete"):
            assert getattr(api_client(auditor), method)(page, {}).status_code == 405
