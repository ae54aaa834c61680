"""manage.py import_sheet and export_sheet: JSON, exit codes, whose work it is."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from backoffice.accounts import COMMAND_EMAIL, command_user
from backoffice.models import AuditEvent, ImportRun
from catalog.models import Product
from tests.catalog.factories import ProductFactory
from tests.sheets import FIXTURES, csv_of

HEADER = ["sku", "name", "price"]


@pytest.fixture
def a_file(tmp_path):
    def write(*rows, header=HEADER):
        path = tmp_path / "sheet.csv"
        path.write_bytes(csv_of(header, *rows))
        return path

    return write


@pytest.fixture
def run(capsys):
    """Run the command and return its exit code and its JSON."""

    def run(path, *options):
        capsys.readouterr()
        try:
            call_command("import_sheet", "products", str(path), "--format", "json", *options)
            code = 0
        except SystemExit as left:
            code = left.code
        return code, json.loads(capsys.readouterr().out)

    return run


def test_the_command_exits_0_when_every_row_is_accepted(db, run, a_file):
    code, report = run(a_file(["A", "A", "1.00"]))

    assert code == 0
    assert report["recipe"] == "standard"
    assert report["rows"] == report["new"] == 1
    assert (report["changed"], report["unchanged"], report["refused"]) == (0, 0, 0)
    assert report["errors"] == report["warnings"] == []
    assert ImportRun.objects.get(uuid=report["run"]).state == "applied"
    assert Product.objects.get().sku == "A"


def test_the_command_exits_0_when_nothing_differs(db, run, a_file):
    run(a_file(["A", "A", "1.00"]))

    code, report = run(a_file(["A", "A", "1.00"]))

    assert (code, report["unchanged"]) == (0, 1)


def test_the_command_exits_1_when_one_row_spoils_all(db, run, a_file):
    code, report = run(a_file(["A", "A", "1.00"], ["B", "B", "12,50"]))

    assert code == 1
    assert report["state"] == "refused"
    assert report["errors"] == [
        {
            "line": 3,
            "column": "price",
            "code": "decimal_comma",
            "message": "12,50 is written with a decimal comma.",
            "hint": "Write 12.50.",
        }
    ]
    assert not Product.objects.exists()


def test_the_command_exits_2_when_it_applied_the_good_rows(db, run, a_file):
    code, report = run(a_file(["A", "A", "1.00"], ["B", "B", "12,50"]), "--policy", "good_rows")

    assert (code, report["new"], report["refused"]) == (2, 1, 1)
    assert Product.objects.get().sku == "A"


def test_the_command_exits_1_when_no_row_is_good(db, run, a_file):
    code, report = run(a_file(["A", "A", "x"]), "--policy", "good_rows")

    assert (code, report["refused"]) == (1, 1)


@pytest.mark.parametrize(
    ("rows", "options", "code"),
    [
        ([["A", "A", "1.00"]], [], 0),
        ([["A", "A", "1.00"], ["B", "B", "x"]], [], 1),
        ([["A", "A", "1.00"], ["B", "B", "x"]], ["--policy", "good_rows"], 2),
        ([["B", "B", "x"]], ["--policy", "good_rows"], 1),
    ],
)
def test_a_dry_run_says_what_would_be_and_writes_nothing(db, run, a_file, rows, options, code):
    found, report = run(a_file(*rows), "--dry-run", *options)

    assert found == code
    assert report["dry_run"] is True
    assert report["rows"] == len(rows)
    assert not Product.objects.exists()
    assert not Product.history.exists()
    assert ImportRun.objects.get().state == "discarded"


def test_a_file_that_is_refused_as_a_whole_is_one_error_without_a_line(db, run, tmp_path):
    path = tmp_path / "picture.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")

    code, report = run(path)

    assert code == 1
    assert (report["run"], report["rows"]) == (None, 0)
    [error] = report["errors"]
    assert (error["line"], error["code"]) == (None, "not_a_sheet")
    assert "picture (PNG)" in error["message"]


@pytest.mark.parametrize("options", [["--by", "nobody@example.com"], ["--recipe", "shopware"]])
def test_a_wrong_option_is_refused_with_a_sentence(db, run, a_file, options):
    code, report = run(a_file(["A", "A", "1.00"]), *options)

    assert code == 1
    assert report["errors"][0]["message"]
    assert not Product.objects.exists()


def test_a_missing_file_is_refused_with_a_sentence(db, run, tmp_path):
    code, report = run(tmp_path / "nowhere.csv")

    assert code == 1
    assert "nowhere.csv" in report["errors"][0]["message"]


def test_unknown_columns_are_refused_unless_they_are_to_be_ignored(db, run, a_file):
    path = a_file(["A", "A", "1"], header=["sku", "name", "colour"])

    assert run(path)[0] == 1
    assert run(path, "--ignore-unknown")[0] == 0


def test_the_command_works_as_the_person_it_is_told(merchandiser, run, a_file):
    run(a_file(["A", "A", "1.00"]), "--by", "Merchandiser@example.com", "--reason", "Range 2027")

    change_set = Product.history.get().change_set
    assert (change_set.actor, change_set.note) == (merchandiser, "Range 2027")


def test_the_command_refuses_a_person_who_may_not_import(auditor, run, a_file):
    code, report = run(a_file(["A", "A", "1.00"]), "--by", auditor.email)

    assert (code, report["errors"][0]["code"]) == (1, "not_allowed")
    assert not Product.objects.exists()


def test_without_a_person_it_works_as_an_account_that_cannot_sign_in(db, run, a_file, client):
    run(a_file(["A", "A", "1.00"]))

    user = command_user()
    assert Product.history.get().change_set.actor == user
    assert user.email == COMMAND_EMAIL
    assert not user.has_usable_password()
    assert not client.login(username=COMMAND_EMAIL, password="")


def test_the_mode_is_obeyed(db, run, a_file):
    ProductFactory(sku="OLD", name="Old")

    code, report = run(a_file(["OLD", "Old", "1.00"]), "--mode", "create")

    assert (code, report["errors"][0]["code"]) == (1, "key_known")


def test_the_text_report_names_line_column_and_way_out(db, a_file, capsys):
    with pytest.raises(SystemExit):
        call_command("import_sheet", "products", str(a_file(["A", "A", "12.505"])))

    shown = capsys.readouterr()
    assert (
        "line 2, price: 12.505 has more than two decimal places. Round it to cents: 12.50."
        in shown.err
    )
    assert "1 row: 0 new, 0 changed, 0 unchanged, 1 refused" in shown.out


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_export_sheet_writes_what_import_sheet_reads(db, run, tmp_path, extension):
    call_command("import_sheet", "products", str(FIXTURES / "catalogue.csv"))
    path = tmp_path / f"out.{extension}"

    call_command("export_sheet", "products", str(path))
    code, report = run(path)

    assert (code, report["rows"], report["unchanged"]) == (0, 324, 324)
    assert AuditEvent.objects.get(kind="export").detail["rows"] == 324


def test_export_sheet_refuses_a_format_that_it_cannot_write(db, tmp_path):
    with pytest.raises(CommandError, match="csv or xlsx"):
        call_command("export_sheet", "products", str(tmp_path / "out.ods"))


def test_export_sheet_refuses_a_person_who_may_not(make_user, tmp_path):
    with pytest.raises(CommandError, match="does not allow"):
        call_command(
            "export_sheet", "products", str(tmp_path / "out.csv"), "--by", make_user().email
        )
