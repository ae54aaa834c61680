"""One row of everything that the console shows, made by the services."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from tempfile import NamedTemporaryFile

from backoffice import approvals, changes, hooks, jobs, seals
from backoffice.imports.files import run_sheet
from backoffice.models import User
from catalog import services as catalog
from catalog.models import Product
from orders import services as orders
from orders.models import Order
from tests.catalog.factories import (
    CategoryFactory,
    PictureFactory,
    PriceChangeFactory,
    ProductFactory,
    ReviewFactory,
    TagFactory,
    put_on_shelf,
)
from tests.orders.factories import CustomerFactory, boss


def make_one_of_everything() -> None:
    """Fill each table that has a page: catalogue, stock, an import, and orders of several states."""
    person = boss()
    with changes.change(action="samples", by=person, separate=True):
        mug = ProductFactory(category=CategoryFactory(), stock=40)
        TagFactory()
        PictureFactory(product=mug)
        PriceChangeFactory(product=mug)
        ReviewFactory(product=mug)
        catalog.set_tags(product_id=mug.pk, names=["stoneware"], by=person, reason="")
        put_on_shelf(mug, 5)
        import_a_sheet(person)
        jobs.start("backoffice.expire_imports", by=person)
        shipped, paid, unpaid, cancelled, _draft = (write_an_order(mug) for _ in range(5))
        who = {"by": person, "reason": "sample"}
        for order in (shipped, paid, unpaid, cancelled):
            orders.place_order(order_id=order.pk, **who)
        for order in (shipped, paid):
            orders.take_payment(order_id=order.pk, token="tok_visa", **who)
        orders.process_order(order_id=shipped.pk, **who)
        orders.ship_order(order_id=shipped.pk, tracking="JJD01", **who)
        orders.request_return(
            order_id=shipped.pk,
            lines={line.pk: line.shipped for line in shipped.lines.all()},
            reason_code="faulty",
            **who,
        )
        orders.add_note(order_id=shipped.pk, body="Rang twice", **who)
        orders.take_payment(order_id=cancelled.pk, token="tok_visa", **who)
        orders.cancel_order(order_id=cancelled.pk, reason_code="changed_mind", notify=False, **who)
        ask_for_a_refund(shipped, person)
        seals.verify_record(by=person, reason="sample")
        lay_something_aside(mug)
        tell_somebody(person)


def write_an_order(product: Product, units: int = 1) -> Order:
    """Write a draft for a new customer."""
    return orders.write_order(
        customer_id=CustomerFactory().pk,
        lines=[orders.LineDraft(product.pk, units)],
        shipping_fee=Decimal("4.90"),
        channel="phone",
        by=boss(),
        reason="",
    )


def ask_for_a_refund(order: Order, person: User) -> None:
    """Leave a rule, and a refund that waits for a second person."""
    approvals.make_rule(
        action="orders.refund", above=Decimal(1), currency="EUR", by=person, reason="sample"
    )
    with suppress(approvals.ApprovalAsked):
        orders.refund_order(
            order_id=order.pk, reason_code="other", amount=Decimal(2), by=person, reason="sample"
        )


def import_a_sheet(person: User) -> None:
    """Leave one applied import of one product behind."""
    with NamedTemporaryFile(suffix=".csv") as sheet:
        sheet.write(b"sku,name,price\nBOWL-1,Bowl,8.50\n")
        sheet.flush()
        run_sheet("products", sheet.name, by=person, reason="sample")


def lay_something_aside(product: Product) -> None:
    cart = orders.cart_of(by=None, session_key="a-visitor")
    orders.add_to_cart(cart_id=cart.pk, product_id=product.pk, units=2, by=None)


def tell_somebody(person: User) -> None:
    """Have an event waiting for an endpoint that nobody asks for it in tests."""
    hooks.make_endpoint(
        url="https://erp.example/hooks", events=["order.placed"], by=person, reason="sample"
    )
    hooks.tell("order.placed", [{"order": "sample"}])
