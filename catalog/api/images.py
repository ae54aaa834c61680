"""A product's gallery for programs."""

from __future__ import annotations

from typing import Any, ClassVar, cast
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.parsers import CarefulJSONParser
from backoffice.api.permissions import ANYONE
from backoffice.api.serializers import Sent, read
from backoffice.models import User
from catalog import services
from catalog.api.product_shapes import PictureAnswer, reason_field
from catalog.api.products import visible_to
from catalog.models import Product, ProductImage

MOST_PICTURES = 200


class PictureSent(Sent):
    set_by_us = frozenset({"uuid", "url", "position"})

    file = serializers.FileField(help_text="JPEG, PNG, WebP or GIF; its name does not matter.")
    alt_text = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    reason = reason_field()


class PictureEdited(Sent):
    set_by_us = frozenset({"uuid", "url", "position", "file"})

    alt_text = serializers.CharField(max_length=200, allow_blank=True)
    reason = reason_field()


class PictureOrder(Sent):
    uuids = serializers.ListField(
        child=serializers.UUIDField(), max_length=MOST_PICTURES, help_text="All, the leading first."
    )
    reason = reason_field()


class Images(viewsets.GenericViewSet[ProductImage]):
    """Pictures in their order; the first one leads."""

    access: ClassVar = {
        "list": ANYONE,
        "create": "catalog.add_productimage",
        "partial_update": "catalog.change_productimage",
        "arrange": "catalog.change_productimage",
        "destroy": "catalog.delete_productimage",
    }
    serializer_class = PictureAnswer
    pagination_class = None
    filter_backends = ()
    parser_classes = (MultiPartParser, CarefulJSONParser)
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = ProductImage.objects.none()

    @property
    def product(self) -> Product:
        return get_object_or_404(visible_to(self.request.user), uuid=self.kwargs["product"])

    def get_queryset(self) -> QuerySet[ProductImage]:
        return ProductImage.objects.filter(product=self.product)

    @extend_schema(responses=PictureAnswer(many=True))
    def list(self, request: Request, product: UUID) -> Response:
        return Response(self.get_serializer(self.get_queryset(), many=True).data)

    @extend_schema(request={"multipart/form-data": PictureSent}, responses={201: PictureAnswer})
    def create(self, request: Request, product: UUID) -> Response:
        row = self.product
        sent = read(PictureSent, request)
        picture = services.add_picture(
            product_id=row.pk,
            upload=sent["file"],
            alt_text=sent["alt_text"],
            by=cast("User", request.user),
            reason=sent["reason"],
        )
        return Response(self.get_serializer(picture).data, status=201)

    @extend_schema(request={"application/json": PictureEdited}, responses=PictureAnswer)
    def partial_update(self, request: Request, **_kwargs: Any) -> Response:
        picture = self.get_object()
        picture = services.describe_picture(
            picture_id=picture.pk, **read(PictureEdited, request), by=cast("User", request.user)
        )
        return Response(self.get_serializer(picture).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_kwargs: Any) -> Response:
        picture = self.get_object()
        services.remove_picture(picture_id=picture.pk, by=cast("User", request.user), reason="")
        return Response(status=204)

    @extend_schema(request={"application/json": PictureOrder}, responses=PictureAnswer(many=True))
    @action(detail=False, methods=["put"], url_path="order")
    def arrange(self, request: Request, product: UUID) -> Response:
        """Arrange the gallery."""
        row = self.product
        sent = read(PictureOrder, request)
        known = dict(self.get_queryset().values_list("uuid", "pk"))
        if set(sent["uuids"]) - known.keys():
            raise services.NotThesePictures
        pictures = services.order_pictures(
            product_id=row.pk,
            picture_ids=[known[uuid] for uuid in sent["uuids"]],
            by=cast("User", request.user),
            reason=sent["reason"],
        )
        return Response(self.get_serializer(pictures, many=True).data)
