"""The shop's addresses: who gets a page, and who is led to the sign-in."""

import pytest
from django.urls import reverse

from tests.catalog.factories import ProductFactory

pytestmark = pytest.mark.row("C3")


def test_the_site_opens_with_the_shop(db, client):
    mug = ProductFactory(status="published")

    page = client.get(reverse("home"))

    assert page.status_code == 200
    assert mug.name in page.content.decode()


@pytest.mark.parametrize("name", ["shop:my_orders"])
def test_a_stranger_is_led_to_the_sign_in(db, client, name):
    answer = client.get(reverse(name))

    assert answer.status_code == 302
    assert "login" in answer.url
