"""The category sheet: missing levels made, texts replaced, categories moved by their slug."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command

from backoffice.imports import Blank, Choices, apply_run, undo_run
from backoffice.imports.export import export_sheet
from backoffice.imports.undo import NotUndoable
from backoffice.refused import NotAllowed
from catalog import services
from catalog.models import Category
from catalog.resources import category_paths
from tests.sheets import (
    FIXTURES,
    counts_of,
    csv_of,
    faults_of,
    load,
    preview,
    warnings_of,
    words_of,
)

HEADER = ["path", "slug", "description"]


def grow(content, by, **options):
    return load(content, by=by, sheet="categories", **options)


def looked_at(content, by, **options):
    return preview(content, by=by, sheet="categories", **options)


def tree():
    """Return slug and description by path."""
    rows = Category.objects.in_bulk()
    return {
        " > ".join(path): (rows[pk].slug, rows[pk].description)
        for pk, path in category_paths().items()
    }


@pytest.fixture
def coffee(manager):
    path = "Kitchen > Coffee"
    return services.ensure_category_paths(paths=[path], by=manager, reason="")[path]


def test_categories_are_made_with_every_level_above_them(merchandiser):
    run = grow(csv_of(HEADER, ["Kitchen > Coffee > Beans", "", "Roasted here."]), merchandiser)

    assert counts_of(run) == (1, 0, 0, 0)
    assert tree() == {
        "Kitchen": ("kitchen", ""),
        "Kitchen > Coffee": ("coffee", ""),
        "Kitchen > Coffee > Beans": ("beans", "Roasted here."),
    }
    assert "Kitchen > Coffee" in run.warnings[-1]["message"]
    assert run.plan.get().target_id == Category.objects.get(slug="beans").pk
    assert {entry.change_set for entry in Category.history.all()} == {run.change_set}


def test_a_level_is_made_by_its_own_row_wherever_that_stands(merchandiser):
    rows = [["Kitchen > Coffee", "", ""], ["Kitchen", "cooking", "All of it."]]

    run = grow(csv_of(HEADER, *rows), merchandiser)

    assert counts_of(run) == (2, 0, 0, 0)
    assert tree()["Kitchen"] == ("cooking", "All of it.")


def test_texts_of_a_category_that_is_there_are_replaced(merchandiser, coffee):
    run = grow(csv_of(HEADER, ["Kitchen > Coffee", "beans", "Fresh."]), merchandiser)

    coffee.refresh_from_db()
    assert counts_of(run) == (0, 1, 0, 0)
    assert (coffee.slug, coffee.description) == ("beans", "Fresh.")
    assert coffee.history.latest("history_id").change_set.action == "catalog.import_categories"


def test_blank_cells_leave_a_category_as_it_is(merchandiser, coffee):
    run = grow(csv_of(HEADER, ["Kitchen > Coffee", "", ""]), merchandiser)

    assert counts_of(run) == (0, 0, 1, 0)


def test_a_description_can_be_emptied_and_a_slug_cannot(merchandiser, coffee):
    grow(csv_of(HEADER, ["Kitchen > Coffee", "", "Fresh."]), merchandiser)
    choices = Choices(blanks={"slug": Blank.CLEAR, "description": Blank.CLEAR})

    run = looked_at(csv_of(HEADER, ["Kitchen > Coffee", "", ""]), merchandiser, choices=choices)
    bare = looked_at(
        csv_of(["path", "description"], ["Kitchen > Coffee", ""]), merchandiser, choices=choices
    )

    assert faults_of(run) == [(2, "slug", "bad_slug")]
    assert warnings_of(bare) == [(2, "emptied")]


def test_the_slug_may_say_which_category_moves_where(merchandiser, coffee):
    grow(csv_of(HEADER, ["Kitchen > Coffee > Beans", "", ""]), merchandiser)

    run = grow(
        csv_of(HEADER, ["Drinks > Coffee and tea", "coffee", ""]),
        merchandiser,
        choices=Choices(key="slug"),
    )

    assert counts_of(run) == (0, 1, 0, 0)
    assert sorted(tree()) == [
        "Drinks", "Drinks > Coffee and tea", "Drinks > Coffee and tea > Beans", "Kitchen",
    ]  # fmt: skip


def test_no_category_moves_below_itself(merchandiser, coffee):
    run = looked_at(
        csv_of(HEADER, ["Kitchen > Coffee > Kitchen", "kitchen", ""]),
        merchandiser,
        choices=Choices(key="slug"),
    )

    assert faults_of(run) == [(2, "path", "category_cycle")]


def test_no_category_moves_to_where_another_one_is(merchandiser, coffee):
    run = looked_at(
        csv_of(HEADER, ["Kitchen", "coffee", ""]), merchandiser, choices=Choices(key="slug")
    )

    assert faults_of(run) == [(2, "path", "duplicate_category")]


def test_a_slug_of_another_category_is_refused(merchandiser, coffee):
    run = looked_at(csv_of(HEADER, ["Drinks", "coffee", ""]), merchandiser)

    assert faults_of(run) == [(2, "slug", "duplicate_category_slug")]


def test_a_slug_that_a_row_asks_for_is_not_made_up_for_another(merchandiser):
    rows = [["Coffee", "", ""], ["Kitchen", "coffee", ""]]

    run = grow(csv_of(HEADER, *rows), merchandiser)

    assert counts_of(run) == (2, 0, 0, 0)
    assert tree() == {"Coffee": ("coffee-2", ""), "Kitchen": ("coffee", "")}


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("Kitchen > > Coffee", "empty_level"),
        ("Kitchen > " + "x" * 121, "too_long"),
        (" > ".join(["a"] * 21), "category_too_deep"),
    ],
)
def test_paths_that_are_none_are_refused(merchandiser, path, code):
    run = looked_at(csv_of(HEADER, [path, "", ""]), merchandiser)

    assert faults_of(run) == [(2, "path", code)]


def test_a_path_longer_than_a_key_is_one_path(merchandiser):
    long = " > ".join(["A shelf with a long name"] * 6)
    other = f"{long} > Cups"
    grow(csv_of(HEADER, [long, "", "One"], [other, "", "Two"]), merchandiser)

    run = grow(csv_of(HEADER, [long, "", "One"], [other, "", "Three"]), merchandiser)

    assert counts_of(run) == (0, 1, 1, 0)
    assert tree()[other][1] == "Three"


def test_a_path_that_stands_there_twice_is_refused_twice(merchandiser):
    run = looked_at(csv_of(HEADER, ["Kitchen", "", "a"], ["Kitchen", "", "b"]), merchandiser)

    assert [code for _line, _column, code in faults_of(run)] == ["duplicate_path"] * 2


def test_a_row_below_a_refused_one_waits_for_it(merchandiser, coffee):
    rows = [["Drinks", "coffee", ""], ["Drinks > Tea", "", ""]]

    run = looked_at(csv_of(HEADER, *rows), merchandiser)

    assert faults_of(run) == [(2, "slug", "duplicate_category_slug"), (3, "", "needs_refused_row")]


def test_a_category_that_somebody_else_made_since_the_preview_is_refused(merchandiser):
    run = looked_at(csv_of(HEADER, ["Kitchen", "", "Ours"]), merchandiser, policy="good_rows")
    services.create_category(name="Kitchen", by=merchandiser, reason="")

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert [code for _line, _column, code in faults_of(run)] == ["created_since"]


def test_who_may_only_change_categories_adds_none(make_user, coffee):
    clerk = make_user()
    clerk.user_permissions.add(Permission.objects.get(codename="change_category"))
    clerk = type(clerk).objects.get(pk=clerk.pk)

    run = looked_at(csv_of(HEADER, ["Kitchen > Coffee", "", "x"], ["Tea", "", ""]), clerk)
    moved = looked_at(
        csv_of(HEADER, ["New > Coffee", "coffee", ""]), clerk, choices=Choices(key="slug")
    )

    assert faults_of(run) == [(3, "", "not_allowed")]
    assert faults_of(moved) == [(2, "path", "not_allowed")]
    assert "add a category, as New" in words_of(moved, 2)


@pytest.mark.parametrize("role", ["support", "fulfilment", "finance", "auditor", "admin"])
def test_categories_are_refused_to_those_who_may_not_change_them(make_user, role):
    with pytest.raises(NotAllowed):
        looked_at(csv_of(HEADER, ["Kitchen", "", ""]), make_user(role))


def test_categories_are_not_taken_back_as_a_whole(merchandiser):
    run = grow(csv_of(HEADER, ["Kitchen", "", ""]), merchandiser)

    with pytest.raises(NotUndoable):
        undo_run(uuid=run.uuid, by=merchandiser)


@pytest.mark.parametrize("format_name", ["csv", "xlsx"])
def test_what_is_exported_imports_as_unchanged(merchandiser, coffee, format_name):
    with export_sheet(sheet_name="categories", format_name=format_name, by=merchandiser) as out:
        content = out.read()

    run = grow(content, merchandiser)

    assert counts_of(run) == (0, 0, 2, 0)
    if format_name == "csv":
        assert "Kitchen > Coffee,coffee," in content.decode("utf-8-sig").splitlines()


def test_the_sample_sheet_loads_by_the_command(merchandiser, tmp_path):
    out = io.StringIO()
    for name, file in (("products", "catalogue.csv"), ("categories", "category_tree.csv")):
        call_command("import_sheet", name, str(FIXTURES / file), by=merchandiser.email, stdout=out)

    assert "8 rows: 4 new, 4 changed, 0 unchanged, 0 refused" in out.getvalue()
    exported = tmp_path / "categories.csv"
    call_command("export_sheet", "categories", str(exported), by=merchandiser.email, stdout=out)
    assert exported.read_text("utf-8-sig").startswith("path,slug,description")
