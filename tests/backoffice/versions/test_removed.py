"""Deleted rows are listed and come back by a verb; archived ones are a link away."""

from __future__ import annotations

import pytest
from django.urls import reverse

from backoffice import changes, restoring, seals
from backoffice.admin.removed import SEE
from backoffice.models import AuditEvent
from backoffice.refused import NotAllowed, ReasonMissing
from catalog import services
from catalog.models import Category, Tag
from orders.models import OrderTag
from tests.catalog.factories import CategoryFactory, ProductFactory
from tests.conftest import ROLES
from tests.orders.factories import boss

pytestmark = pytest.mark.django_db


@pytest.fixture
def gone(db) -> int:
    """The key of a deleted tag."""
    with changes.change(separate=True, by=boss()):
        tag = services.create_tag(name="spring", by=boss(), reason="")
    key = tag.pk
    with changes.change(separate=True, by=boss()):
        services.delete_tag(tag_id=tag.pk, by=boss(), reason="nobody uses it")
    return key


def back(model, key, by, reason="still needed"):
    with changes.change(separate=True, by=by):
        return restoring.bring_back(model=model, key=key, by=by, reason=reason)


def test_a_deleted_tag_comes_back_under_its_key_with_history(gone, merchandiser):
    tag = back(Tag, gone, merchandiser)

    assert (tag.pk, tag.name, tag.slug) == (gone, "spring", "spring")
    last = Tag.history.filter(id=gone).order_by("-history_id")[0]
    assert (last.history_type, last.step) == ("+", "bring_back")
    assert last.change_set.note == "still needed"
    assert AuditEvent.objects.filter(kind="brought_back", subject_key=str(gone)).count() == 1
    assert seals.reconcile_record().is_whole
    with pytest.raises(restoring.StillThere):
        back(Tag, gone, merchandiser)


def test_a_new_tag_gets_a_key_of_its_own_afterwards(gone, merchandiser):
    back(Tag, gone, merchandiser)

    assert services.create_tag(name="summer", by=boss(), reason="").pk != gone


def test_a_name_that_was_taken_since_is_said_so(gone, merchandiser):
    services.create_tag(name="Spring", by=boss(), reason="")

    with pytest.raises(services.DuplicateTag):
        back(Tag, gone, merchandiser)


def test_a_category_comes_back_below_its_parent_or_not_at_all(merchandiser):
    parent = CategoryFactory(name="Kitchen")
    child = CategoryFactory(name="Cups", parent=parent)
    key, above = child.pk, parent.pk
    with changes.change(separate=True):
        services.delete_category(category_id=key, by=boss(), reason="")

    category = back(Category, key, merchandiser)
    assert (category.pk, category.parent_id) == (key, above)

    with changes.change(separate=True):
        services.delete_category(category_id=key, by=boss(), reason="")
        services.delete_category(category_id=above, by=boss(), reason="")
    with pytest.raises(Exception, match="There is no category"):
        back(Category, key, merchandiser)
    back(Category, above, merchandiser)
    assert back(Category, key, merchandiser).parent_id == above


def test_it_needs_a_reason_and_the_permission_to_add(gone, merchandiser, support, auditor):
    with pytest.raises(ReasonMissing):
        back(Tag, gone, merchandiser, " ")
    for person in (support, auditor):
        with pytest.raises(NotAllowed):
            back(Tag, gone, person)
    with pytest.raises(restoring.CannotGoBack):
        back(OrderTag, 1, boss())


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_its_own_kinds(role, request, gone, sign_in):
    user = request.getfixturevalue(role)
    page = sign_in(user).get(reverse("admin:removed"))

    if not any(map(user.has_perm, SEE)):
        assert role in {"support", "fulfilment"}
        assert page.status_code == 403
        return
    names = [row.name for row in page.context["rows"]]
    assert ("spring" in names) is user.has_perm("catalog.view_tag")
    backs = [row.back_url for row in page.context["rows"] if row.name == "spring"]
    assert any(backs) is user.has_perm("catalog.add_tag")


def test_one_kind_can_be_chosen_and_rubbish_is_a_page(gone, manager, sign_in):
    client, url = sign_in(manager), reverse("admin:removed")

    def names(query: str) -> list[str]:
        return [row.name for row in client.get(f"{url}?{query}").context["rows"]]

    assert names("kind=catalog.tag") == ["spring"]
    assert names("kind=catalog.category") == []
    assert names("kind=catalog.tag&before=1") == []
    assert "spring" in names("kind=%00&before=" + "9" * 40)


def test_archived_products_are_a_link_away(gone, manager, sign_in):
    mug = ProductFactory()
    with changes.change(separate=True):
        services.archive_product(product_id=mug.pk, by=boss(), reason="over")

    archived = sign_in(manager).get(reverse("admin:removed")).context["archived"]

    products = next(item for item in archived if "roduct" in str(item.label))
    assert products.count == 1
    assert sign_in(manager).get(products.url).context["cl"].result_count == 1


def test_by_the_page(gone, merchandiser, auditor, sign_in):
    url = reverse("admin:bring_back", args=["catalog.tag", gone])
    client = sign_in(merchandiser)

    assert client.get(url).status_code == 200
    assert client.post(url, {"reason": "", "idempotency_key": "a"}).status_code == 422
    done = client.post(url, {"reason": "still needed", "idempotency_key": "a"})
    again = client.post(url, {"reason": "still needed", "idempotency_key": "b"})

    assert (done.status_code, again.status_code) == (302, 409)
    assert Tag.objects.filter(pk=gone).exists()
    assert sign_in(auditor).get(url).status_code == 403
    for rubbish in ("catalog.tag/x", "catalog.nothing/1", "auth.group/1", "x/1"):
        assert client.get(f"{reverse('admin:removed')}{rubbish}/").status_code == 404
