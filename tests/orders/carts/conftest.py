import pytest

from orders import services
from tests.orders.factories import CustomerFactory, ProductFactory

ADDRESS = {"line1": "Kai 4", "postal_code": "24103", "city": "Kiel", "country": "DE"}


@pytest.fixture
def ada(db):
    return CustomerFactory(email="ada@example.com")


@pytest.fixture
def mug(db):
    return ProductFactory(sku="MUG")


@pytest.fixture
def cart(ada, mug):
    cart = services.cart_of(by=ada)
    services.add_to_cart(cart_id=cart.pk, product_id=mug.pk, units=2, by=ada)
    return cart


@pytest.fixture
def check_out():
    def check_out(cart, by, key="key-1", **more):
        asked = {"contact": {}, "shipping": ADDRESS, "billing": None, **more}
        return services.check_out(cart_id=cart.pk, by=by, key=key, **asked)

    return check_out
