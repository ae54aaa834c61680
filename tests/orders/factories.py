"""Orders as tests need them: made by the same verbs that staff use, by somebody who may do all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import factory

from backoffice import changes
from backoffice.models import User
from catalog.models import Product
from orders import services
from orders.facts import load_facts
from orders.models import Address, Contact, Customer, Order
from orders.services import LineDraft
from tests.catalog.factories import ProductFactory as ProductOnSale
from tests.catalog.factories import put_on_shelf


def boss() -> User:
    """Return somebody who may do everything: for what is given, never for what is tested."""
    user = User.objects.filter(email="boss@example.com").first()
    return user or User.objects.create_superuser("boss@example.com", "a-good-password")


@contextmanager
def click(by: User | None = None, **options: Any) -> Iterator[changes.Change]:
    """One click of a person: a change set of its own."""
    with changes.change(separate=True, by=by, channel="admin", **options) as change:
        yield change


class CustomerFactory(factory.django.DjangoModelFactory):
    """A customer who has told us where they live."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"customer{n}@example.com")
    first_name = "Ada"
    last_name = "Lindqvist"

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **fields: Any) -> Customer:
        user = super()._create(model_class, *args, **fields)
        Contact(customer=user, name=user.get_full_name(), email=user.email).save()
        Address(customer=user, name=user.get_full_name(), line1="Kai 4", city="Kiel").save()
        return Customer.objects.get(pk=user.pk)


class ProductFactory(ProductOnSale):
    """A published mug with twenty pieces on the shelf; `stock=0`: none."""

    price = Decimal("12.50")

    @factory.post_generation
    def stock(self, create: bool, units: int | None, **_: Any) -> None:
        if units != 0:
            put_on_shelf(self, units or 20)


class OrderFactory(factory.Factory):
    """An order that has come as far as `status`, the ordinary way.

    lines: (product, quantity) pairs; card: the token it was paid with.
    """

    class Meta:
        model = Order

    status = "pending"
    customer = factory.SubFactory(CustomerFactory)
    lines: Sequence[tuple[Product, int]] = ()
    shipping_fee = Decimal("4.90")
    card = "tok_visa"

    @classmethod
    def _create(
        cls,
        model_class: type[Order],  # noqa: ARG003  (factory_boy's signature)
        *,
        status: str,
        customer: Customer,
        lines: Sequence[tuple[Product, int]],
        shipping_fee: Decimal,
        card: str,
    ) -> Order:
        who = {"by": boss(), "reason": "given"}
        with click(who["by"]):
            order = services.write_order(
                customer_id=customer.pk,
                lines=[LineDraft(p.pk, n) for p, n in lines or [(ProductFactory(), 2)]],
                shipping_fee=shipping_fee,
                channel="phone",
                **who,
            )
        on_the_way = {"order_id": order.pk, **who}
        with click(who["by"]):
            if status == "cancelled":
                services.place_order(**on_the_way)
                services.cancel_order(**on_the_way, reason_code="other")
            elif status != "draft":
                services.place_order(**on_the_way)
        if status in {"processing", "completed"}:
            pay(order, card)
            with click(who["by"]):
                services.process_order(**on_the_way)
        if status == "completed":
            with click(who["by"]):
                services.ship_order(**on_the_way)
        return fresh(order)


def pay(order: Order, card: str = "tok_visa", amount: Decimal | None = None) -> Order:
    """Authorise a card for what is due."""
    with click(boss()):
        return services.take_payment(
            order_id=order.pk, token=card, amount=amount, by=boss(), reason=""
        )


def fresh(order: Order) -> Order:
    """Return the order as the database has it, with its facts."""
    found = Order.objects.get(pk=order.pk)
    load_facts([found])
    return found
