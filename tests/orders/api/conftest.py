"""The same callers as the API's own tests, and what they buy."""

import pytest

from orders import services
from tests.api.conftest import api_client  # noqa: F401
from tests.orders.carts.conftest import ADDRESS, ada, mug  # noqa: F401
from tests.orders.factories import CustomerFactory, click

KEY = "key-of-one-intent"


@pytest.fixture
def shop(ada, api_client):  # noqa: F811
    return api_client(ada)


@pytest.fixture
def eve(db):
    return CustomerFactory(email="eve@example.com")


@pytest.fixture
def order(ada, mug):  # noqa: F811
    with click(ada):
        cart = services.cart_of(by=ada)
        services.add_to_cart(cart_id=cart.pk, product_id=mug.pk, units=2, by=ada)
        return services.order_cart(
            cart_id=cart.pk,
            by=ada,
            contact={"phone": "+49 431 1234"},
            shipping=ADDRESS,
            billing=None,
        )


@pytest.fixture
def post():
    def post(client, address, body=None, *, key=KEY, version=None):
        headers = {"Idempotency-Key": key} if key else {}
        if version is not None:
            headers["If-Match"] = version if version == "*" else f'"{version}"'
        return client.post(f"/api/v1/{address}", body or {}, format="json", headers=headers)

    return post
