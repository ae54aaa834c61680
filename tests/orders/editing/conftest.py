"""An order to edit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.orders.factories import OrderFactory, ProductFactory


@pytest.fixture
def order():
    mug, pot = (ProductFactory(price=Decimal(p), sku=s) for p, s in ((10, "MUG"), (20, "POT")))
    return OrderFactory(lines=[(mug, 2), (pot, 1)], shipping_fee=Decimal(5))
