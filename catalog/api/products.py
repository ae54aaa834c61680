"""Products for programs: anyone reads what is published, the house reads all; verbs write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.document import IF_MATCH
from backoffice.api.permissions import ANYONE, SIGNED_IN, STAFF
from backoffice.api.serializers import read
from backoffice.api.steps import TakesSteps
from backoffice.api.versions import VersionedAnswers, expected_version, tag_of
from backoffice.models import User
from catalog import services
from catalog.api.facts import facts_of
from catalog.api.filters import ProductQuery
from catalog.api.product_shapes import PriceSent, ProductAnswer, ProductEdited, ProductSent
from catalog.models import Product
from catalog.states import PRODUCT_FLOW

MOST_FEATURED = 10


def visible_to(user: Any) -> QuerySet[Product]:
    """Return what a person may see: the house all, everybody else what is published."""
    return Product.objects.all() if sees_all(user) else Product.objects.published()


def sees_all(user: Any) -> bool:
    return bool(user.is_authenticated and user.is_staff and user.has_perm("catalog.view_product"))


class Products(
    VersionedAnswers,
    TakesSteps,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[Product],
):
    """The range: search with `q`, narrow, order by price, created_at or name."""

    access: ClassVar = {
        "list": ANYONE,
        "retrieve": ANYONE,
        "featured": ANYONE,
        "my_products": SIGNED_IN,
        "create": "catalog.add_product",
        "partial_update": "catalog.change_product",
        "change_price": "catalog.change_price_product",
        "steps": STAFF,
        "take": STAFF,
    }
    flow = PRODUCT_FLOW
    serializer_class = ProductAnswer
    filterset_class = ProductQuery
    ordering_fields = ("price", "created_at", "name")
    ordering = ("-created_at",)
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = Product.objects.none()

    def get_queryset(self) -> QuerySet[Product]:
        return visible_to(self.request.user)

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        if args and args[0] is not None:
            rows = args[0] if kwargs.get("many") else [args[0]]
            kwargs["context"] = self._context(rows)
        return super().get_serializer(*args, **kwargs)

    def represent(self, row: Product) -> Mapping[str, Any]:
        return cast("Mapping[str, Any]", ProductAnswer(row, context=self._context([row])).data)

    def _context(self, rows: Sequence[Product]) -> dict[str, Any]:
        return {
            **self.get_serializer_context(),
            "facts": facts_of(rows, timezone.now()),
            "is_public": not sees_all(self.request.user),
        }

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        product = self.get_object()
        return Response(self.represent(product), headers=tag_of(product))

    @extend_schema(responses=ProductAnswer(many=True), filters=False)
    @action(detail=False, pagination_class=None, filter_backends=[])
    def featured(self, request: Request) -> Response:
        """Return what stands on the shop's first page, at most ten."""
        rows = list(Product.objects.featured().order_by("-created_at", "-pk")[:MOST_FEATURED])
        return Response(self.get_serializer(rows, many=True).data)

    @extend_schema(responses=ProductAnswer(many=True))
    @action(detail=False)
    def my_products(self, request: Request) -> Response:
        """Return what the caller created."""
        rows = self.filter_queryset(self.get_queryset().filter(created_by=request.user.pk))
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(request=ProductSent, responses={201: ProductAnswer})
    def create(self, request: Request) -> Response:
        sent = read(ProductSent, request)
        reason = sent.pop("reason")
        product = services.create_product(
            draft=services.ProductDraft(**sent), by=cast("User", request.user), reason=reason
        )
        return self._answer(product, status=201)

    @extend_schema(request=ProductEdited, responses=ProductAnswer, parameters=[IF_MATCH])
    def partial_update(self, request: Request, **_kwargs: Any) -> Response:
        product = self.get_object()
        version = expected_version(request)
        sent = read(ProductEdited, request)
        reason = sent.pop("reason")
        product = services.edit_product(
            product_id=product.pk,
            changes=sent,
            by=cast("User", request.user),
            reason=reason,
            version=version,
        )
        return self._answer(product)

    @extend_schema(request=PriceSent, responses=ProductAnswer, parameters=[IF_MATCH])
    @action(detail=True, methods=["post"], url_path="price")
    def change_price(self, request: Request, **_kwargs: Any) -> Response:
        """Change the list price: a new one, a percentage, or an amount."""
        product = self.get_object()
        version = expected_version(request)
        sent = read(PriceSent, request)
        product = services.change_price(
            product_id=product.pk, **sent, by=cast("User", request.user), version=version
        )
        return self._answer(product)

    def _answer(self, product: Product, status: int = 200) -> Response:
        return Response(self.represent(product), status=status, headers=tag_of(product))
