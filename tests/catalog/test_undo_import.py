"""Taking an import back: what stood there before comes again, unless somebody edited it since."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice import changes
from backoffice.imports import confirm_run, leave_out_rows, refusals, undo_run
from backoffice.imports.undo import NotApplied, NotUndoable, UndoneBefore
from catalog import services
from catalog.models import Product, StockMovement
from tests.backoffice.imports.fuzz.originals import ORDERS
from tests.catalog.factories import CategoryFactory, ProductFactory, level_of
from tests.sheets import counts_of, csv_of, faults_of, load, preview, words_of

HEADER = ["sku", "name", "price"]


def undo(run, by):
    taking_back = undo_run(uuid=run.uuid, by=by)
    return confirm_run(uuid=taking_back.uuid, by=by, reason="a mistake")


@pytest.fixture
def cup():
    return ProductFactory(
        sku="CUP", name="Cup", price="16.00", compare_at_price="20.00", description="old",
        weight_grams=None, is_featured=True, options={"Size": "M"}, status="draft", stock=10,
        category=CategoryFactory(name="Old"), barcode="",
    )  # fmt: skip


def test_every_kind_of_column_gets_back_what_stood_there(merchandiser, cup):
    ProductFactory(sku="P")
    load(csv_of(["sku", "tags"], ["CUP", "clay,wool"]), by=merchandiser)
    cup.refresh_from_db()
    before = {name: getattr(cup, name) for name in (
        "name", "price", "compare_at_price", "description", "weight_grams", "is_featured", "options",
        "category_id", "barcode", "parent_id", "status", "slug",
    )}  # fmt: skip
    header = ["sku", "name", "price", "compare_at_price", "description", "weight_grams", "is_featured",
              "options", "category", "barcode", "parent_sku", "status", "slug", "tags", "stock"]  # fmt: skip
    row = ["CUP", "New", "9.99", "30.00", "new", "5", "no", "Size=L", "New > Deep", "2912345000015",
           "P", "published", "new-slug", "linen", "7"]  # fmt: skip
    done = load(csv_of(header, row), by=merchandiser)
    assert counts_of(done) == (0, 1, 0, 0)

    taken_back = undo(done, merchandiser)

    assert (taken_back.state, faults_of(taken_back), counts_of(taken_back)) == (
        "applied", [], (0, 1, 0, 0),
    )  # fmt: skip
    cup.refresh_from_db()
    assert {name: getattr(cup, name) for name in before} == before
    assert {tag.name for tag in cup.tags.all()} == {"clay", "wool"}
    assert level_of(cup)[0] == 10
    assert cup.history.first().change_set.note == "a mistake"
    assert done.undone_by.get() == taken_back


def test_what_was_created_is_archived_and_found_again_when_the_file_comes_back(merchandiser):
    content = csv_of([*HEADER, "status", "stock"], ["A", "A", "1.00", "published", "5"])
    done = load(content, by=merchandiser)

    undo(done, merchandiser)
    assert Product.objects.get().status == "archived"
    again = load(content, by=merchandiser)

    assert counts_of(again) == (0, 1, 0, 0)
    assert Product.objects.get().status == "published"


def test_what_somebody_edited_since_is_kept_and_says_by_whom(merchandiser, manager, cup):
    other = ProductFactory(sku="MUG", price="4.00")
    done = load(csv_of(["sku", "price"], ["CUP", "18.00"], ["MUG", "5.00"]), by=merchandiser)
    with changes.change(separate=True, by=manager):
        services.change_price(product_id=cup.pk, price=Decimal("17.00"), by=manager, reason="sale")

    taking_back = undo_run(uuid=done.uuid, by=merchandiser)
    assert counts_of(taking_back) == (0, 1, 0, 1)
    assert "17.00" in words_of(taking_back, 2)
    assert str(manager.get_full_name()) in words_of(taking_back, 2)
    confirm_run(uuid=taking_back.uuid, by=merchandiser, reason="")

    cup.refresh_from_db()
    other.refresh_from_db()
    assert (cup.price, other.price) == (17, 4)


def test_what_was_created_and_edited_since_is_kept(merchandiser):
    done = load(csv_of(HEADER, ["A", "A", "1.00"], ["B", "B", "1.00"]), by=merchandiser)
    services.change_price(
        product_id=Product.objects.get(sku="A").pk,
        price=Decimal("2.00"),
        by=merchandiser,
        reason="dearer",
    )

    taken_back = undo(done, merchandiser)

    assert [code for _line, _column, code in faults_of(taken_back)] == ["edited_since"]
    states = dict(Product.objects.values_list("sku", "status"))
    assert states["A"] != "archived"
    assert states["B"] == "archived"


def test_stock_gives_back_the_difference_whatever_was_sold_since(merchandiser, cup):
    done = load(csv_of(["sku", "stock"], ["CUP", "30"]), by=merchandiser)
    services.adjust_stock(product_id=cup.pk, difference=-4, by=merchandiser, reason="broken")

    taken_back = undo(done, merchandiser)

    assert level_of(cup)[0] == 6
    assert StockMovement.objects.filter(cause_uuid=taken_back.uuid).get().on_hand_delta == -20


def test_stock_that_was_sold_meanwhile_cannot_be_taken_back_and_is_kept(merchandiser, cup):
    done = load(csv_of(["sku", "stock"], ["CUP", "30"]), by=merchandiser)
    services.adjust_stock(product_id=cup.pk, difference=-25, by=merchandiser, reason="sold")

    taking_back = undo_run(uuid=done.uuid, by=merchandiser)

    assert counts_of(taking_back) == (0, 0, 0, 1)
    assert level_of(cup)[0] == 5


def test_what_is_edited_between_the_preview_of_the_undo_and_its_confirmation_is_kept(
    merchandiser, cup
):
    done = load(csv_of(["sku", "price"], ["CUP", "18.00"]), by=merchandiser)
    taking_back = undo_run(uuid=done.uuid, by=merchandiser)
    cup.refresh_from_db()
    cup.price = Decimal("17.00")
    cup.save()

    taken_back = confirm_run(uuid=taking_back.uuid, by=merchandiser, reason="")

    cup.refresh_from_db()
    assert cup.price == 17
    assert counts_of(taken_back) == (0, 0, 0, 1)


def test_an_import_is_taken_back_once(merchandiser, cup):
    done = load(csv_of(["sku", "price"], ["CUP", "18.00"]), by=merchandiser)
    first = undo_run(uuid=done.uuid, by=merchandiser)
    second = undo_run(uuid=done.uuid, by=merchandiser)
    with pytest.raises(refusals.RunNotWaiting):
        confirm_run(uuid=first.uuid, by=merchandiser, reason="")
    confirm_run(uuid=second.uuid, by=merchandiser, reason="")

    with pytest.raises(UndoneBefore):
        undo_run(uuid=done.uuid, by=merchandiser)
    with pytest.raises(NotApplied):
        undo_run(uuid=second.uuid, by=merchandiser)


def test_only_what_was_applied_is_taken_back(merchandiser):
    run = preview(csv_of(HEADER, ["A", "A", "1.00"]), by=merchandiser)

    with pytest.raises(NotApplied):
        undo_run(uuid=run.uuid, by=merchandiser)


def test_rows_of_an_undo_can_be_left_out(merchandiser, cup):
    ProductFactory(sku="MUG", price="4.00")
    done = load(csv_of(["sku", "price"], ["CUP", "18.00"], ["MUG", "5.00"]), by=merchandiser)
    taking_back = undo_run(uuid=done.uuid, by=merchandiser)

    leave_out_rows(uuid=taking_back.uuid, numbers=[1], by=merchandiser)
    confirm_run(uuid=taking_back.uuid, by=merchandiser, reason="")

    prices = dict(Product.objects.values_list("sku", "price"))
    assert prices == {"CUP": 18, "MUG": 4}


def test_orders_are_not_taken_back_as_a_whole(make_user):
    boss = make_user(email="boss@example.com", is_superuser=True)
    done = load(ORDERS, by=boss, sheet="orders", policy="good_rows")
    assert done.state == "applied"

    with pytest.raises(NotUndoable):
        undo_run(uuid=done.uuid, by=boss)


def test_the_imports_of_others_are_taken_back_by_who_may(merchandiser, make_user, cup):
    done = load(csv_of(["sku", "price"], ["CUP", "18.00"]), by=merchandiser)
    colleague = make_user("merchandiser", email="colleague@example.com")
    boss = make_user(email="boss@example.com", is_superuser=True)

    with pytest.raises(refusals.UnknownRun):
        undo_run(uuid=done.uuid, by=colleague)
    undo(done, boss)

    cup.refresh_from_db()
    assert cup.price == 16
