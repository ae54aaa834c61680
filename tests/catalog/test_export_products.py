"""Products out, as CSV and XLSX: safe, filtered, recorded, and readable again."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest

from backoffice.imports.export import UnknownColumn, UnknownFormat, export_sheet
from backoffice.models import AuditEvent
from backoffice.refused import NotAllowed
from catalog.models import Product, ProductTag, Tag
from catalog.resources import ProductResource
from tests.catalog.factories import CategoryFactory, ProductFactory
from tests.sheets import FIXTURES, counts_of, load, preview

HOSTILE = [
    '=HYPERLINK("http://example.com","x")',
    "==1+1",
    "+49 30 1234",
    "-1",
    "@SUM(A1)",
    "'quoted'",
    "'=twice",
    "''=thrice",
    "  blanks around  ",
    "a, b; c\td",
    'say "hi"',
    "Ω ≈ ç √ ∫ 😀",
    "_x000D_",
    "back\\slash, and > arrow",
    "NULL",
    "#N/A",
    "true",
    "1e5",
    "00123",
]

COLUMNS = [
    "sku",
    "barcode",
    "name",
    "slug",
    "description",
    "category",
    "tags",
    "status",
    "price",
    "compare_at_price",
    "cost",
    "currency",
    "tax_class",
    "weight_grams",
    "is_featured",
    "low_stock_threshold",
    "parent_sku",
    "options",
    "stock",
    "meta_title",
    "meta_description",
]


def exported(format_name="csv", *, by, **options):
    with export_sheet(sheet_name="products", format_name=format_name, by=by, **options) as out:
        return out.read()


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


@pytest.fixture
def hostile(db):
    parent = ProductFactory(sku="=PARENT", name="=1+1")
    tag = Tag(name="-cheap", slug="cheap")
    tag.save()
    for number, text in enumerate(HOSTILE):
        product = ProductFactory(
            sku=f"{text[:40].strip()}#{number}",
            name=text,
            slug=f"hostile-{number}",
            description=f"{text}\nline\r\nanother\t{text}",
            meta_title=text,
            parent=parent if number % 2 else None,
            options={text.strip(): f"{text};=x"} if number % 2 else {},
            category=CategoryFactory(name=f"@cat {number}"),
            stock=number,
        )
        ProductTag(product=product, tag=tag).save()
    # What no form of ours would take, but is there: an export must still be readable.
    ProductFactory(sku="old", slug="Old_Slug", name="con\x0btrol", currency="eur", barcode="a b")


def test_export_has_exactly_the_columns_of_the_sheet(auditor):
    ProductFactory(sku="A")

    assert next(csv.reader(io.StringIO(exported(by=auditor).decode()))) == COLUMNS
    sheet = openpyxl.load_workbook(io.BytesIO(exported("xlsx", by=auditor))).active
    assert [cell.value for cell in sheet[1]] == COLUMNS


@pytest.mark.row("A4")
def test_the_resource_declares_the_same_columns():
    assert [field.column_name for field in ProductResource().get_import_fields()] == COLUMNS


@pytest.mark.row("A4")
@pytest.mark.parametrize("format_name", ["csv", "xlsx"])
def test_what_was_exported_imports_as_unchanged_whatever_the_names(
    merchandiser, hostile, format_name
):
    count = Product.objects.count()
    before = Product.history.count()

    run = load(exported(format_name, by=merchandiser), by=merchandiser)

    assert counts_of(run) == (0, 0, count, 0)
    assert Product.history.count() == before


@pytest.mark.parametrize("format_name", ["csv", "xlsx"])
def test_the_sample_catalogue_survives_its_export(merchandiser, format_name):
    load((FIXTURES / "catalogue.csv").read_bytes(), by=merchandiser)

    run = preview(exported(format_name, by=merchandiser), by=merchandiser)

    assert counts_of(run) == (0, 0, 324, 0)


def test_no_cell_of_a_csv_begins_like_a_formula(merchandiser, hostile):
    for row in csv.reader(io.StringIO(exported(by=merchandiser).decode(), newline="")):
        assert not [cell for cell in row if cell[:1] in set("=+-@\t\r\n")]


def test_no_text_of_a_workbook_is_a_formula(merchandiser, hostile):
    sheet = openpyxl.load_workbook(io.BytesIO(exported("xlsx", by=merchandiser))).active

    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}


def test_export_is_refused_without_its_permission(make_user):
    with pytest.raises(NotAllowed):
        exported(by=make_user())


def test_export_is_recorded_with_filter_columns_and_rows(auditor):
    ProductFactory(sku="A")

    with export_sheet(
        sheet_name="products", format_name="csv", by=auditor, filters={"status": ["draft"]}
    ):
        pass

    event = AuditEvent.objects.get(kind="export")
    assert event.detail == {
        "model": "catalog.Product",
        "sheet": "products",
        "format": "csv",
        "filter": {"status": ["draft"]},
        "columns": COLUMNS,
        "rows": 1,
    }


def test_export_refuses_a_format_that_cannot_be_written(auditor):
    with pytest.raises(UnknownFormat):
        exported("ods", by=auditor)


def test_export_asks_a_fixed_number_of_queries(merchandiser, django_assert_max_num_queries):
    load((FIXTURES / "catalogue.csv").read_bytes(), by=merchandiser)
    exported(by=merchandiser)

    with django_assert_max_num_queries(12):
        exported(by=merchandiser)


def test_chosen_columns_come_in_the_order_of_the_sheet_and_with_the_key(auditor):
    ProductFactory(sku="A", name="Mug", price="3.50")

    content = exported(by=auditor, columns=["price", "name"])

    assert rows_of(content) == [{"sku": "A", "name": "Mug", "price": "3.50"}]
    assert AuditEvent.objects.get(kind="export").detail["columns"] == ["sku", "name", "price"]


def test_a_column_that_is_not_there_is_refused_by_name(auditor):
    with pytest.raises(UnknownColumn, match="no column “colour”"):
        exported(by=auditor, columns=["sku", "colour"])

    assert not AuditEvent.objects.filter(kind="export").exists()


def test_the_record_tells_what_an_export_was_for(auditor):
    exported(by=auditor, purpose="stocktaking in May")

    assert AuditEvent.objects.get(kind="export").detail["purpose"] == "stocktaking in May"


def test_only_the_rows_of_a_queryset_leave(auditor):
    for number in range(5):
        ProductFactory(
            sku=f"A{number}", stock=number, status="draft" if number % 2 else "published"
        )

    content = exported(by=auditor, queryset=Product.objects.filter(status="draft"))

    assert [(row["sku"], row["stock"]) for row in rows_of(content)] == [("A1", "1"), ("A3", "3")]


@pytest.mark.parametrize("format_name", ["csv", "xlsx"])
def test_nothing_to_export_is_a_head(auditor, format_name):
    content = exported(format_name, by=auditor, queryset=Product.objects.none())

    assert AuditEvent.objects.get(kind="export").detail["rows"] == 0
    if format_name == "csv":
        assert rows_of(content) == []
