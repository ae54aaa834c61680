"""The page on which a file's columns are assigned by hand."""

from __future__ import annotations

import pytest

from backoffice.imports import receive
from backoffice.models import ImportRecipe, ImportRun
from catalog.models import Product
from tests.backoffice.imports.pages import confirm, page_of, send

SHEET = ("Artikel;Text;VK;Rest\r\nM-1;Becher größer;12,50;a\r\nM-2;Schale;1.250,00;b\r\n").encode(
    "cp1252"
)
OURS = {"column-0": "sku", "column-1": "name", "column-2": "price", "column-3": ""}


@pytest.fixture
def desk(sign_in, merchandiser):
    return sign_in(merchandiser)


@pytest.fixture
def run(desk) -> ImportRun:
    send(desk, SHEET, name="lieferant.csv")
    return ImportRun.objects.get()


def assign(desk, run, **answers):
    return desk.post(page_of("mapping", run), {**OURS, **answers}, follow=True)


def test_a_file_that_no_recipe_fits_leads_to_the_columns(desk):
    page = send(desk, SHEET, name="lieferant.csv")

    run = ImportRun.objects.get()
    assert run.state == "mapping"
    assert page.redirect_chain[-1][0] == page_of("mapping", run)
    assert "Assign the columns of lieferant.csv" in page.text
    assert [column.theirs for column in by_place(page)] == ["Artikel", "Text", "VK", "Rest"]
    assert by_place(page)[1].samples == ["Becher größer", "Schale"]


def by_place(page):
    return sorted(page.context["mapping"].columns, key=lambda column: column.place)


def test_unsure_columns_stand_first(desk, run):
    page = desk.get(page_of("mapping", run))

    sure = [column.is_sure for column in page.context["mapping"].columns]
    assert sure == sorted(sure)


def test_what_is_needed_and_not_assigned_is_said(desk, run):
    page = desk.get(page_of("mapping", run))

    missing = {target.name for target in page.context["mapping"].missing}
    assigned = {column.ours for column in page.context["mapping"].columns}
    assert missing == {"sku", "name"} - assigned


def test_assigned_columns_lead_to_the_preview(desk, run):
    page = assign(desk, run)

    run.refresh_from_db()
    assert run.state == "validated"
    assert (run.new, run.refused) == (2, 0)
    assert "Becher größer" in page.text
    assert "1,250.00" in page.text
    assert "semicolon" in page.text
    confirm(desk, run)
    assert [str(p.price) for p in Product.objects.order_by("sku")] == ["12.50", "1250.00"]


def test_without_the_key_the_page_says_so_and_keeps_the_answers(desk, run):
    page = assign(desk, run, **{"column-0": ""})

    run.refresh_from_db()
    assert run.state == "mapping"
    assert "no column SKU" in page.text
    assert {column.theirs: column.ours for column in by_place(page)}["VK"] == "price"


def test_two_columns_for_one_of_ours_are_refused(desk, run):
    page = assign(desk, run, **{"column-3": "price"})

    assert page.status_code == 422
    assert "twice" in page.text
    assert {column.theirs: column.ours for column in by_place(page)}["Rest"] == "price"


def test_a_column_that_there_is_not_is_left_aside(desk, run):
    assign(desk, run, **{"column-3": "drop table"})

    run.refresh_from_db()
    assert run.state == "validated"
    assert set(run.columns) == {"sku", "name", "price"}


def test_a_blank_cell_can_mean_something_else_in_one_column(desk, run):
    assign(desk, run, **{"blank-2": "clear", "blank-1": "shrug"})

    run.refresh_from_db()
    assert run.choices["blanks"] == {"price": "clear"}


def test_new_rows_get_the_same_value_where_the_file_says_nothing(desk, run):
    assign(desk, run, **{"default-0": "description", "value-0": "From the list of May"})
    run.refresh_from_db()

    confirm(desk, run)

    assert {p.description for p in Product.objects.all()} == {"From the list of May"}


def test_reading_the_file_differently_keeps_what_was_assigned(desk, run):
    page = assign(desk, run, read="1", decimal=",", encoding="cp1252", delimiter=";")

    assert page.redirect_chain[-1][0] == page_of("mapping", run)
    assert {c.theirs: c.ours for c in by_place(page)} == {
        "Artikel": "sku",
        "Text": "name",
        "VK": "price",
        "Rest": "",
    }


def test_a_header_line_that_is_not_there_is_answered_with_the_page(desk, run):
    page = assign(desk, run, read="1", header_row="900")

    assert page.status_code == 422
    assert "Assign the columns" in page.text


@pytest.mark.parametrize("answers", [{"header_row": "-1"}, {"encoding": "x"}, {"delimiter": "xx"}])
def test_rubbish_about_the_reading_is_refused(desk, run, answers):
    assert assign(desk, run, **answers).status_code == 422


def test_an_assignment_is_remembered_for_the_supplier(desk, run):
    assign(desk, run, supplier="Müller")

    recipe = ImportRecipe.objects.get()
    assert (recipe.name, recipe.supplier, recipe.sheet) == ("Müller", "Müller", "products")
    page = send(desk, SHEET.replace(b"12,50", b"13,50"), name="naechste.csv")
    again = ImportRun.objects.order_by("-id")[0]
    assert again.state == "validated"
    assert "Müller" in page.text
    assert "Apply 2 rows" in page.text


def test_an_assignment_that_is_made_anew_takes_the_place_of_the_old_one(desk, run):
    assign(desk, run, supplier="Müller")

    assign(desk, run, supplier="Müller", **{"column-3": "description"})

    recipes = ImportRecipe.objects.filter(is_archived=False)
    assert recipes.get().content["choices"]["mapping"]["Rest"] == "description"


def test_columns_can_be_assigned_anew_from_the_preview(desk, run):
    assign(desk, run)
    preview = desk.get(page_of("run", run))

    page = desk.get(page_of("mapping", run))

    assert page_of("mapping", run) in preview.text
    assert {c.theirs: c.ours for c in by_place(page)}["VK"] == "price"


def test_an_applied_run_has_no_columns_to_assign(desk, run):
    assign(desk, run)
    confirm(desk, run)

    page = desk.get(page_of("mapping", run), follow=True)

    assert "Receipt" in page.text
    assert assign(desk, run).status_code == 200
    assert Product.objects.count() == 2


def test_a_file_that_is_gone_is_said_and_never_a_crash(desk, run):
    receive.forget(run.stored_as)

    looked = desk.get(page_of("mapping", run))
    assigned = assign(desk, run)

    assert looked.status_code == assigned.status_code == 409
    assert "Import it again" in looked.text
