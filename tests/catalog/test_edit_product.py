"""Editing products: one or many, guarded alike, with one history row for each that changes."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission

from backoffice.refused import NotAllowed, StaleVersion
from catalog.models import Product
from catalog.refusals import (
    DuplicateBarcode,
    DuplicateSku,
    DuplicateSlug,
    InvalidProduct,
    PriceReasonMissing,
    PriceStockRuleBroken,
    UnknownProduct,
    errors_of,
)
from catalog.services import edit_product, edit_products, feature_products, identity
from tests.catalog.factories import CategoryFactory, ProductFactory

pytestmark = pytest.mark.django_db


def edit(product, by, reason="", version=None, **changes):
    return edit_product(
        product_id=product.pk, changes=changes, by=by, reason=reason, version=version
    )


def history_of(product):
    return list(Product.history.filter(id=product.pk).order_by("history_id"))


def test_edit_product_writes_one_history_row_and_moves_the_version(merchandiser, click):
    mug, mugs = ProductFactory(), CategoryFactory()

    with click():
        edit(mug, merchandiser, "better words", description="Turned by hand.", category=mugs)

    mug.refresh_from_db()
    assert (mug.description, mug.category, mug.version) == ("Turned by hand.", mugs, 2)
    _created, changed = history_of(mug)
    assert (changed.history_type, changed.description) == ("~", "Turned by hand.")
    assert (changed.change_set.actor, changed.change_set.note) == (merchandiser, "better words")


def test_edit_product_leaves_a_product_alone_on_which_nothing_differs(merchandiser):
    mug = ProductFactory(description="Turned by hand.")

    edit(mug, merchandiser, description=" Turned by hand. ", price=Decimal(20), name=mug.name)

    mug.refresh_from_db()
    assert mug.version == 1
    assert len(history_of(mug)) == 1


@pytest.mark.row("C2")
def test_edit_product_leaves_the_slug_where_it_is_when_the_name_changes(merchandiser):
    mug = ProductFactory(name="Oak Mug", slug="oak-mug")

    edit(mug, merchandiser, name="Beech Mug")

    mug.refresh_from_db()
    assert (mug.name, mug.slug) == ("Beech Mug", "oak-mug")


def test_edit_product_moves_a_slug_that_is_asked_for(merchandiser):
    mug = ProductFactory()

    assert edit(mug, merchandiser, slug="beech-mug").slug == "beech-mug"


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("sku", "TAKEN", DuplicateSku),
        ("slug", "taken", DuplicateSlug),
        ("barcode", "1", DuplicateBarcode),
    ],
)
def test_edit_product_names_the_product_that_is_in_the_way(merchandiser, field, value, kind):
    ProductFactory(sku="TAKEN", slug="taken", barcode="1", name="Pine Bowl")
    mug = ProductFactory()

    with pytest.raises(kind, match="Pine Bowl"):
        edit(mug, merchandiser, **{field: value})

    mug.refresh_from_db()
    assert getattr(mug, field) != value


def test_edit_product_says_it_as_kindly_when_the_database_is_first(merchandiser, monkeypatch):
    look = identity.conflicts

    def blind_once(*_args):
        monkeypatch.setattr(identity, "conflicts", look)
        return {}

    ProductFactory(sku="RIVAL", name="Rival Mug")
    monkeypatch.setattr(identity, "conflicts", blind_once)

    with pytest.raises(DuplicateSku, match="Rival Mug"):
        edit(ProductFactory(), merchandiser, sku="RIVAL")


def test_edit_product_keeps_its_own_sku(merchandiser):
    mug = ProductFactory(sku="MUG-OAK", barcode="1")

    edit(mug, merchandiser, sku="MUG-OAK", barcode="1", description="new")

    assert Product.objects.get().description == "new"


def test_edit_product_refuses_a_stale_version_and_keeps_the_other_ones_work(merchandiser):
    mug = ProductFactory()
    edit(mug, merchandiser, version=1, description="first")

    with pytest.raises(StaleVersion) as refusal:
        edit(mug, merchandiser, version=1, description="second")

    assert refusal.value.facts["theirs"] == 2
    assert Product.objects.get().description == "first"


def test_edit_product_refuses_an_unknown_product(merchandiser):
    with pytest.raises(UnknownProduct, match="404"):
        edit_product(product_id=404, changes={"name": "x"}, by=merchandiser, reason="")


@pytest.mark.parametrize("field", ["status", "version", "stock", "created_by", "uuid", "id"])
def test_edit_product_refuses_columns_that_other_verbs_own(merchandiser, field):
    with pytest.raises(InvalidProduct) as refusal:
        edit_product(
            product_id=ProductFactory().pk, changes={field: "draft"}, by=merchandiser, reason=""
        )

    assert refusal.value.errors == {field: ["This cannot be changed here."]}


@pytest.mark.parametrize("reason", ["", "  "])
def test_edit_product_refuses_another_price_without_a_reason(merchandiser, reason):
    mug = ProductFactory(price="20.00")

    with pytest.raises(PriceReasonMissing) as refusal:
        edit(mug, merchandiser, reason, price=Decimal(21))

    assert refusal.value.message == "A price change needs a reason."
    assert "price" in refusal.value.errors
    assert Product.objects.get().price == Decimal(20)


def test_edit_product_takes_another_price_with_a_reason(merchandiser):
    assert edit(ProductFactory(), merchandiser, "dearer clay", price=Decimal(21)).price == 21


def test_edit_product_refuses_a_price_above_the_compare_at_price(merchandiser):
    with pytest.raises(InvalidProduct) as refusal:
        edit(ProductFactory(price=20, compare_at_price=25), merchandiser, "x", price=Decimal(26))

    assert refusal.value.errors == {
        "compare_at_price": [
            "The compare-at price 25.00 is below the price 26.00; raise or blank it."
        ]
    }


@pytest.mark.row("C8")
def test_edit_product_refuses_a_dear_price_for_large_numbers(merchandiser):
    with pytest.raises(PriceStockRuleBroken):
        edit(ProductFactory(stock=101), merchandiser, "slip", price=Decimal("10000.01"))


@pytest.mark.row("C8")
def test_edit_product_takes_a_dear_price_for_few(merchandiser):
    edit(ProductFactory(stock=100), merchandiser, "signed by hand", price=Decimal("10000.01"))
    edit(ProductFactory(stock=101), merchandiser, "dearer", price=Decimal("10000.00"))


@pytest.mark.row("C8")
def test_edit_product_lets_a_dear_price_fall(merchandiser):
    clock = ProductFactory(price="20000.00", stock=300)

    assert edit(clock, merchandiser, "sale", price=Decimal(15000)).price == 15000


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"price": Decimal(1)}, "change prices"), ({"is_featured": True}, "feature products")],
)
def test_edit_product_asks_for_the_permission_of_the_column(make_user, changes, sentence):
    editor = make_user()
    editor.user_permissions.add(Permission.objects.get(codename="change_product"))
    mug = ProductFactory()

    with pytest.raises(NotAllowed, match=sentence):
        edit(mug, editor, "reason", **changes)
    edit(mug, editor, "", description="this is allowed")


@pytest.mark.parametrize("role", ["support", "fulfilment", "finance", "auditor", "admin"])
def test_edit_product_refuses_roles_that_may_not(make_user, role):
    with pytest.raises(NotAllowed):
        edit(ProductFactory(), make_user(role), description="x")


def test_edit_product_hangs_a_product_below_a_parent_and_takes_it_off(merchandiser):
    mug, parent = ProductFactory(), ProductFactory()

    edit(mug, merchandiser, parent=parent)
    assert Product.objects.get(pk=mug.pk).parent == parent

    edit(mug, merchandiser, parent=None)
    assert Product.objects.get(pk=mug.pk).parent is None


def test_edit_product_refuses_a_parent_that_cannot_be_one(merchandiser):
    parent, mug = ProductFactory(sku="P"), ProductFactory(sku="M")
    variant = ProductFactory(sku="V", parent=parent)

    def errors(product, parent_id):
        with pytest.raises(InvalidProduct) as refusal:
            edit(product, merchandiser, parent_id=parent_id)
        return refusal.value.errors["parent"]

    assert errors(mug, mug.pk) == ["A product cannot be a variant of itself."]
    assert errors(mug, variant.pk) == ["V is a variant itself; choose its parent."]
    assert errors(mug, 404) == ["There is no such product."]
    assert errors(parent, mug.pk) == ["It has variants itself; a variant cannot have variants."]


def test_edit_products_refuses_a_chain_that_only_the_whole_batch_makes(merchandiser):
    first, second, third = ProductFactory.create_batch(3)

    outcome = edit_products(
        changes={first.pk: {"parent": second}, second.pk: {"parent": third}},
        by=merchandiser,
        reason="",
    )

    assert outcome.done == [second]
    assert outcome.refused[0][0] == first


def test_edit_product_refuses_a_category_that_is_gone(merchandiser):
    with pytest.raises(InvalidProduct) as refusal:
        edit(ProductFactory(), merchandiser, category_id=404)

    assert refusal.value.errors == {"category": ["There is no such category."]}


def test_edit_product_sets_tags_in_the_same_history_row(merchandiser):
    mug = ProductFactory()

    edit(mug, merchandiser, description="new", tags=["oak", "handmade"])

    assert set(mug.tags.values_list("name", flat=True)) == {"oak", "handmade"}
    assert len(history_of(mug)) == 2
    assert Product.objects.get().version == 2


def test_edit_products_does_the_good_ones_and_says_why_not_for_the_others(merchandiser):
    ProductFactory(sku="TAKEN")
    good, same, bad, twin = ProductFactory.create_batch(4)

    outcome = edit_products(
        changes={
            good.pk: {"sku": "NEW"},
            same.pk: {"name": same.name},
            bad.pk: {"price": Decimal(-1)},
            twin.pk: {"sku": "NEW"},
            404: {"name": "x"},
        },
        by=merchandiser,
        reason="sheet",
    )

    assert outcome.done == [good, same]
    assert {row if isinstance(row, int) else row.pk: e.code for row, e in outcome.refused} == {
        bad.pk: "invalid_product",
        twin.pk: "duplicate_sku",
        404: "unknown_product",
    }
    assert len(history_of(good)) == 2
    assert [len(history_of(p)) for p in (same, bad, twin)] == [1, 1, 1]


def test_edit_products_needs_no_more_queries_for_more_products(merchandiser, count_queries):
    def count(products):
        changes = {p.pk: {"description": "new", "tags": ["oak"]} for p in products}
        return count_queries(
            lambda: edit_products(changes=changes, by=merchandiser, reason="sheet")
        )

    count(ProductFactory.create_batch(1))

    assert count(ProductFactory.create_batch(3)) == count(ProductFactory.create_batch(20))


def test_feature_products_puts_them_on_the_first_page_and_takes_them_off(merchandiser):
    mug, already = ProductFactory(), ProductFactory(is_featured=True)

    outcome = feature_products(product_ids=[mug.pk, already.pk, 404], by=merchandiser, reason="")

    assert set(outcome.done) == {mug, already}
    assert [error.code for _row, error in outcome.refused] == ["unknown_product"]
    assert Product.objects.featured().count() == 2
    assert (len(history_of(mug)), len(history_of(already))) == (2, 1)

    feature_products(product_ids=[mug.pk], by=merchandiser, reason="", is_featured=False)
    assert Product.objects.featured().get() == already


def test_errors_of_gives_forms_every_refusal_by_field():
    assert errors_of(PriceReasonMissing()).keys() == {"price"}
    assert errors_of(UnknownProduct(key=4), field="__all__").keys() == {"__all__"}
