"""Two versions of a row side by side, field by field."""

from __future__ import annotations

import pytest
from django.urls import reverse

from backoffice import changes
from catalog import services
from catalog.models import Product
from tests.catalog.factories import ProductFactory
from tests.orders.factories import OrderFactory, boss

pytestmark = pytest.mark.django_db


@pytest.fixture
def mug(db):
    mug = ProductFactory(name="Mug")
    for name in ("Cup", "Beaker"):
        with changes.change(separate=True, by=boss()):
            services.edit_product(
                product_id=mug.pk, changes={"name": name}, by=boss(), reason=f"now a {name}"
            )
    return mug


def versions(product) -> list[int]:
    return list(
        Product.history.filter(id=product.pk)
        .order_by("history_id")
        .values_list("history_id", flat=True)
    )


def address(product, query: str = "") -> str:
    return f"{reverse('admin:catalog_product_compare', args=[product.pk])}?{query}"


def differing(page) -> dict[str, tuple[str, str]]:
    return {v["label"]: (v["old"], v["value"]) for v in page.context["values"] if v["is_changed"]}


def test_any_two_versions_stand_side_by_side_the_older_one_left(merchandiser, sign_in, mug):
    first, _second, third = versions(mug)[-3:]

    page = sign_in(merchandiser).get(address(mug, f"a={third}&b={first}"))

    assert differing(page) == {"Name": ("Mug", "Beaker")}
    assert [entry.why for entry in page.context["entries"]][-1] == "now a Beaker"
    assert len(page.context["values"]) > 10
    only = sign_in(merchandiser).get(address(mug, f"a={third}&b={first}&only=1"))
    assert len(only.context["values"]) == 1


def test_one_version_is_compared_with_the_last_one(merchandiser, sign_in, mug):
    page = sign_in(merchandiser).get(address(mug, f"a={versions(mug)[-2]}"))

    assert differing(page) == {"Name": ("Cup", "Beaker")}


def test_the_history_offers_every_version_of_the_page(merchandiser, sign_in, mug):
    page = sign_in(merchandiser).get(reverse("admin:catalog_product_history", args=[mug.pk]))

    for version in versions(mug):
        assert f'name="a" value="{version}"' in page.content.decode()


@pytest.mark.parametrize("query", ["a=x", "a=1&b=-1", "a=99999999", "a=" + "9" * 40, "a=%00"])
def test_a_version_that_never_was_is_404(merchandiser, sign_in, mug, query):
    assert sign_in(merchandiser).get(address(mug, query)).status_code == 404


def test_a_version_of_another_row_is_404(merchandiser, sign_in, mug):
    other = ProductFactory(name="Bowl")

    response = sign_in(merchandiser).get(address(mug, f"a={versions(other)[0]}"))

    assert response.status_code == 404


def test_it_can_only_be_read_and_by_whoever_sees_the_row(merchandiser, admin, sign_in, mug):
    assert sign_in(merchandiser).post(address(mug)).status_code == 405
    assert sign_in(admin).get(address(mug)).status_code == 403


def test_who_sees_masks_is_led_to_the_timeline_that_masks(fulfilment, support, sign_in):
    order = OrderFactory()
    url = reverse("admin:orders_order_compare", args=[order.pk])

    assert sign_in(fulfilment).get(url).url.endswith("#timeline")
    assert sign_in(support).get(url).status_code == 200
