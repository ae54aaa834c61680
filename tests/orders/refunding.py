"""Orders that are paid, and refunded as a person at a desk would."""

from __future__ import annotations

from decimal import Decimal

from catalog.models import StockLevel
from orders import services
from tests.orders.factories import OrderFactory, ProductFactory, boss, click, fresh

MUGS = Decimal("12.50")


def refund(order, by, **more):
    asked = {"reason_code": "goodwill", "reason": "", **more}
    with click(by):
        return services.refund_order(order_id=order.pk, by=by, **asked)


def paid(lines=None, **more):
    """A processed order of two mugs (25.00) and shipping (4.90), paid by card."""
    return OrderFactory(status="processing", lines=lines or [(ProductFactory(), 2)], **more)


def transferred(amount=None):
    """An order that was paid by bank transfer."""
    order = OrderFactory()
    with click(boss()):
        services.record_payment(order_id=order.pk, amount=amount, by=boss(), reason="")
        services.process_order(order_id=order.pk, by=boss(), reason="")
    return fresh(order)


def free(product):
    level = StockLevel.objects.get(product=product)
    return level.on_hand - level.committed
