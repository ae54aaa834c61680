"""Orders by the hundred, placed at once: for what is about many, not about how they came."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from backoffice import history
from orders.models import Contact, Order, OrderLine
from orders.services.lines import commit_lines
from tests.orders.factories import CustomerFactory, ProductFactory, boss, click


def many_orders(count: int, *, status: str = "pending") -> list[Order]:
    """Return unpaid orders of one mug each, with their stock committed, in key order."""
    product, customer = ProductFactory(stock=count + 20), CustomerFactory()
    contact = Contact.objects.filter(customer=customer).first()
    with click(boss()), transaction.atomic():
        first = (Order.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
        orders = history.insert_rows(
            [
                Order(
                    number=f"SO-{700_000 + first + place}-0",
                    customer=customer,
                    contact=contact,
                    status=status,
                    placed_at=timezone.now(),
                    subtotal=product.price,
                    shipping_fee=Decimal(0),
                    total=product.price,
                )
                for place in range(count)
            ],
            step="place",
        )
        lines = history.insert_rows(
            [
                OrderLine(
                    order=order,
                    product=product,
                    sku=product.sku,
                    name=product.name,
                    unit_price=product.price,
                    quantity=1,
                )
                for order in orders
            ]
        )
        commit_lines(dict.fromkeys(lines, 1), step="place")
    return sorted(orders, key=lambda order: order.pk)
