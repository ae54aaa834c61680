"""Redis goes away and comes back under people who buy: nobody notices, no page is old."""

import pytest
from django.core.cache import cache
from django.test import Client

from catalog import services
from tests.catalog.factories import CategoryFactory, ProductFactory
from tests.config.test_redis_away import redis  # noqa: F401  (the fixture)
from tests.orders.factories import boss

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("G7")]


def test_the_shop_goes_on_without_redis(redis):  # noqa: F811
    mug = ProductFactory(slug="mug", name="Mug", category=CategoryFactory(slug="kitchen"), stock=90)
    client, person = Client(), boss()
    paths = ["/", "/products/mug/", "/categories/kitchen/", "/?q=mug", "/cart/"]
    client.post("/cart/add/", {"product": str(mug.uuid)})
    wrong = []

    for nth in range(200):
        if nth == 60:
            redis.stop()
        if nth == 100:
            services.edit_product(product_id=mug.pk, changes={"name": "Cup"}, by=person, reason="")
        if nth == 140:
            redis.start()
        if nth % 20 == 7:
            answer = client.post("/cart/add/", {"product": str(mug.uuid)}, follow=True)
        else:
            answer = client.get(paths[nth % len(paths)])
        name = b"Cup" if nth >= 100 else b"Mug"
        if answer.status_code != 200 or name not in answer.content:
            wrong.append((nth, answer.status_code))

    assert wrong == []
    assert cache.keys("*")  # what is kept is kept again
