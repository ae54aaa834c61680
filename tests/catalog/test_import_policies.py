"""The product sheet: all or the good rows, drift since the preview, and who may."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission

from backoffice.imports import apply_run
from backoffice.refused import NotAllowed
from backoffice.steps import Outcome
from catalog import services
from catalog.models import Product
from catalog.states import PRODUCT_FLOW
from tests.catalog.factories import ProductFactory
from tests.sheets import counts_of, csv_of, faults_of, load, preview, words_of

HEADER = ["sku", "name", "price"]


def cup(sku="CUP", name="Beach Pebble Cup", price="16.00"):
    return [sku, name, price]


def test_import_applies_nothing_when_one_row_is_refused(merchandiser):
    ProductFactory(sku="OLD", price="1.00")
    before = Product.history.count()

    run = load(csv_of(HEADER, ["OLD", "", "2.00"], ["NEW", "New", "x"]), by=merchandiser)

    assert run.state == "validated"
    assert run.outcome.startswith("Nothing was applied: 1 of 2 rows")
    assert Product.objects.get().price == 1
    assert Product.history.count() == before


def test_import_applies_the_good_rows_when_asked(merchandiser):
    run = load(
        csv_of(HEADER, ["A", "A", "1.00"], ["B", "B", "x"]), by=merchandiser, policy="good_rows"
    )

    assert run.state == "applied"
    assert [product.sku for product in Product.objects.all()] == ["A"]


def reprice(product, price):
    product.refresh_from_db()
    product.price = Decimal(price)
    product.save()


def test_a_row_whose_product_changed_since_the_preview_is_refused_with_both_values(merchandiser):
    cup = ProductFactory(sku="CUP", price="16.00")
    run = preview(csv_of(["sku", "price"], ["CUP", "18.00"]), by=merchandiser, policy="good_rows")
    reprice(cup, "17.00")

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert faults_of(run) == [(2, "", "changed_since")]
    assert "16.00" in words_of(run, 2)
    assert "17.00" in words_of(run, 2)
    assert Product.objects.get().price == Decimal("17.00")


def test_drift_of_a_field_that_the_row_does_not_write_is_none(merchandiser):
    cup = ProductFactory(sku="CUP", price="16.00", description="Old")
    run = preview(csv_of(["sku", "price"], ["CUP", "18.00"]), by=merchandiser)
    cup.description = "New"
    cup.save()

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert run.state == "applied"
    cup.refresh_from_db()
    assert (cup.price, cup.description) == (Decimal("18.00"), "New")


def test_a_field_that_was_equal_in_the_preview_is_never_written(merchandiser):
    cup = ProductFactory(sku="CUP", name="Cup", price="16.00")
    run = preview(csv_of(HEADER, ["CUP", "Cup", "18.00"]), by=merchandiser)
    cup.name = "A better name"
    cup.save()

    apply_run(uuid=run.uuid, by=merchandiser, reason="")

    cup.refresh_from_db()
    assert (cup.name, cup.price) == ("A better name", Decimal("18.00"))


def test_a_row_that_somebody_else_created_meanwhile_is_refused(merchandiser):
    run = preview(csv_of(HEADER, cup(), cup("B", "B")), by=merchandiser, policy="good_rows")
    ProductFactory(sku="CUP", name="Theirs")

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert faults_of(run) == [(2, "", "created_since")]
    assert Product.objects.get(sku="CUP").name == "Theirs"
    assert Product.objects.filter(sku="B").exists()


def test_drift_under_all_or_nothing_applies_nothing_and_says_so(merchandiser):
    product = ProductFactory(sku="CUP", price="16.00")
    run = preview(csv_of(HEADER, ["CUP", "", "18.00"], cup("NEW", "New")), by=merchandiser)
    reprice(product, "17.00")

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert run.state == "validated"
    assert counts_of(run) == (1, 0, 0, 1)
    assert not Product.objects.filter(sku="NEW").exists()


def test_a_variant_hangs_on_the_parent_that_somebody_else_created_meanwhile(merchandiser):
    content = csv_of([*HEADER, "parent_sku"], [*cup(), ""], ["CUP-S", "Slate", "1.00", "CUP"])
    run = preview(content, by=merchandiser, policy="good_rows")
    theirs = ProductFactory(sku="CUP")

    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert faults_of(run) == [(2, "", "created_since")]
    assert Product.objects.get(sku="CUP-S").parent == theirs


def test_what_a_service_refuses_while_writing_leaves_that_row_out_whole(merchandiser, monkeypatch):
    ProductFactory(sku="A", price="1.00", stock=5)
    ProductFactory(sku="B", price="1.00", stock=5)
    run = preview(
        csv_of(["sku", "price", "status"], ["A", "2.00", "draft"], ["B", "2.00", "draft"]),
        by=merchandiser,
        policy="good_rows",
    )
    real = PRODUCT_FLOW.bulk_verbs["unpublish"]

    def refusing(*, product_ids, **rest):
        a = Product.objects.get(sku="A")
        if a.pk in product_ids:
            refusal = services.StockWouldBeNegative(sku="A", on_hand=9, promised=10)
            return Outcome(done=[], refused=[(a, refusal)])
        return real(product_ids=product_ids, **rest)

    monkeypatch.setitem(PRODUCT_FLOW.bulk_verbs, "unpublish", refusing)
    run = apply_run(uuid=run.uuid, by=merchandiser, reason="")

    assert faults_of(run) == [(2, "", "stock_would_be_negative")]
    assert run.state == "applied"
    prices = dict(Product.objects.values_list("sku", "price"))
    assert prices == {"A": Decimal("1.00"), "B": Decimal("2.00")}


@pytest.mark.parametrize("role", ["support", "fulfilment", "finance", "auditor", "admin"])
def test_import_is_refused_to_roles_that_may_not_import(make_user, role):
    with pytest.raises(NotAllowed):
        preview(csv_of(HEADER, cup()), by=make_user(role))


def allow(user, *names):
    for name in names:
        user.user_permissions.add(Permission.objects.get(codename=name))
    return type(user).objects.get(pk=user.pk)


def test_import_asks_for_the_permission_of_each_verb(make_user):
    ProductFactory(sku="OLD", name="Old", price="1.00", status="draft")
    clerk = allow(make_user(), "import_product", "change_product")
    content = csv_of(
        [*HEADER, "stock", "status", "is_featured"],
        ["OLD", "Renamed", "2.00", "5", "published", "yes"],
        ["NEW", "New", "1.00", "", "", ""],
    )

    run = preview(content, by=clerk)

    assert sorted(faults_of(run)) == [
        (2, "is_featured", "not_allowed"),
        (2, "price", "not_allowed"),
        (2, "status", "not_allowed"),
        (2, "stock", "not_allowed"),
        (3, "", "not_allowed"),
    ]
    assert "Your role does not allow you to create a product." in words_of(run, 3)


def test_import_updates_for_somebody_who_may_not_create(make_user):
    ProductFactory(sku="OLD", name="Old", price="1.00")
    clerk = allow(make_user(), "import_product", "change_product", "adjust_stock_product")

    run = load(csv_of(["sku", "stock"], ["OLD", "5"]), by=clerk)

    assert run.state == "applied"
    assert Product.objects.get(sku="OLD").levels.get().on_hand == 5


def test_import_creates_for_somebody_who_may_not_change(make_user):
    clerk = allow(make_user(), "import_product", "add_product")

    run = load(csv_of(HEADER, cup()), by=clerk)

    assert run.state == "applied"


def test_import_makes_no_category_for_who_may_not(make_user):
    clerk = allow(make_user(), "import_product", "add_product")

    run = preview(csv_of([*HEADER, "category", "tags"], [*cup(), "New", "wool"]), by=clerk)

    assert faults_of(run) == [(2, "category", "not_allowed"), (2, "tags", "not_allowed")]
