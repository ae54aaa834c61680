"""The tree and the tags on their pages: moved, renamed and deleted by services, or refused in words."""

from __future__ import annotations

import pytest

from catalog import services
from catalog.models import Category, StockLocation, Tag
from tests.catalog.admin.conftest import act_on, filled, page, said, saved
from tests.catalog.factories import CategoryFactory, TagFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def tree(merchandiser):
    paths = ["Kitchen > Coffee > Mugs", "Kitchen > Tea", "Garden"]
    found = services.ensure_category_paths(paths=paths, by=merchandiser, reason="setup")
    return {category.name: category for category in Category.objects.all()} | found


def test_the_tree_is_shown_in_its_own_order(clerk, tree):
    changelist = clerk.get(page("category_changelist")).context_data["cl"]

    assert [(row.name, row.tree_depth) for row in changelist.result_list] == [
        ("Garden", 0),
        ("Kitchen", 0),
        ("Coffee", 1),
        ("Mugs", 2),
        ("Tea", 1),
    ]


def test_a_category_counts_what_hangs_below_it(clerk, tree, make_mug):
    make_mug("A", category=tree["Mugs"])
    make_mug("B", category=tree["Tea"])
    make_mug("C", category=tree["Tea"], status="archived")

    rows = clerk.get(page("category_changelist")).context_data["cl"].result_list

    counts = {row.name: row.product_count for row in rows}
    assert counts == {"Garden": 0, "Kitchen": 2, "Coffee": 1, "Mugs": 1, "Tea": 1}


def test_a_category_moves_with_all_that_is_below_it(clerk, tree):
    url = page("category_change", tree["Coffee"].pk)

    response = clerk.post(url, filled(clerk, url) | {"parent": tree["Garden"].pk, "reason": "Tidy"})

    saved(response)
    assert Category.objects.at_path("Garden > Coffee > Mugs").exists()
    row = Category.history.filter(id=tree["Coffee"].pk).order_by("-history_id")[0]
    assert row.change_set.note == "Tidy"


@pytest.mark.parametrize("below", ["Mugs", "Coffee", "Kitchen"])
def test_a_cycle_is_refused_with_a_sentence(clerk, tree, below):
    url = page("category_change", tree["Kitchen"].pk)

    response = clerk.post(url, filled(clerk, url) | {"parent": tree[below].pk})

    assert response.status_code == 409
    assert f"“Kitchen” cannot hang below “{below}”: that is below “Kitchen” itself." in said(
        response
    )
    assert Category.objects.get(name="Kitchen").parent is None


def test_a_new_category_gets_its_slug_from_its_name(clerk, tree):
    url = page("category_add")

    response = clerk.post(
        url, filled(clerk, url) | {"name": "Plates & Bowls", "parent": tree["Kitchen"].pk}
    )

    saved(response)
    assert Category.objects.get(name="Plates & Bowls").slug == "plates-and-bowls"


def test_the_same_name_in_the_same_place_is_refused(clerk, tree):
    url = page("category_add")

    response = clerk.post(url, filled(clerk, url) | {"name": "Tea", "parent": tree["Kitchen"].pk})

    assert response.status_code == 409
    assert "There is a category “Tea” in the same place already." in said(response)


def test_a_stale_category_form_shows_both_values(clerk, tree, manager):
    url = page("category_change", tree["Tea"].pk)
    sent = filled(clerk, url) | {"name": "Teas"}
    services.edit_category(
        category_id=tree["Tea"].pk, changes={"name": "Infusions"}, by=manager, reason="Wider"
    )

    response = clerk.post(url, sent)

    assert response.status_code == 409
    assert "Infusions" in said(response)
    assert "Teas" in said(response)
    assert Category.objects.get(pk=tree["Tea"].pk).name == "Infusions"


def test_a_category_in_use_is_not_deleted(clerk, tree):
    response = act_on(clerk, "category", tree["Kitchen"].pk, "delete")

    assert response.status_code == 409
    assert "“Kitchen” has 0 products and 2 subcategories." in said(response)
    assert Category.objects.filter(name="Kitchen").exists()


def test_an_empty_category_is_deleted_and_leads_to_the_list(clerk, tree):
    response = act_on(
        clerk,
        "category",
        tree["Garden"].pk,
        "delete",
        next_page=page("category_change", tree["Garden"].pk),
    )

    assert response.url == page("category_changelist")
    assert not Category.objects.filter(name="Garden").exists()
    assert Category.history.filter(name="Garden", history_type="-").count() == 1


def test_a_tag_is_renamed_and_a_used_one_is_not_deleted(clerk, mug):
    tag = Tag.objects.get(name="stoneware")
    url = page("tag_change", tag.pk)

    saved(clerk.post(url, filled(clerk, url) | {"name": "Stone ware"}))
    response = act_on(clerk, "tag", tag.pk, "delete")

    assert response.status_code == 409
    assert "1 products bear the tag “Stone ware”." in said(response)


def test_a_tag_that_nobody_bears_is_deleted(clerk):
    tag = TagFactory()

    act_on(clerk, "tag", tag.pk, "delete")

    assert not Tag.objects.exists()


def test_the_same_tag_in_other_letters_is_refused(clerk):
    TagFactory(name="oak")
    url = page("tag_add")

    response = clerk.post(url, filled(clerk, url) | {"name": "OAK"})

    assert response.status_code == 409
    assert "There is a tag “oak” already." in said(response)


def test_a_location_is_opened_and_closed_by_its_service(clerk):
    add = page("stocklocation_add")
    saved(clerk.post(add, filled(clerk, add) | {"name": "Attic", "code": "ATTIC", "priority": "3"}))
    attic = StockLocation.objects.get(code="ATTIC")
    change = page("stocklocation_change", attic.pk)

    sent = filled(clerk, change)
    del sent["is_active"]
    saved(clerk.post(change, sent | {"reason": "Roof leaks"}))

    attic.refresh_from_db()
    assert (attic.priority, attic.is_active) == (3, False)
    assert attic.history.count() == 2


def test_a_code_that_is_taken_is_refused(clerk):
    CategoryFactory()
    add = page("stocklocation_add")
    clerk.post(add, filled(clerk, add) | {"name": "Attic", "code": "ATTIC", "priority": "3"})

    response = clerk.post(add, filled(clerk, add) | {"name": "Loft", "code": "ATTIC"})

    assert response.status_code == 409
    assert "Another location has the code ATTIC." in said(response)
