"""The category tree and the tags for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django.db.models import Count, Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.document import IF_MATCH
from backoffice.api.permissions import ANYONE
from backoffice.api.serializers import Answer, Sent, read
from backoffice.api.versions import VersionedAnswers, expected_version, tag_of
from backoffice.models import User
from catalog import services
from catalog.api.filters import CategoryQuery
from catalog.api.product_shapes import SLUG, reason_field
from catalog.models import Category, Tag


class CategoryAnswer(Answer):
    uuid = serializers.UUIDField()
    name = serializers.CharField()
    slug = serializers.CharField()
    parent = serializers.CharField(source="parent.slug", allow_null=True, default=None)
    description = serializers.CharField()
    product_count = serializers.IntegerField(help_text="Published products right in it.")
    version = serializers.IntegerField()


class CategoryEdited(Sent):
    set_by_us = frozenset({"uuid", "version", "product_count", "created_at", "updated_at"})

    name = serializers.CharField(max_length=120, required=False)
    slug = serializers.RegexField(SLUG, max_length=140, required=False)
    description = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    parent = serializers.SlugRelatedField(
        "slug", queryset=Category.objects.all(), allow_null=True, required=False
    )
    reason = reason_field()


class CategorySent(CategoryEdited):
    name = serializers.CharField(max_length=120)


class Categories(
    VersionedAnswers,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[Category],
):
    """The tree: each category names its parent."""

    access: ClassVar = {
        "list": ANYONE,
        "retrieve": ANYONE,
        "create": "catalog.add_category",
        "partial_update": "catalog.change_category",
        "destroy": "catalog.delete_category",
    }
    serializer_class = CategoryAnswer
    filterset_class = CategoryQuery
    ordering_fields = ("name",)
    ordering = ("name",)
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = Category.objects.none()

    def get_queryset(self) -> QuerySet[Category]:
        published = Count("products", filter=Q(products__status="published"))
        return Category.objects.select_related("parent").annotate(product_count=published)

    def represent(self, row: Category) -> Mapping[str, Any]:
        shown = self.get_queryset().get(pk=row.pk)
        return cast("Mapping[str, Any]", CategoryAnswer(shown).data)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._answer(self.get_object())

    @extend_schema(request=CategorySent, responses={201: CategoryAnswer})
    def create(self, request: Request) -> Response:
        sent = read(CategorySent, request)
        parent = sent.pop("parent", None)
        category = services.create_category(
            **sent, parent_id=parent.pk if parent else None, by=cast("User", request.user)
        )
        return self._answer(category, status=201)

    @extend_schema(request=CategoryEdited, responses=CategoryAnswer, parameters=[IF_MATCH])
    def partial_update(self, request: Request, **_kwargs: Any) -> Response:
        category = self.get_object()
        version = expected_version(request)
        sent = read(CategoryEdited, request)
        reason = sent.pop("reason")
        category = services.edit_category(
            category_id=category.pk,
            changes=sent,
            by=cast("User", request.user),
            reason=reason,
            version=version,
        )
        return self._answer(category)

    @extend_schema(responses={204: None}, parameters=[IF_MATCH])
    def destroy(self, request: Request, **_kwargs: Any) -> Response:
        category = self.get_object()
        version = expected_version(request)
        services.delete_category(
            category_id=category.pk, by=cast("User", request.user), reason="", version=version
        )
        return Response(status=204)

    def _answer(self, category: Category, status: int = 200) -> Response:
        return Response(self.represent(category), status=status, headers=tag_of(category))


class TagAnswer(Answer):
    name = serializers.CharField()
    slug = serializers.CharField()


class TagSent(Sent):
    set_by_us = frozenset({"slug"})

    name = serializers.CharField(max_length=60)
    reason = reason_field()


class Tags(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Tag]):
    """Free words that products are found by."""

    access: ClassVar = {
        "list": ANYONE,
        "retrieve": ANYONE,
        "create": "catalog.add_tag",
        "partial_update": "catalog.change_tag",
        "destroy": "catalog.delete_tag",
    }
    serializer_class = TagAnswer
    ordering_fields = ("name",)
    ordering = ("name",)
    lookup_field = "slug"
    lookup_value_converter = "slug"
    queryset = Tag.objects.all()

    @extend_schema(request=TagSent, responses={201: TagAnswer})
    def create(self, request: Request) -> Response:
        tag = services.create_tag(**read(TagSent, request), by=cast("User", request.user))
        return Response(TagAnswer(tag).data, status=201)

    @extend_schema(request=TagSent, responses=TagAnswer)
    def partial_update(self, request: Request, **_kwargs: Any) -> Response:
        tag = services.rename_tag(
            tag_id=self.get_object().pk, **read(TagSent, request), by=cast("User", request.user)
        )
        return Response(TagAnswer(tag).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_kwargs: Any) -> Response:
        services.delete_tag(tag_id=self.get_object().pk, by=cast("User", request.user), reason="")
        return Response(status=204)
