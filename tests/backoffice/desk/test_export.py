"""The record as a file: by a job, for a purpose, noted; only for whoever may, only to its owner."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.core.files.storage import storages

from backoffice.desk import exporting
from backoffice.desk.asking import FiltersNotUnderstood
from backoffice.models import AuditEvent, Job
from backoffice.refused import BadValue, NotAllowed
from tests.backoffice.desk.conftest import click

pytestmark = pytest.mark.django_db
QUERY = "field=catalog.product.price"


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "private": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path},
        },
    }


@pytest.fixture
def export(sign_in, auditor, django_capture_on_commit_callbacks):
    """Ask for the record as a file, and return the job's page and the file."""

    def export(query=QUERY, **asked):
        client = sign_in(auditor)
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(
                f"/admin/audit/export/?{query}", {"purpose": "Yearly audit", **asked}
            )
        assert answer.status_code == 302, answer.content[:400]
        page = client.get(answer.url)
        file = client.get(f"{answer.url}file/")
        return page, b"".join(file.streaming_content).decode()

    return export


def test_a_csv_has_a_line_for_each_row_with_old_and_new(record, export):
    page, text = export(format="csv")

    first, second = csv.DictReader(io.StringIO(text))
    assert first["changes"] == "Price: 25.00 → 22.00"
    assert (second["who"], second["reason"]) == ("Merchandiser", "Dearer clay")
    assert "record-" in page.content.decode()


def test_json_tells_old_and_new_apart_and_keeps_the_columns_asked_for(record, export):
    _page, text = export(format="json", columns=["who", "changes"])

    rows = json.loads(text)
    assert rows[1] == {
        "who": "Merchandiser",
        "changes": [{"field": "Price", "old": "20.00", "new": "25.00"}],
    }


def test_an_export_and_its_download_are_events_with_filter_columns_rows_and_purpose(record, export):
    export(format="csv", columns=["at", "who"])

    event = AuditEvent.objects.filter(kind="export").latest("pk")
    assert event.detail["filter"] == {"field": ["catalog.product.price"]}
    assert event.detail["columns"] == ["at", "who"]
    assert (event.detail["rows"], event.detail["purpose"]) == (2, "Yearly audit")
    assert AuditEvent.objects.filter(kind="download").latest("pk").detail["rows"] == 2


def test_all_pages_are_in_the_file(record, export, monkeypatch):
    monkeypatch.setattr(exporting, "PAGE_ROWS", 2)

    _page, text = export("what=catalog.product&what=orders.order", format="json", columns=["row"])

    rows = [row["row"] for row in json.loads(text)]
    assert len(rows) == len(set(rows)) > 4


def test_a_formula_in_a_reason_is_text(record, export, merchandiser):
    from catalog import services

    with click(merchandiser, "edit"):
        services.edit_product(
            product_id=record.lamp.pk, changes={"name": "Bulb"}, by=merchandiser, reason="=1+1"
        )

    _page, text = export("reason=%3D1%2B1", format="csv")

    assert [row["reason"] for row in csv.DictReader(io.StringIO(text))] == ["'=1+1"]


def test_what_cannot_be_written_is_refused(record, auditor, support, finance):
    asked = {"query": QUERY, "format_name": "csv", "columns": [], "purpose": "x", "by": auditor}
    for user in (support, finance):
        with pytest.raises(NotAllowed):
            exporting.start_export(**{**asked, "by": user})
    with pytest.raises(exporting.NoSuchFormat):
        exporting.start_export(**{**asked, "format_name": "exe"})
    with pytest.raises(exporting.PurposeMissing):
        exporting.start_export(**{**asked, "purpose": " "})
    with pytest.raises(BadValue):
        exporting.start_export(**{**asked, "columns": ["password"]})
    with pytest.raises(FiltersNotUnderstood):
        exporting.start_export(**{**asked, "query": "nope=1"})
    assert not Job.objects.filter(kind=exporting.KIND).exists()


def test_the_file_is_its_owners_and_goes_with_time(
    record, export, sign_in, manager, support, auditor
):
    page, _text = export(format="csv")
    address = f"/admin/audit/export/{page.context['job'].uuid}/"

    assert sign_in(manager).get(address).status_code == 200
    assert sign_in(manager).get(f"{address}file/").status_code == 404
    assert sign_in(support).get(address).status_code == 403
    assert sign_in(support).get("/admin/audit/export/").status_code == 403
    storages["private"].delete(f"exports/{page.context['job'].uuid.hex}")
    gone = sign_in(auditor).get(f"{address}file/")
    assert gone.status_code == 410
    assert "removed" in gone.content.decode()


def test_the_page_asks_and_refuses_with_a_sentence(record, sign_in, auditor):
    client = sign_in(auditor)

    assert client.get(f"/admin/audit/export/?{QUERY}").status_code == 200
    assert client.get("/admin/audit/export/?nope=1").status_code == 422
    assert client.post(f"/admin/audit/export/?{QUERY}", {"format": "csv"}).status_code == 422
