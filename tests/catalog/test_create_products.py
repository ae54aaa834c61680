"""Products are born whole: in their state, with slug, tags, parents and stock, or not at all."""

from decimal import Decimal

import pytest

from backoffice.refused import NotAllowed
from catalog.models import Product, ProductTag, Tag
from catalog.refusals import (
    DuplicateBarcode,
    DuplicateSku,
    DuplicateSlug,
    InvalidProduct,
    PriceStockRuleBroken,
)
from catalog.services import create_product, create_products, create_with_tags, identity, slugs
from catalog.services.slugs import free_slugs
from tests.catalog.factories import CategoryFactory, ProductFactory, TagFactory, draft, level_of
from tests.catalog.threads import THREADS, in_threads

pytestmark = pytest.mark.django_db


def test_create_product_stores_every_column(merchandiser):
    mugs = CategoryFactory()

    mug = create_product(
        draft=draft(
            barcode="4006381333931",
            description="Turned by hand.",
            category=mugs,
            compare_at_price=Decimal("25.00"),
            cost=Decimal("8.5"),
            currency="USD",
            tax_class="reduced",
            weight_grams=350,
            is_featured=True,
            low_stock_threshold=2,
            meta_title="Oak Mug",
            meta_description="A mug.",
            options={"Colour": "Slate"},
        ),
        by=merchandiser,
        reason="new range",
    )

    mug.refresh_from_db()
    assert (mug.sku, mug.name, mug.slug, mug.status) == ("MUG-OAK", "Oak Mug", "oak-mug", "draft")
    assert (mug.price, mug.compare_at_price, mug.cost) == (
        Decimal("20.00"),
        Decimal("25.00"),
        Decimal("8.50"),
    )
    assert (mug.category, mug.created_by, mug.version) == (mugs, merchandiser, 1)
    assert mug.options == {"Colour": "Slate"}


@pytest.mark.row("A3")
@pytest.mark.parametrize(
    ("status", "step"),
    [("draft", "create"), ("published", "create_published"), ("archived", "create_archived")],
)
def test_create_product_is_born_in_its_state_with_one_history_row(
    merchandiser, click, status, step
):
    with click():
        mug = create_product(draft=draft(status=status), by=merchandiser, reason="new range")

    row = Product.history.get(id=mug.pk)
    assert (row.history_type, row.step, row.status) == ("+", step, status)
    assert (row.change_set.actor, row.change_set.note) == (merchandiser, "new range")
    assert row.change_set.action == f"catalog.{step}"


def test_create_products_makes_parents_and_variants_in_any_order(merchandiser):
    small, large, parent = create_products(
        drafts=[
            draft("TEE-S", "Tee S", parent_sku="TEE", options={"Size": "S"}),
            draft("TEE-L", "Tee L", parent_sku=" TEE ", status="published"),
            draft("TEE", "Tee"),
        ],
        by=merchandiser,
        reason="sheet",
    )

    assert {small.parent, large.parent} == {parent}
    assert set(Product.objects.get(sku="TEE").variants.all()) == {small, large}
    assert Product.history.count() == 3


def test_create_product_hangs_below_a_parent_that_is_there(merchandiser):
    parent = ProductFactory()

    by_row = create_product(draft=draft("A", "A", parent=parent), by=merchandiser, reason="")
    by_sku = create_product(
        draft=draft("B", "B", parent_sku=parent.sku), by=merchandiser, reason=""
    )

    assert by_row.parent == by_sku.parent == parent


@pytest.mark.parametrize(
    ("parent_sku", "sentence"),
    [
        ("NOWHERE", "There is no product NOWHERE."),
        ("MUG-OAK", "A product cannot be a variant of itself."),
        ("VARIANT", "VARIANT is a variant itself; choose its parent."),
    ],
)
def test_create_product_refuses_a_parent_that_cannot_be_one(merchandiser, parent_sku, sentence):
    ProductFactory(sku="VARIANT", parent=ProductFactory())

    with pytest.raises(InvalidProduct) as refusal:
        create_product(draft=draft(parent_sku=parent_sku), by=merchandiser, reason="")

    assert refusal.value.errors == {"parent": [sentence]}


def test_create_products_refuses_a_chain_of_new_variants(merchandiser):
    with pytest.raises(InvalidProduct, match="B is a variant itself"):
        create_products(
            drafts=[
                draft("A", "A"),
                draft("B", "B", parent_sku="A"),
                draft("C", "C", parent_sku="B"),
            ],
            by=merchandiser,
            reason="",
        )

    assert Product.objects.count() == 0


def test_create_product_collects_every_problem_at_once(merchandiser):
    with pytest.raises(InvalidProduct) as refusal:
        create_product(
            draft=draft(name="", price=Decimal("9.999"), status="live", stock=-1),
            by=merchandiser,
            reason="",
        )

    assert refusal.value.code == "invalid_product"
    assert refusal.value.errors == {
        "name": ["This is needed."],
        "price": ["At most two decimals."],
        "status": ["The status must be one of draft, published, archived."],
        "stock": ["A whole number, zero or more, is needed."],
    }
    assert str(refusal.value).startswith("MUG-OAK: ")


def test_create_product_refuses_a_category_that_is_gone(merchandiser):
    gone = CategoryFactory()
    gone.delete()
    gone.pk = 404

    with pytest.raises(InvalidProduct) as refusal:
        create_product(draft=draft(category=gone), by=merchandiser, reason="")

    assert refusal.value.errors == {"category": ["It is gone."]}


@pytest.mark.parametrize(
    ("field", "value", "kind", "sentence"),
    [
        ("sku", "TAKEN-1", DuplicateSku, "The SKU TAKEN-1 belongs to “Pine Bowl” already."),
        ("slug", "taken", DuplicateSlug, "The slug taken leads to “Pine Bowl” (TAKEN-1) already."),
        (
            "barcode",
            "123",
            DuplicateBarcode,
            "The barcode 123 is on “Pine Bowl” (TAKEN-1) already.",
        ),
    ],
)
def test_create_product_names_the_product_that_is_in_the_way(
    merchandiser, field, value, kind, sentence
):
    ProductFactory(sku="TAKEN-1", slug="taken", barcode="123", name="Pine Bowl")

    with pytest.raises(kind) as refusal:
        create_product(draft=draft(**{field: value}), by=merchandiser, reason="")

    assert refusal.value.message == sentence
    assert refusal.value.errors.keys() == {field}
    assert refusal.value.http_status == 409


def test_create_products_refuses_two_drafts_of_one_sku(merchandiser):
    with pytest.raises(DuplicateSku, match="belongs to “First”"):
        create_products(
            drafts=[draft("TWIN", "First"), draft("TWIN", "Second")], by=merchandiser, reason=""
        )

    assert Product.objects.count() == 0


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("sku", "RIVAL", DuplicateSku),
        ("slug", "rival", DuplicateSlug),
        ("barcode", "1", DuplicateBarcode),
    ],
)
def test_create_product_says_it_as_kindly_when_the_database_is_first(
    merchandiser, monkeypatch, field, value, kind
):
    """A rival commits between our look and our write."""
    look = identity.conflicts

    def blind_once(*_args):
        monkeypatch.setattr(identity, "conflicts", look)
        return {}

    ProductFactory(sku="RIVAL", slug="rival", barcode="1", name="Rival Mug")
    monkeypatch.setattr(identity, "conflicts", blind_once)

    with pytest.raises(kind, match="Rival Mug"):
        create_product(draft=draft(**{field: value}), by=merchandiser, reason="")


@pytest.mark.row("C2")
def test_create_product_finds_another_slug_when_a_rival_took_it(merchandiser, monkeypatch):
    ProductFactory(slug="oak-mug")

    def blind_once(*_args, **_options):
        monkeypatch.setattr(slugs, "free_slugs", free_slugs)
        return ["oak-mug"]

    monkeypatch.setattr(slugs, "free_slugs", blind_once)

    mug = create_product(draft=draft(), by=merchandiser, reason="")

    assert mug.slug == "oak-mug-2"


def test_create_product_links_tags_and_makes_the_missing_ones(merchandiser):
    TagFactory(name="Bestseller")

    mug = create_product(draft=draft(tags=["bestseller", "oak", "Oak"]), by=merchandiser, reason="")

    assert set(mug.tags.values_list("name", flat=True)) == {"Bestseller", "oak"}
    assert ProductTag.history.filter(history_type="+").count() == 2
    assert Tag.history.filter(history_type="+", name="oak").count() == 1


@pytest.mark.row("G6")
def test_create_with_tags_is_the_same_through_service_and_manager(merchandiser):
    fields = {"price": Decimal(5), "tags": ["oak"], "by": merchandiser, "reason": "range"}

    by_service = create_with_tags(sku="A", name="A", **fields)
    by_manager = Product.objects.create_with_tags(sku="B", name="B", **fields)

    assert [p.tags.get().name for p in (by_service, by_manager)] == ["oak", "oak"]


def test_create_product_puts_the_opening_stock_on_the_shelf(manager):
    mug = create_product(draft=draft(stock=7), by=manager, reason="opening")

    assert level_of(mug) == (7, 0, 0)
    assert mug.movements.get().kind == "receive"


@pytest.mark.row("C8")
def test_create_product_refuses_a_dear_product_in_large_numbers(manager):
    with pytest.raises(PriceStockRuleBroken) as refusal:
        create_product(draft=draft(price=Decimal(12000), stock=150), by=manager, reason="")

    assert "12000.00 with 150 units on hand" in str(refusal.value)
    assert Product.objects.count() == 0


@pytest.mark.parametrize("role", ["support", "fulfilment", "finance", "auditor", "admin"])
def test_create_product_refuses_roles_that_may_not(make_user, role):
    with pytest.raises(NotAllowed):
        create_product(draft=draft(), by=make_user(role), reason="")


def test_create_products_is_all_or_nothing(merchandiser):
    with pytest.raises(InvalidProduct):
        create_products(
            drafts=[draft("A", "A", tags=["new"]), draft("B", "")], by=merchandiser, reason=""
        )

    assert (Product.objects.count(), Product.history.count(), Tag.objects.count()) == (0, 0, 0)


@pytest.mark.row("C6")
def test_create_products_needs_no_more_queries_for_more_products(merchandiser, count_queries):
    def count(prefix, number):
        drafts = [draft(f"{prefix}{n}", "Same Name", tags=["oak"], stock=3) for n in range(number)]
        return count_queries(
            lambda: create_products(drafts=drafts, by=merchandiser, reason="sheet")
        )

    count("WARM", 2)

    assert count("FEW", 3) == count("MANY", 20)


def test_create_products_takes_no_drafts_for_an_answer(merchandiser):
    assert create_products(drafts=[], by=merchandiser, reason="") == []


# --- Races ----------------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_sixteen_who_create_one_sku_one_wins_and_the_others_read_why(merchandiser):
    def create(number):
        return create_product(draft=draft("TWIN", f"Mug {number}"), by=merchandiser, reason="")

    results = in_threads(create)

    assert sum(isinstance(result, Product) for result in results) == 1
    assert sum(isinstance(result, DuplicateSku) for result in results) == THREADS - 1


@pytest.mark.row("C2")
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_sixteen_who_create_one_name_get_sixteen_slugs(merchandiser):
    def create(number):
        tags = ["oak", "pine"] if number % 2 else ["pine", "oak"]
        fields = draft(f"MUG-{number}", "Oak Mug", tags=tags)
        return create_product(draft=fields, by=merchandiser, reason="").slug

    results = in_threads(create)

    assert set(results) == {"oak-mug", *(f"oak-mug-{n}" for n in range(2, THREADS + 1))}
    assert Tag.objects.count() == 2
