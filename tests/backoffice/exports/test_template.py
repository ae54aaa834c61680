"""The empty sheet: examples that import as they are, and what may stand where."""

from __future__ import annotations

import csv
import io

import pytest
from django.urls import reverse

from backoffice.imports.export import UnknownFormat
from backoffice.imports.sheets import all_sheets, sheet
from backoffice.imports.templates_out import template, words_of
from tests.backoffice.exports.reading import book, cells_of, header_of
from tests.sheets import counts_of, preview


def content_of(format_name, sheet_name="products"):
    with template(sheet_name=sheet_name, format_name=format_name) as out:
        return out.read()


@pytest.mark.parametrize("format_name", ["csv", "xlsx"])
def test_the_untouched_template_imports_as_it_is(merchandiser, format_name):
    run = preview(content_of(format_name), by=merchandiser)

    assert counts_of(run) == (2, 0, 0, 0)


@pytest.mark.parametrize("format_name", ["csv", "xlsx"])
def test_an_import_reads_the_examples_and_not_the_sheet_of_explanations(format_name):
    content = content_of(format_name)

    columns = sheet("products").columns()
    assert header_of(content) == list(columns)
    rows = cells_of(content)
    assert len(rows) == 2
    assert rows[0][0] == columns["sku"].example
    assert rows[1][0] == columns["sku"].second_example


def test_a_workbook_lists_the_words_that_a_column_takes():
    first = book(content_of("xlsx")).worksheets[0]

    lists = {
        str(check.sqref): check.formula1
        for check in first.data_validations.dataValidation
        if check.type == "list"
    }
    letters = {cell.value: cell.column_letter for cell in first[1]}
    status, featured = letters["status"], letters["is_featured"]
    assert lists == {
        f"{status}2:{status}1048576": '"draft,published,archived"',
        f"{featured}2:{featured}1048576": '"yes,no"',
    }


def test_a_workbook_tells_beside_each_cell_what_is_meant():
    first = book(content_of("xlsx")).worksheets[0]

    tips = {check.promptTitle: check.prompt for check in first.data_validations.dataValidation}
    columns = sheet("products").columns()
    assert tips == {name: str(column.help_text) for name, column in columns.items()}


def test_a_workbook_marks_the_columns_that_a_new_row_needs():
    first = book(content_of("xlsx")).worksheets[0]

    marked = {cell.value for cell in first[1] if cell.fill.fgColor.rgb == "FFFFEB9C"}
    assert marked == {name for name, column in sheet("products").columns().items()
                      if column.is_required}  # fmt: skip
    assert all(cell.font.b for cell in first[1])


def test_a_workbook_explains_each_column_on_a_second_sheet():
    products, columns = book(content_of("xlsx")).worksheets

    assert (products.title, columns.title) == ("Products", "Columns")
    rows = {row[0]: row for row in columns.iter_rows(min_row=2, values_only=True)}
    assert list(rows) == list(sheet("products").columns())
    assert rows["status"][4] == "draft, published, archived"
    assert rows["sku"][2] == "yes"
    assert rows["barcode"][2] is None


@pytest.mark.parametrize("format_name", ["csv", "xlsx"])
def test_every_sheet_has_a_template(format_name):
    for kind in all_sheets():
        content = content_of(format_name, kind.name)

        assert header_of(content) == list(kind.columns())
        assert cells_of(content)[0][0] not in {"", None}


def test_numbers_are_numbers_and_codes_are_text():
    first = book(content_of("xlsx")).worksheets[0]

    types = {head.value: first.cell(2, head.column).data_type for head in first[1]}
    assert (types["sku"], types["price"], types["stock"]) == ("s", "n", "n")


def test_words_are_those_of_the_widget():
    columns = sheet("products").columns()

    assert words_of(columns["is_featured"]) == ("yes", "no")
    assert words_of(columns["name"]) == ()


def test_another_format_is_refused():
    with pytest.raises(UnknownFormat):
        template(sheet_name="products", format_name="ods")


@pytest.mark.parametrize(("role", "status"), [("merchandiser", 200), ("auditor", 403)])
def test_the_template_is_for_those_who_import(sign_in, make_user, role, status):
    page = sign_in(make_user(role)).get(reverse("admin:catalog_product_import_template"))

    assert page.status_code == status


def test_a_template_of_no_format_is_not_there(sign_in, merchandiser):
    address = reverse("admin:catalog_product_import_template")

    assert sign_in(merchandiser).get(address, {"format": "ods"}).status_code == 404
    page = sign_in(merchandiser).get(address, {"format": "csv"})
    first = next(csv.reader(io.StringIO(b"".join(page.streaming_content).decode())))
    assert first == list(sheet("products").columns())
