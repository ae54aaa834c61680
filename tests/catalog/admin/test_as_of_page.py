"""A product's page of the past: price, stock, tags, pictures and scheduled prices of an instant."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from backoffice import changes
from backoffice.as_of import Instant, query_of
from catalog import services
from catalog.as_of import ProductPast
from tests.catalog.factories import PictureFactory, ProductFactory, put_on_shelf
from tests.conftest import ROLES
from tests.orders.factories import boss

pytestmark = pytest.mark.django_db


@pytest.fixture
def mug(db):
    mug = ProductFactory(name="Mug", price=Decimal("12.50"))
    put_on_shelf(mug, 9)
    return mug


def address(product, instant: Instant) -> str:
    url = reverse("admin:catalog_product_as_of", args=[product.pk])
    return f"{url}?{query_of(instant)}"


def change_all_of(mug) -> None:
    """Change what a product is told of: own columns, tags, a picture, prices, stock."""
    who = {"by": boss(), "reason": "the season"}
    with changes.change(separate=True, by=boss()):
        services.edit_product(
            product_id=mug.pk, changes={"name": "Cup", "price": Decimal("9.90")}, **who
        )
        services.set_tags(product_id=mug.pk, names=["blue"], **who)
        services.adjust_stock(product_id=mug.pk, difference=-2, **who)
        services.schedule_price(
            product_id=mug.pk,
            price=Decimal("5.00"),
            starts_at=timezone.now() - timedelta(minutes=1),
            ends_at=None,
            **who,
        )
        PictureFactory(product=mug, alt_text="A blue cup")


def test_a_product_is_shown_with_price_stock_and_tags_as_it_was(merchandiser, sign_in, mug):
    instant = Instant(timezone.now())
    change_all_of(mug)

    view = sign_in(merchandiser).get(address(mug, instant)).context["view"]

    facts = dict(view.facts)
    assert (facts["Name"].then, facts["Name"].now) == ("Mug", "Cup")
    assert (facts["Tags"].then, facts["Tags"].now) == ("", "blue")
    price, stock, scheduled, pictures = view.sections
    assert [(c.then, c.now) for c in price.lines[0].cells][1] == ("12.50 EUR", "9.90 EUR")
    assert [(c.then, c.now) for c in stock.lines[0].cells][1] == ("9", "7")
    assert [line.fate for line in (*scheduled.lines, *pictures.lines)] == ["since", "since"]


def test_a_scheduled_price_is_in_force_in_its_time_only(mug):
    change_all_of(mug)
    past = ProductPast(mug.pk)

    assert past.at(Instant(timezone.now())).running_price == Decimal("5.00")
    change = mug.price_changes.get()
    services.withdraw_price_change(price_change_id=change.pk, by=boss(), reason="over")

    assert ProductPast(mug.pk).at(None).running_price is None


def test_before_a_click_nothing_of_it_is_there(mug):
    change_all_of(mug)
    past = ProductPast(mug.pk)

    then = past.at(past.traces[-1].instant_before)

    assert (then.product.name, then.tags, then.pictures) == ("Mug", [], [])
    assert [shelf.on_hand for shelf in then.stock.values()] == [9]


def test_a_tag_that_was_renamed_since_has_its_old_name(mug):
    with changes.change(separate=True):
        services.set_tags(product_id=mug.pk, names=["blue"], by=boss(), reason="")
    instant = Instant(timezone.now())
    with changes.change(separate=True):
        services.rename_tag(tag_id=mug.tags.get().pk, name="azure", by=boss(), reason="")

    assert ProductPast(mug.pk).at(instant).tags == ["blue"]
    assert ProductPast(mug.pk).at(None).tags == ["azure"]


def test_history_and_page_lead_to_it(merchandiser, sign_in, mug):
    change_all_of(mug)
    client = sign_in(merchandiser)

    history = client.get(reverse("admin:catalog_product_history", args=[mug.pk]))
    page = client.get(reverse("admin:catalog_product_change", args=[mug.pk]))

    link = f"{history.context['as_of']['url']}?{history.context['entries'][0].before_query}"
    assert link.replace("&", "&amp;") in history.content.decode()
    assert page.context["as_of"]["presets"][0][1].replace("&", "&amp;") in page.content.decode()
    assert client.get(link).context["view"].differences


@pytest.mark.parametrize("role", ROLES)
def test_it_is_for_whoever_sees_products(role, request, sign_in, mug):
    user = request.getfixturevalue(role)

    page = sign_in(user).get(address(mug, Instant(timezone.now())))

    assert page.status_code == (200 if user.has_perm("catalog.view_product") else 403)
