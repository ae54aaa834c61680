"""Saving: by a service, with a reason; a refusal is a sentence, a conflict a choice."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry

from backoffice import changes
from backoffice.changes import UnauditedWrite
from backoffice.models import ChangeSet
from catalog import services
from catalog.models import Product, Tag
from tests.backoffice.adminkit import desk


def url(product):
    return f"/desk/catalog/product/{product.pk}/change/"


def values(product, **more):
    return {
        "name": product.name,
        "sku": product.sku,
        "price": str(product.price),
        "version": str(product.version),
        "reason": "",
        **more,
    }


@pytest.fixture
def renamed(product, manager):
    """The product, after somebody else renamed it while a form stood open."""
    with changes.change(separate=True, by=manager, channel="admin"):
        services.edit_product(
            product_id=product.pk, changes={"name": "Cup"}, by=manager, reason="The trade says cup"
        )
    return product


def test_the_form_asks_why_at_its_foot_and_carries_its_version(clerk, product):
    text = clerk.get(url(product)).content.decode()

    assert 'name="reason"' in text
    assert f'name="version" value="{product.version}"' in text


def test_saving_goes_through_the_service_with_person_and_reason(clerk, product, merchandiser):
    answer = clerk.post(url(product), values(product, name="Cup", reason="The trade says cup"))

    product.refresh_from_db()
    row = Product.history.filter(id=product.pk).first()
    assert answer.status_code == 302
    assert product.name == "Cup"
    assert product.version == 2
    assert row.change_set.actor_id == merchandiser.pk
    assert row.change_set.note == "The trade says cup"


def test_saving_writes_no_second_log(clerk, product):
    clerk.post(url(product), values(product, name="Cup"))

    assert LogEntry.objects.count() == 0


def test_a_refusal_shows_the_form_again_with_the_sentence_and_what_was_typed(clerk, product):
    page = clerk.post(url(product), values(product, name="Anvil", reason="We sell these now"))

    assert page.status_code == 409
    text = page.content.decode()
    assert "The anvil is too heavy. Call a colleague." in text
    assert 'value="Anvil"' in text
    assert 'value="We sell these now"' in text
    product.refresh_from_db()
    assert product.name == "Mug"
    assert ChangeSet.objects.filter(note="We sell these now").count() == 0


def test_an_invalid_form_is_answered_with_422(clerk, product):
    page = clerk.post(url(product), values(product, price="cheap"))

    assert page.status_code == 422
    assert "Enter a number" in page.content.decode()


def test_a_form_filled_from_an_older_version_meets_the_conflict_page(clerk, renamed):
    page = clerk.post(url(renamed), values(renamed, name="Beaker", version="1"))

    assert page.status_code == 409
    text = page.content.decode()
    assert "Cup was changed by somebody else" in text
    assert [(c.name, c.base, c.theirs, c.mine) for c in page.context["conflicts"]] == [
        ("name", "Mug", "Cup", "Beaker")
    ]
    assert "both changed" in text
    assert "The trade says cup" in text
    assert url(renamed) in text
    renamed.refresh_from_db()
    assert renamed.name == "Cup"


def test_what_only_they_changed_is_kept_and_what_only_i_changed_is_offered(clerk, renamed):
    page = clerk.post(url(renamed), values(renamed, price="99.00", version="1"))

    assert [(c.name, c.they_changed) for c in page.context["conflicts"]] == [("price", False)]
    assert [c.name for c in page.context["merged"]] == ["name"]


def test_merging_saves_the_ticked_fields_and_leaves_the_others(clerk, renamed):
    answer = clerk.post(
        url(renamed),
        values(
            renamed,
            name="Beaker",
            price="99.00",
            version="2",
            reason="Both",
            merge="1",
            mine="price",
        ),
    )

    renamed.refresh_from_db()
    assert answer.status_code == 302
    assert (renamed.name, str(renamed.price)) == ("Cup", "99.00")


def test_merging_over_a_third_version_meets_the_conflict_page_again(clerk, renamed, manager):
    services.edit_product(product_id=renamed.pk, changes={"name": "Jar"}, by=manager, reason="")

    page = clerk.post(
        url(renamed), values(renamed, name="Beaker", version="2", merge="1", mine="name")
    )

    assert page.status_code == 409
    renamed.refresh_from_db()
    assert renamed.name == "Jar"


def test_an_admin_without_a_service_can_only_be_looked_at(root, db):
    tag = Tag(name="Spring")
    tag.save()
    address = f"/desk/catalog/tag/{tag.pk}/change/"

    page = root.get(address)
    answer = root.post(address, {"name": "Autumn", "reason": "", "version": ""})

    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert 'name="reason"' not in page.content.decode()
    assert answer.status_code == 403
    assert root.get("/desk/catalog/tag/add/").status_code == 403
    tag.refresh_from_db()
    assert tag.name == "Spring"


def test_nobody_deletes_not_even_a_superuser(root, product):
    assert root.get(f"/desk/catalog/product/{product.pk}/delete/").status_code == 403
    assert (
        root.post(f"/desk/catalog/product/{product.pk}/delete/", {"post": "yes"}).status_code == 403
    )
    assert Product.objects.filter(pk=product.pk).exists()


def test_inlines_are_never_saved_behind_the_services_back(rf):
    admin = desk.desk_site.get_model_admin(Product)

    with pytest.raises(UnauditedWrite):
        admin.save_formset(rf.post("/"), None, type("F", (), {"model": Tag}), True)
    with pytest.raises(UnauditedWrite):
        admin.delete_model(rf.post("/"), Product())


def test_offers_are_buttons_and_closed_ones_say_why(clerk, product, settings):
    text = clerk.get(url(product)).content.decode()

    assert f"/desk/catalog/product/{product.pk}/acts/publish/" in text
    assert "/acts/unpublish/" not in text


def test_who_may_only_look_gets_no_buttons(onlooker, product):
    page = onlooker.get(url(product))

    assert page.status_code == 200
    assert "bo-offers" not in page.content.decode()
    assert 'name="_save"' not in page.content.decode()
