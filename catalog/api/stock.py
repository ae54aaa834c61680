"""Stock for programs of the house: levels, the ledger, deliveries and corrections."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.api.document import IDEMPOTENCY_KEY
from backoffice.api.idempotent import once
from backoffice.api.paging import NewestFirst
from backoffice.api.serializers import Answer, Sent, read
from backoffice.api.steps import REASON_LENGTH
from backoffice.models import User
from catalog import services
from catalog.api.filters import StockLevelQuery, StockMovementQuery
from catalog.api.product_shapes import product_field, reason_field
from catalog.models import StockLevel, StockLocation, StockMovement
from catalog.services.ledger import MOST_UNITS

ADJUST = "catalog.adjust_stock_product"


class LocationAnswer(Answer):
    code = serializers.CharField()
    name = serializers.CharField()
    priority = serializers.IntegerField()
    is_active = serializers.BooleanField()


class LevelAnswer(Answer):
    product = serializers.UUIDField(source="product.uuid")
    sku = serializers.CharField(source="product.sku")
    location = serializers.CharField(source="location.code")
    on_hand = serializers.IntegerField()
    committed = serializers.IntegerField()
    unavailable = serializers.IntegerField()
    available = serializers.IntegerField()


class MovementAnswer(Answer):
    uuid = serializers.UUIDField()
    product = serializers.UUIDField(source="product.uuid")
    sku = serializers.CharField(source="product.sku")
    location = serializers.CharField(source="location.code")
    kind = serializers.CharField()
    on_hand_delta = serializers.IntegerField()
    committed_delta = serializers.IntegerField()
    unavailable_delta = serializers.IntegerField()
    cause_kind = serializers.CharField()
    cause_uuid = serializers.UUIDField(allow_null=True)
    at = serializers.DateTimeField()
    change_set = serializers.UUIDField(source="change_set.uuid")


class MovedAnswer(Answer):
    """The movement that was written; none when nothing differed."""

    movement = MovementAnswer(allow_null=True)


def location_field() -> serializers.SlugRelatedField[StockLocation]:
    return serializers.SlugRelatedField(
        "code",
        queryset=StockLocation.objects.all(),
        required=False,
        allow_null=True,
        default=None,
        help_text="By code; none: the main warehouse.",
    )


class AdjustmentSent(Sent):
    """One of counted and difference, and why."""

    set_by_us = frozenset({"on_hand", "committed", "unavailable", "available", "change_set"})

    product = product_field()
    location = location_field()
    counted = serializers.IntegerField(min_value=0, max_value=MOST_UNITS, required=False)
    difference = serializers.IntegerField(
        min_value=-MOST_UNITS, max_value=MOST_UNITS, required=False
    )
    reason = serializers.CharField(max_length=REASON_LENGTH)


class DeliverySent(Sent):
    set_by_us = AdjustmentSent.set_by_us

    product = product_field()
    location = location_field()
    units = serializers.IntegerField(min_value=1, max_value=MOST_UNITS)
    reason = reason_field()


class Locations(mixins.ListModelMixin, viewsets.GenericViewSet[StockLocation]):
    """The places that stock lies at."""

    access: ClassVar = {"list": "catalog.view_stocklocation"}
    serializer_class = LocationAnswer
    ordering = ("priority", "name")
    queryset = StockLocation.objects.all()


class Levels(mixins.ListModelMixin, viewsets.GenericViewSet[StockLevel]):
    """What is on the shelf, per product and location."""

    access: ClassVar = {"list": "catalog.view_stocklevel"}
    serializer_class = LevelAnswer
    filterset_class = StockLevelQuery
    ordering_fields = ("on_hand",)
    queryset = StockLevel.objects.select_related("product", "location")


class Movements(mixins.ListModelMixin, viewsets.GenericViewSet[StockMovement]):
    """The ledger, newest first."""

    access: ClassVar = {"list": "catalog.view_stockmovement"}
    serializer_class = MovementAnswer
    filterset_class = StockMovementQuery
    pagination_class = NewestFirst
    queryset = StockMovement.objects.select_related("product", "location", "change_set")


class _Moving(APIView):
    access: ClassVar = {"post": ADJUST}

    def moved(self, request: Request, move: Any) -> Response:
        """Answer with the movement that `move` writes, once for each Idempotency-Key."""
        movement, is_replayed = once(
            request,
            work=move,
            name=lambda row: row.uuid if row is not None else "",
            find=self._find,
        )
        headers = {"Idempotency-Replayed": "true"} if is_replayed else None
        answer = MovedAnswer({"movement": movement})
        return Response(answer.data, status=201, headers=headers)

    def _find(self, uuid: str) -> StockMovement | None:
        rows: QuerySet[StockMovement] = Movements.queryset
        return rows.get(uuid=uuid) if uuid else None


def place_of(sent: dict[str, Any]) -> dict[str, Any]:
    """Return product and location as the verbs take them; the rest as it was sent."""
    product, location = sent.pop("product"), sent.pop("location")
    return {
        "product_id": product.pk,
        "location_id": location.pk if location is not None else None,
        **sent,
    }


class Adjustments(_Moving):
    """Correct what is on hand after a count, a breakage or a find."""

    @extend_schema(
        operation_id="adjust_stock",
        request=AdjustmentSent,
        responses={201: MovedAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        wish = place_of(read(AdjustmentSent, request))
        by = cast("User", request.user)
        return self.moved(request, lambda: services.adjust_stock(**wish, by=by))


class Deliveries(_Moving):
    """Put delivered pieces on the shelf."""

    @extend_schema(
        operation_id="receive_stock",
        request=DeliverySent,
        responses={201: MovedAnswer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        wish = place_of(read(DeliverySent, request))
        by = cast("User", request.user)
        return self.moved(request, lambda: services.receive_stock(**wish, by=by))
