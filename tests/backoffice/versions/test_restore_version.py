"""An earlier version comes back through the editing verbs: planned, with a reason, or refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from backoffice import changes, restoring
from backoffice.models import AuditEvent
from backoffice.refused import NotAllowed, ReasonMissing, StaleVersion, UnknownRow
from catalog import services
from catalog.models import Category, Product, Tag
from orders.models import Order
from tests.catalog.factories import CategoryFactory, ProductFactory
from tests.conftest import ROLES
from tests.orders.factories import boss

pytestmark = pytest.mark.django_db
WHY = "the sheet was wrong"


def edit(product, by=None, **values) -> None:
    by = by or boss()
    with changes.change(separate=True, by=by):
        services.edit_product(product_id=product.pk, changes=values, by=by, reason="edited")


@pytest.fixture
def mug(db):
    mug = ProductFactory(name="Mug", sku="MUG", price=Decimal("12.50"))
    edit(mug, name="Cup", price=Decimal("9.90"))
    with changes.change(separate=True, by=boss()):
        services.archive_product(product_id=mug.pk, by=boss(), reason="over")
    return Product.objects.get(pk=mug.pk)


def versions(row) -> list[int]:
    rows = type(row).history.filter(id=row.pk).order_by("history_id")
    return list(rows.values_list("history_id", flat=True))


def restore(row, version: int, by, **said):
    facts = {"last": versions(row)[-1], "reason": WHY, **said}
    with changes.change(separate=True, by=by):
        return restoring.restore_version(
            model=type(row), key=row.pk, history_id=version, by=by, **facts
        )


def test_the_plan_says_field_by_field_what_comes_back_and_what_stays(mug, merchandiser):
    plan = restoring.plan_restore(
        model=Product, key=mug.pk, history_id=versions(mug)[0], reader=merchandiser
    )

    told = {field.label: (field.now, field.then, bool(field.why)) for field in plan.fields}
    assert told["Name"] == ("Cup", "Mug", False)
    assert told["Price"] == ("9.90", "12.50", False)
    status = next(field for field in plan.fields if field.name == "status")
    assert str(status.why) == "its steps change it."


def test_a_version_comes_back_with_one_history_row_and_an_event(mug, merchandiser):
    rows = len(versions(mug))

    product = restore(mug, versions(mug)[0], merchandiser)

    assert (product.name, product.price, product.status) == ("Mug", Decimal("12.50"), "archived")
    assert product.version == mug.version + 1
    assert len(versions(mug)) == rows + 1
    row = Product.history.filter(id=mug.pk).order_by("-history_id")[0]
    assert (row.step, row.change_set.note) == ("restore_version", WHY)
    assert row.change_set.action == "catalog.restore_version_product"
    event = AuditEvent.objects.get(kind="version_restored")
    assert event.detail == {"version": versions(mug)[0], "fields": ["name", "price"]}


def test_only_the_fields_that_were_chosen_come_back(mug, merchandiser):
    product = restore(mug, versions(mug)[0], merchandiser, fields=["name"])

    assert (product.name, product.price) == ("Mug", Decimal("9.90"))


def test_what_a_flow_owns_is_refused(mug, merchandiser):
    with pytest.raises(restoring.OwnedElsewhere, match="its steps change it"):
        restore(mug, versions(mug)[0], merchandiser, fields=["status"])


def test_a_stale_plan_is_refused(mug, merchandiser):
    last = versions(mug)[-1]
    edit(mug, name="Beaker")

    with pytest.raises(StaleVersion):
        restore(mug, versions(mug)[0], merchandiser, last=last)

    assert Product.objects.get(pk=mug.pk).name == "Beaker"


def test_a_clash_is_a_sentence(mug, merchandiser):
    edit(mug, sku="CUP")
    ProductFactory(sku="MUG", name="Another mug")

    with pytest.raises(services.DuplicateSku):
        restore(mug, versions(mug)[0], merchandiser, fields=["sku"])

    assert Product.objects.get(pk=mug.pk).sku == "CUP"
    assert not AuditEvent.objects.filter(kind="version_restored").exists()


def test_what_it_referred_to_may_be_gone(merchandiser):
    category = CategoryFactory()
    mug = ProductFactory(category=category)
    edit(mug, category=None)
    with changes.change(separate=True):
        services.delete_category(category_id=category.pk, by=boss(), reason="")

    with pytest.raises(services.InvalidProduct):
        restore(mug, versions(mug)[0], merchandiser)


def test_it_needs_a_reason_a_version_and_a_difference(mug, merchandiser):
    first = versions(mug)[0]
    with pytest.raises(ReasonMissing):
        restore(mug, first, merchandiser, reason=" ")
    with pytest.raises(UnknownRow):
        restore(mug, versions(ProductFactory())[0], merchandiser)
    restore(mug, first, merchandiser)
    with pytest.raises(restoring.NothingDiffers):
        restore(mug, first, merchandiser)


def test_orders_do_not_go_back(merchandiser):
    with pytest.raises(restoring.CannotGoBack):
        restoring.plan_restore(model=Order, key=1, history_id=1, reader=merchandiser)


def test_categories_tags_and_locations_go_back_for_managers(manager, merchandiser):
    tag, below = Tag(name="blue", slug="blue"), CategoryFactory(name="Cups")
    tag.save()
    above = CategoryFactory(name="Kitchen")
    with changes.change(separate=True):
        services.rename_tag(tag_id=tag.pk, name="azure", by=boss(), reason="")
        services.edit_category(
            category_id=below.pk, changes={"name": "Mugs", "parent": above}, by=boss(), reason=""
        )

    assert restore(tag, versions(tag)[0], manager).name == "blue"
    category = restore(below, versions(below)[0], manager)
    assert (category.name, category.parent) == ("Cups", None)
    for row in (tag, Category.objects.get(pk=below.pk)):
        with pytest.raises(NotAllowed):
            restore(row, versions(row)[0], merchandiser)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_restores_what_the_table_of_roles_says(role, request, mug, sign_in):
    user = request.getfixturevalue(role)
    url = reverse("admin:catalog_product_restore_version", args=[mug.pk, versions(mug)[0]])
    may = role in {"merchandiser", "manager"}
    client = sign_in(user)

    assert client.get(url).status_code == (200 if may else 403)
    history = client.get(
        reverse("admin:catalog_product_history_version", args=[mug.pk, versions(mug)[0]])
    )
    if history.status_code == 200:
        assert ("Restore this version" in history.content.decode()) is may
    if not may:
        assert client.post(url, {"reason": WHY}).status_code == 403
        with pytest.raises(NotAllowed):
            restore(mug, versions(mug)[0], user)


def test_by_the_page(mug, merchandiser, sign_in):
    client, first = sign_in(merchandiser), versions(mug)[0]
    url = reverse("admin:catalog_product_restore_version", args=[mug.pk, first])
    page = client.get(url)
    sent = {
        "last": page.context["last"],
        "fields": ["name"],
        "idempotency_key": page.context["form"]["idempotency_key"].value(),
    }

    without = client.post(url, {**sent, "reason": ""})
    done = client.post(url, {**sent, "reason": WHY})
    again = client.post(url, {**sent, "reason": WHY})

    assert without.status_code == 422
    assert done.status_code == 302
    assert again.status_code == 409
    product = Product.objects.get(pk=mug.pk)
    assert (product.name, product.price) == ("Mug", Decimal("9.90"))
    assert client.get(url.replace(str(first), "99999999")).status_code == 404
