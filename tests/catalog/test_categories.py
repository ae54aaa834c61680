"""The category tree: grown from paths, moved under a lock, never a circle, never an orphan."""

import threading

import pytest

from backoffice.refused import BadValue, NotAllowed, StaleVersion, UnknownRow
from catalog.models import Category
from catalog.services import (
    BadCategoryPath,
    CategoryCycle,
    CategoryInUse,
    CategoryTooDeep,
    DuplicateCategory,
    DuplicateCategorySlug,
    categories,
    create_category,
    delete_category,
    edit_category,
    ensure_category_paths,
    locks,
    move_category,
)
from tests.catalog.factories import CategoryFactory, ProductFactory
from tests.catalog.threads import in_threads

pytestmark = pytest.mark.django_db


def test_create_category_makes_a_slug_and_one_history_row(merchandiser):
    kitchen = create_category(name=" Kitchen  & Bath ", by=merchandiser, reason="new range")
    coffee = create_category(name="Coffee", parent_id=kitchen.pk, by=merchandiser, reason="")

    assert (kitchen.name, kitchen.slug) == ("Kitchen & Bath", "kitchen-and-bath")
    assert coffee.parent == kitchen
    assert Category.history.filter(history_type="+").count() == 2


@pytest.mark.row("C2")
def test_create_category_numbers_a_slug_that_is_taken(merchandiser):
    kitchen = create_category(name="Kitchen", by=merchandiser, reason="")
    create_category(name="Sale", by=merchandiser, reason="")

    below = create_category(name="Sale", parent_id=kitchen.pk, by=merchandiser, reason="")

    assert below.slug == "sale-2"


@pytest.mark.parametrize("has_parent", [True, False])
def test_create_category_refuses_the_same_name_in_the_same_place(merchandiser, has_parent):
    parent = CategoryFactory() if has_parent else None
    CategoryFactory(name="Coffee", parent=parent)

    with pytest.raises(DuplicateCategory, match="“Coffee” in the same place"):
        create_category(name="Coffee", parent_id=parent and parent.pk, by=merchandiser, reason="")


def test_create_category_refuses_a_slug_that_is_taken(merchandiser):
    CategoryFactory(slug="coffee")

    with pytest.raises(DuplicateCategorySlug, match="coffee belongs to another"):
        create_category(name="Beans", slug="coffee", by=merchandiser, reason="")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "it is needed"),
        ({"name": "x" * 121}, "at most 120"),
        ({"name": "Tea > Green"}, "leave it out"),
        ({"name": "a\x00"}, "NUL"),
        ({"name": "Tea", "slug": "Tea Time"}, "lower-case"),
    ],
)
def test_create_category_refuses_bad_words(merchandiser, fields, sentence):
    with pytest.raises(BadValue, match=sentence):
        create_category(**fields, by=merchandiser, reason="")


def test_create_category_refuses_an_unknown_parent_and_a_role_that_may_not(merchandiser, support):
    with pytest.raises(UnknownRow):
        create_category(name="Tea", parent_id=404, by=merchandiser, reason="")
    with pytest.raises(NotAllowed):
        create_category(name="Tea", by=support, reason="")


@pytest.mark.row("C2")
def test_edit_category_leaves_the_slug_and_moves_the_version(merchandiser):
    tea = CategoryFactory(name="Tea", slug="tea")

    edit_category(category_id=tea.pk, changes={"name": "Teas"}, by=merchandiser, reason="")

    tea.refresh_from_db()
    assert (tea.name, tea.slug, tea.version) == ("Teas", "tea", 2)
    with pytest.raises(StaleVersion):
        edit_category(
            category_id=tea.pk, changes={"name": "x"}, by=merchandiser, reason="", version=1
        )


def test_edit_category_refuses_a_name_that_is_taken_there(merchandiser):
    CategoryFactory(name="Tea")
    coffee = CategoryFactory(name="Coffee")

    with pytest.raises(DuplicateCategory, match="Tea"):
        edit_category(category_id=coffee.pk, changes={"name": "Tea"}, by=merchandiser, reason="")


def test_move_category_takes_what_is_below_along(merchandiser):
    kitchen, garden = CategoryFactory(name="Kitchen"), CategoryFactory(name="Garden")
    coffee = CategoryFactory(name="Coffee", parent=kitchen)
    beans = CategoryFactory(name="Beans", parent=coffee)

    move_category(category_id=coffee.pk, parent_id=garden.pk, by=merchandiser, reason="layout")

    assert Category.objects.at_path("Garden > Coffee > Beans").get() == beans
    move_category(category_id=coffee.pk, parent_id=None, by=merchandiser, reason="layout")
    assert Category.objects.get(pk=coffee.pk).parent is None


def test_move_category_refuses_a_circle(merchandiser):
    kitchen = CategoryFactory(name="Kitchen")
    coffee = CategoryFactory(name="Coffee", parent=kitchen)
    beans = CategoryFactory(name="Beans", parent=coffee)

    for parent in (kitchen, coffee, beans):
        with pytest.raises(CategoryCycle) as refusal:
            move_category(category_id=kitchen.pk, parent_id=parent.pk, by=merchandiser, reason="")
        assert refusal.value.http_status == 409
    assert "“Kitchen” cannot hang below “Beans”" in refusal.value.message
    assert Category.objects.get(pk=kitchen.pk).parent is None


@pytest.mark.row("C1")
def test_delete_category_refuses_while_something_is_in_it(merchandiser):
    kitchen = CategoryFactory(name="Kitchen")
    coffee = CategoryFactory(parent=kitchen)
    ProductFactory(category=kitchen)

    with pytest.raises(CategoryInUse) as refusal:
        delete_category(category_id=kitchen.pk, by=merchandiser, reason="")

    assert refusal.value.message == "“Kitchen” has 1 products and 1 subcategories."
    delete_category(category_id=coffee.pk, by=merchandiser, reason="empty")
    assert list(Category.objects.all()) == [kitchen]
    assert Category.history.latest("history_id").history_type == "-"


def test_ensure_category_paths_makes_what_is_missing_and_finds_the_rest(merchandiser):
    kitchen = CategoryFactory(name="Kitchen")

    found = ensure_category_paths(
        paths=["Kitchen>Coffee > Beans", "Kitchen > Coffee", "Garden", "Garden > Coffee"],
        by=merchandiser,
        reason="sheet",
    )

    assert found["Kitchen > Coffee"].parent == kitchen
    assert found["Kitchen>Coffee > Beans"].parent == found["Kitchen > Coffee"]
    assert found["Garden > Coffee"].slug != found["Kitchen > Coffee"].slug
    assert Category.objects.count() == 5
    again = ensure_category_paths(paths=["Garden > Coffee"], by=merchandiser, reason="sheet")
    assert again["Garden > Coffee"] == found["Garden > Coffee"]
    assert Category.objects.count() == 5


@pytest.mark.parametrize("path", ["", "Kitchen >> Mugs", "> Kitchen", "Kitchen > "])
def test_ensure_category_paths_refuses_a_path_with_a_hole(merchandiser, path):
    with pytest.raises(BadCategoryPath, match="between two “>” there must be a name"):
        ensure_category_paths(paths=["Garden", path], by=merchandiser, reason="")

    assert Category.objects.count() == 0


def chain_of(levels):
    row = None
    for number in range(levels):
        row = CategoryFactory(name=f"{levels}-{number}", parent=row)
    return row


def test_ensure_category_paths_grows_twenty_levels_and_no_more(merchandiser):
    path = " > ".join(f"L{number}" for number in range(20))
    ensure_category_paths(paths=[path], by=merchandiser, reason="")

    with pytest.raises(CategoryTooDeep, match="21 levels; at most 20"):
        ensure_category_paths(paths=[f"{path} > L20"], by=merchandiser, reason="")

    assert Category.objects.count() == 20


def test_create_category_refuses_a_level_too_deep(merchandiser):
    bottom = chain_of(20)

    with pytest.raises(CategoryTooDeep, match="21 levels"):
        create_category(name="Deeper", parent_id=bottom.pk, by=merchandiser, reason="")


def test_move_category_counts_what_it_brings_along(merchandiser):
    bottom, twig = chain_of(18), chain_of(3)
    top = Category.objects.get(name="3-0")

    with pytest.raises(CategoryTooDeep, match="21 levels"):
        move_category(category_id=top.pk, parent_id=bottom.pk, by=merchandiser, reason="")
    moved = move_category(
        category_id=twig.parent_id, parent_id=bottom.pk, by=merchandiser, reason=""
    )

    assert moved.parent == bottom


def test_ensure_category_paths_asks_for_permission_only_to_make_one(support):
    CategoryFactory(name="Kitchen")

    assert ensure_category_paths(paths=["Kitchen"], by=support, reason="")
    with pytest.raises(NotAllowed):
        ensure_category_paths(paths=["Kitchen > Tea"], by=support, reason="")


def move_across(by):
    """Two people each hang the other's branch below a twig of their own; return what they got.

    Neither move is a circle alone; together they are one, and no row of theirs is the same.
    """
    tea, coffee = CategoryFactory(name="Tea"), CategoryFactory(name="Coffee")
    green = CategoryFactory(name="Green", parent=tea)
    beans = CategoryFactory(name="Beans", parent=coffee)
    pairs = [(tea, beans), (coffee, green)]

    def move(number):
        child, parent = pairs[number]
        move_category(category_id=child.pk, parent_id=parent.pk, by=by, reason="race")
        return "moved"

    results = in_threads(move, 2)
    return results, set(Category.objects.filter(parent=None).values_list("name", flat=True))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_moves_at_once_cannot_close_a_circle(merchandiser):
    results, roots = move_across(merchandiser)

    assert results.count("moved") == 1
    assert any(isinstance(result, CategoryCycle) for result in results)
    assert len(roots) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_tree_lock_two_moves_close_a_circle(merchandiser, monkeypatch):
    """The control: were there no circle without the lock, the test above would prove nothing."""
    both_looked = threading.Barrier(2)
    hang = categories._hang

    def hang_when_both_looked(category, parent):
        hang(category, parent)
        both_looked.wait(timeout=10)

    monkeypatch.setattr(locks, "lock_tree", lambda: None)
    monkeypatch.setattr(categories, "_hang", hang_when_both_looked)

    results, roots = move_across(merchandiser)

    assert results == ["moved", "moved"]
    assert roots == set()  # every node is below another one: the tree is gone
