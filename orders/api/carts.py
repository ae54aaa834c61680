"""The caller's cart, a customer's by their account and a visitor's by their session."""

from __future__ import annotations

from typing import Any, ClassVar, cast
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.api.document import IDEMPOTENCY_KEY
from backoffice.api.idempotent import once
from backoffice.api.permissions import ANYONE, SIGNED_IN
from backoffice.api.serializers import read
from backoffice.models import User
from backoffice.refused import UnknownRow
from catalog.models import Product
from orders import services
from orders.api import shapes
from orders.api.orders import answer_with, own_orders
from orders.cart_keys import ensure_owner, owner_of
from orders.models import Cart, Order


def shown(cart: Cart | None, status: int = 200) -> Response:
    look = services.look_at(cart, at=timezone.now())
    return Response(shapes.CartAnswer(look).data, status=status)


def product_named(uuid: UUID) -> Product:
    """Return a product on sale. Refuses: UnknownRow, also for one that is not."""
    product = Product.objects.published().filter(uuid=uuid).first()
    if product is None:
        raise UnknownRow(what=Product._meta.verbose_name, key=uuid)
    return product


def people_of(sent: dict[str, Any]) -> dict[str, Any]:
    return {
        "contact": sent.get("contact", {}),
        "shipping": sent["shipping_address"],
        "billing": sent.get("billing_address"),
    }


class CartView(APIView):
    """The cart as it is now: looking at it begins none."""

    access: ClassVar = {"get": ANYONE}

    @extend_schema(operation_id="cart", responses=shapes.CartAnswer)
    def get(self, request: Request) -> Response:
        return shown(services.find_cart(**owner_of(request)))


class CartLines(APIView):
    """Lay something into the cart; the same product again adds up."""

    access: ClassVar = {"post": ANYONE}

    @extend_schema(
        operation_id="cart_add", request=shapes.LineSent, responses={201: shapes.CartAnswer}
    )
    def post(self, request: Request) -> Response:
        sent = read(shapes.LineSent, request)
        return add(request, product_named(sent["product"]), sent["units"])


def add(request: Request, product: Product, units: int) -> Response:
    owner = ensure_owner(request)
    cart = services.cart_of(**owner)
    services.add_to_cart(cart_id=cart.pk, product_id=product.pk, units=units, by=owner["by"])
    return shown(cart, status=201)


class CartLineView(APIView):
    """One product of the cart."""

    access: ClassVar = {"patch": ANYONE, "delete": ANYONE}

    @extend_schema(
        operation_id="cart_set_units", request=shapes.NewUnitsSent, responses=shapes.CartAnswer
    )
    def patch(self, request: Request, product: UUID) -> Response:
        sent = read(shapes.NewUnitsSent, request)
        cart, product_id = self._line(request, product)
        services.set_units(
            cart_id=cart.pk, product_id=product_id, units=sent["units"], by=self._by(request)
        )
        return shown(cart)

    @extend_schema(operation_id="cart_remove", responses={200: shapes.CartAnswer})
    def delete(self, request: Request, product: UUID) -> Response:
        cart, product_id = self._line(request, product)
        services.remove_from_cart(cart_id=cart.pk, product_id=product_id, by=self._by(request))
        return shown(cart)

    def _by(self, request: Request) -> User | None:
        return cast("User | None", owner_of(request)["by"])

    def _line(self, request: Request, product: UUID) -> tuple[Cart, int]:
        cart = services.find_cart(**owner_of(request))
        # A product that went off sale still lies in the cart, and can be taken out.
        line = cart.lines.filter(product__uuid=product).first() if cart else None
        if cart is None or line is None:
            raise UnknownRow(what="cart line", key=product)
        return cart, line.product_id


class CheckOut(APIView):
    """Make an order of the cart: prices frozen, stock promised, the cart empty."""

    access: ClassVar = {"post": SIGNED_IN}

    @extend_schema(
        operation_id="check_out",
        request=shapes.CheckOutSent,
        responses={200: shapes.OrderAnswer, 201: shapes.OrderAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        sent = read(shapes.CheckOutSent, request)
        by = cast("User", request.user)

        def order_it() -> Order:
            cart = services.cart_of(by=by)
            return services.order_cart(
                cart_id=cart.pk, by=by, stamp=sent["stamp"], **people_of(sent)
            )

        return answer_once(request, order_it)


class AddToCart(APIView):
    """Lay this product into the caller's cart; the same again adds up."""

    access: ClassVar = {"post": ANYONE}

    @extend_schema(
        operation_id="product_add_to_cart",
        request=shapes.UnitsSent,
        responses={201: shapes.CartAnswer},
    )
    def post(self, request: Request, product: UUID) -> Response:
        sent = read(shapes.UnitsSent, request)
        return add(request, product_named(product), sent["units"])


class Purchase(APIView):
    """Order this product alone, beside the cart."""

    access: ClassVar = {"post": SIGNED_IN}

    @extend_schema(
        operation_id="product_purchase",
        request=shapes.PurchaseSent,
        responses={200: shapes.OrderAnswer, 201: shapes.OrderAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, product: UUID) -> Response:
        sent = read(shapes.PurchaseSent, request)
        wanted = product_named(product)

        def order_it() -> Order:
            return services.order_product(
                product_id=wanted.pk,
                units=sent["units"],
                by=cast("User", request.user),
                **people_of(sent),
            )

        return answer_once(request, order_it)


def answer_once(request: Request, work: Any) -> Response:
    def find(uuid: str) -> Order:
        return own_orders(cast("User", request.user)).get(uuid=uuid)

    order, was_there = once(request, work=work, name=lambda made: made.uuid, find=find)
    return answer_with(order, request, status=200 if was_there else 201)
