"""`manage.py export_sheet`: to a file, whole or not at all."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from backoffice.imports import export
from backoffice.models import AuditEvent
from tests.backoffice.exports.reading import book, csv_rows
from tests.catalog.factories import ProductFactory


@pytest.fixture(autouse=True)
def one_product(db):
    ProductFactory(sku="A", name="Mug", price="3.00")


def test_the_extension_says_the_format(tmp_path, capsys):
    call_command("export_sheet", "products", str(tmp_path / "out.CSV"))
    call_command("export_sheet", "products", str(tmp_path / "out.xlsx"))

    assert [row["sku"] for row in csv_rows((tmp_path / "out.CSV").read_bytes())] == ["A"]
    assert book((tmp_path / "out.xlsx").read_bytes()).active["A2"].value == "A"
    assert "1 row" in capsys.readouterr().out


def test_format_and_columns_can_be_said(tmp_path):
    target = tmp_path / "products.txt"

    call_command(
        "export_sheet", "products", str(target), format="csv", columns="name, price",
        purpose="audit",
    )  # fmt: skip

    assert csv_rows(target.read_bytes()) == [{"sku": "A", "name": "Mug", "price": "3.00"}]
    assert AuditEvent.objects.get(kind="export").detail["purpose"] == "audit"


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("out.ods", {}, "no format"),
        ("out", {}, "no format"),
        ("out.csv", {"columns": "sku,colour"}, "no column “colour”"),
        ("out.csv", {"by": "nobody@example.com"}, "no person"),
        ("missing/out.csv", {}, "No such file"),
    ],
)
def test_what_cannot_be_written_is_a_sentence_and_no_file(tmp_path, name, options, words):
    with pytest.raises(CommandError, match=words):
        call_command("export_sheet", "products", str(tmp_path / name), **options)

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays_when_the_export_fails(tmp_path, monkeypatch):
    target = tmp_path / "out.csv"
    target.write_text("before")

    def full(*args, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "_write", full)
    with pytest.raises(CommandError, match="No space left"):
        call_command("export_sheet", "products", str(target))

    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


def test_a_person_exports_as_they_may(tmp_path, make_user):
    make_user("admin")

    with pytest.raises(CommandError, match="does not allow"):
        call_command("export_sheet", "products", str(tmp_path / "a.csv"), by="admin@example.com")
