"""Reviews for programs: anyone reads approved ones, their author their own, the house all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.permissions import ANYONE, SIGNED_IN, STAFF
from backoffice.api.serializers import Answer, Sent, read
from backoffice.api.steps import TakesSteps
from backoffice.api.versions import VersionedAnswers, tag_of
from backoffice.models import User
from catalog import services
from catalog.api.filters import ReviewQuery
from catalog.api.products import visible_to
from catalog.models import Product, Review
from catalog.services.reviews import BEST
from catalog.states import REVIEW_FLOW

BODY_LENGTH = 10_000


class ReviewAnswer(Answer):
    uuid = serializers.UUIDField()
    product = serializers.UUIDField(source="product.uuid")
    author_name = serializers.CharField(source="author.first_name", help_text="First name only.")
    is_mine = serializers.SerializerMethodField()
    rating = serializers.IntegerField()
    title = serializers.CharField()
    body = serializers.CharField()
    status = serializers.CharField()
    created_at = serializers.DateTimeField()
    version = serializers.IntegerField()

    def get_is_mine(self, review: Review) -> bool:
        return review.author_id == self.context["request"].user.pk


class VisibleProduct(serializers.SlugRelatedField[Product]):
    """A product that the caller may see; another one does not exist for them."""

    def get_queryset(self) -> QuerySet[Product]:
        return visible_to(self.context["request"].user)


class ReviewSent(Sent):
    set_by_us = frozenset(
        {"uuid", "author", "author_name", "is_mine", "status", "version", "created_at"}
    )

    product = VisibleProduct("uuid", queryset=Product.objects.all())
    rating = serializers.IntegerField(min_value=1, max_value=BEST)
    title = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    body = serializers.CharField(
        max_length=BODY_LENGTH, required=False, allow_blank=True, default=""
    )


class Reviews(
    VersionedAnswers,
    TakesSteps,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[Review],
):
    """What customers think; a new one waits for moderation."""

    access: ClassVar = {
        "list": ANYONE,
        "retrieve": ANYONE,
        "create": SIGNED_IN,
        "steps": STAFF,
        "take": STAFF,
    }
    flow = REVIEW_FLOW
    serializer_class = ReviewAnswer
    filterset_class = ReviewQuery
    ordering_fields = ("created_at", "rating")
    ordering = ("-created_at",)
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = Review.objects.none()

    def get_queryset(self) -> QuerySet[Review]:
        user = self.request.user
        rows = Review.objects.select_related("author", "product")
        if user.is_authenticated and user.is_staff and user.has_perm("catalog.view_review"):
            return rows
        theirs = Q(author=user.pk) if user.is_authenticated else Q(pk=None)
        return rows.filter(Q(status="approved", product__status="published") | theirs)

    def represent(self, row: Review) -> Mapping[str, Any]:
        return cast("Mapping[str, Any]", self.get_serializer(row).data)

    @extend_schema(request=ReviewSent, responses={201: ReviewAnswer})
    def create(self, request: Request) -> Response:
        sent = read(ReviewSent, request)
        author = cast("User", request.user)
        review = services.submit_review(
            product_id=sent.pop("product").pk, author=author, by=author, reason="", **sent
        )
        return Response(self.represent(review), status=201, headers=tag_of(review))
