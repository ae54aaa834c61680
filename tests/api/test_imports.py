"""Sheets by REST: uploaded, seen row by row, applied once, taken back."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from backoffice.models import ImportRun
from catalog.models import Product
from tests.catalog.factories import ProductFactory

IMPORTS = "/api/v1/imports/"
SHEET = b"sku,name,price\nMUG-1,Mug,8.50\nBOWL-1,Bowl,abc\n"


def upload(client, content=SHEET, sheet="products", name="sheet.csv", **choices):
    file = SimpleUploadedFile(name, content, content_type="text/csv")
    return client.post(IMPORTS, {"file": file, "sheet": sheet, **choices}, format="multipart")


@pytest.mark.row("A4")
def test_a_sheet_is_uploaded_seen_applied_and_taken_back(api_client, merchandiser):
    client = api_client(merchandiser)

    run = upload(client, policy="good_rows")
    assert run.status_code == 201, run.content
    url = f"{IMPORTS}{run.json()['uuid']}/"
    assert (run.json()["new"], run.json()["refused"]) == (1, 1)
    assert not Product.objects.exists()

    rows = client.get(f"{url}rows/").json()["rows"]
    refused = client.get(f"{url}rows/", {"tab": "refused"}).json()["rows"]
    reasons = client.get(f"{url}reasons/").json()
    assert rows[0]["changes"]["price"] == {"old": "", "new": "8.50"}
    assert [row["line"] for row in refused] == [3]
    assert refused[0]["findings"][0]["sentence"]
    assert reasons[0]["count"] == 1

    stale = client.post(f"{url}apply/", {"plan_number": 99, "reason": "spring"})
    plan = {"plan_number": run.json()["plan_number"], "reason": "spring"}
    applied = client.post(f"{url}apply/", plan)
    again = client.post(f"{url}apply/", plan)
    assert stale.json()["code"] == "plan_changed"
    assert applied.json()["state"] == "applied"
    assert again.status_code == 409
    assert Product.objects.get().sku == "MUG-1"

    undo = client.post(f"{url}undo/", {})
    assert undo.status_code == 201
    back = client.post(
        f"{IMPORTS}{undo.json()['uuid']}/apply/", {"plan_number": undo.json()["plan_number"]}
    )
    assert back.json()["state"] == "applied"
    assert Product.objects.get().status == "archived"


def test_who_may_load_which_sheet(
    db, api_client, customer, fulfilment, auditor, finance, support, merchandiser
):
    assert upload(api_client()).status_code == 401
    assert upload(api_client(customer)).status_code == 403
    assert upload(api_client(finance)).status_code == 403
    assert upload(api_client(auditor)).status_code == 403
    assert upload(api_client(support)).json()["code"] == "not_allowed"
    assert upload(api_client(merchandiser)).status_code == 201
    assert ImportRun.objects.count() == 1


def test_another_person_s_run_is_seen_by_whom_it_concerns_and_moved_by_nobody_else(
    db, api_client, merchandiser, manager, auditor, support
):
    run = upload(api_client(merchandiser)).json()
    url = f"{IMPORTS}{run['uuid']}/"

    assert api_client(support).get(url).status_code == 404
    for reader in (manager, auditor):
        assert api_client(reader).get(url).json()["is_mine"] is False
        assert api_client(reader).get(f"{url}rows/").status_code == 200
        moved = api_client(reader).post(f"{url}apply/", {"plan_number": run["plan_number"]})
        assert moved.status_code == 404
        assert api_client(reader).post(f"{url}discard/", {}).status_code == 404
    assert api_client(merchandiser).post(f"{url}discard/", {}).json()["state"] == "discarded"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "empty.csv"),
        (b"\x00\x01\x02\x03" * 50, "x.csv"),
        (b"PK\x03\x04 not a book", "book.xlsx"),
        (b"%PDF-1.7", "paper.csv"),
    ],
)
def test_a_file_that_is_no_sheet_is_refused_with_a_sentence(
    api_client, merchandiser, content, name
):
    response = upload(api_client(merchandiser), content, name=name)

    assert response.status_code in {400, 413, 415, 422}
    assert response.json()["detail"]
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize("choices", [{"sheet": "nonsense"}, {"mode": "explode"}, {"owner": "me"}])
def test_a_choice_that_is_none(api_client, merchandiser, choices):
    response = upload(api_client(merchandiser), **choices)

    assert response.status_code in {400, 404}
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize(
    "query", [{"tab": "secret"}, {"after": "x"}, {"after": 10**30}, {"search": "\x00"}], ids=str
)
def test_a_question_about_rows_that_makes_no_sense(api_client, merchandiser, query):
    run = upload(api_client(merchandiser)).json()

    response = api_client(merchandiser).get(f"{IMPORTS}{run['uuid']}/rows/", query)

    assert response.status_code == 400
    assert list(response.json()["errors"]) == list(query)


def test_a_run_that_changes_what_is_there_shows_old_and_new(api_client, merchandiser):
    ProductFactory(sku="MUG-1", name="Mug", price="8.00")

    run = upload(api_client(merchandiser), b"sku,price\nMUG-1,8.50\n").json()

    rows = api_client(merchandiser).get(f"{IMPORTS}{run['uuid']}/rows/").json()["rows"]
    assert rows[0]["changes"] == {"price": {"old": "8.00", "new": "8.50"}}
