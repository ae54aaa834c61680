"""Orders for programs: customers see and pay their own, the house takes the steps of its roles."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.document import IDEMPOTENCY_KEY, IF_MATCH_IF_ANY
from backoffice.api.idempotent import once
from backoffice.api.paging import NewestFirst
from backoffice.api.permissions import SIGNED_IN
from backoffice.api.serializers import read
from backoffice.api.steps import OfferAnswer
from backoffice.api.versions import VersionedAnswers, stated_version, tag_of
from backoffice.flows import Offer
from backoffice.models import User
from backoffice.refused import NotAllowed
from orders import services
from orders.api import shapes
from orders.api.filters import OrderQuery
from orders.api.order_steps import TakesOrderSteps
from orders.facts import load_facts
from orders.models import Order
from orders.states import ORDER_FLOW, TAKE_PAYMENT

SEE = "orders.view_order"
SEE_MONEY = "orders.view_payment"
# A customer pays, and the payment takes `process`: they are not offered that by itself.
BESIDE_PAYING = {"process", "place"}


def own_orders(user: User) -> QuerySet[Order]:
    """Return what a customer ordered; drafts are the house's business."""
    return Order.objects.placed().filter(customer=user.pk)


def visible_to(user: Any) -> QuerySet[Order]:
    """Return the orders that exist for a person: all, by role, or their own."""
    if user.is_staff:
        return Order.objects.all() if user.has_perm(SEE) else Order.objects.none()
    return own_orders(user)


def answer_with(order: Order, request: Request, status: int = 200) -> Response:
    """Answer with an order as this caller sees it, and its version."""
    order = (
        Order.objects.select_related("contact", "shipping_address", "billing_address")
        .prefetch_related("lines__product")
        .get(pk=order.pk)
    )
    load_facts([order])
    data = shapes.OrderAnswer(order, context={"request": request}).data
    return Response(data, status=status, headers=tag_of(order))


class Orders(
    VersionedAnswers,
    TakesOrderSteps,
    mixins.ListModelMixin,
    viewsets.GenericViewSet[Order],
):
    """The caller's orders; for the house, everybody's."""

    access: ClassVar = {
        "list": SIGNED_IN,
        "retrieve": SIGNED_IN,
        "payments": SIGNED_IN,
        "steps": SIGNED_IN,
        "pay": SIGNED_IN,
        "cancel": SIGNED_IN,
        **TakesOrderSteps.access,
    }
    serializer_class = shapes.OrderRowAnswer
    filterset_class = OrderQuery
    pagination_class = NewestFirst
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = Order.objects.none()

    def get_queryset(self) -> QuerySet[Order]:
        return visible_to(self.request.user)

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        if args and args[0] is not None and kwargs.get("many"):
            load_facts(args[0])
        return super().get_serializer(*args, **kwargs)

    def represent(self, row: Order) -> Any:
        return answer_with(row, self.request).data

    @extend_schema(responses=shapes.OrderAnswer)
    def retrieve(self, request: Request, **_kwargs: Any) -> Response:
        return answer_with(self.get_object(), request)

    @extend_schema(responses=shapes.PaymentAnswer(many=True), filters=False)
    @action(detail=True, pagination_class=None, filter_backends=[])
    def payments(self, request: Request, **_kwargs: Any) -> Response:
        """Return what happened to the order's money, oldest first."""
        order = self.get_object()
        if order.customer_id != request.user.pk and not request.user.has_perm(SEE_MONEY):  # type: ignore[union-attr]
            raise NotAllowed(what="see payments")
        facts = [
            *order.payments.all(),
            *(_as_payment(refund) for refund in order.refunds.all()),
        ]
        rows = sorted(facts, key=lambda fact: (fact.at, fact.uuid.int))
        return Response(shapes.PaymentAnswer(rows, many=True).data)

    @extend_schema(responses=OfferAnswer(many=True), filters=False)
    @action(detail=True, pagination_class=None, filter_backends=[])
    def steps(self, request: Request, **_kwargs: Any) -> Response:
        """Return what can be done next, and why the rest is closed."""
        order, by = self.get_object(), cast("User", request.user)
        load_facts([order])
        offers = ORDER_FLOW.offers(order, by)
        if order.status in TAKE_PAYMENT.sources:
            if by.has_perm(TAKE_PAYMENT.permission_name):
                offers.insert(0, Offer(TAKE_PAYMENT, TAKE_PAYMENT.refusal(order)))
            elif TAKE_PAYMENT.is_owners(order, by):
                offers.insert(0, Offer(TAKE_PAYMENT, TAKE_PAYMENT.owner_refusal(order)))
        if not by.is_staff:
            offers = [offer for offer in offers if offer.step.name not in BESIDE_PAYING]
        return Response(OfferAnswer(offers, many=True).data)

    @extend_schema(
        request=shapes.PaySent,
        responses=shapes.OrderAnswer,
        parameters=[IDEMPOTENCY_KEY, IF_MATCH_IF_ANY],
    )
    @action(detail=True, methods=["post"])
    def pay(self, request: Request, **_kwargs: Any) -> Response:
        """Pay by card: a customer's own order goes on by itself, the house reserves the amount."""
        order, by = self.get_object(), cast("User", request.user)
        version, token = stated_version(request), read(shapes.PaySent, request)["token"]

        def pay() -> Order:
            asked = {"order_id": order.pk, "token": token, "by": by, "version": version}
            if by.is_staff:
                return services.take_payment(**asked, reason="")
            return services.pay_order(**asked)

        # What is kept for a repetition is a fingerprint: the token does not stand in it.
        return self._once(request, pay)

    @extend_schema(
        request=shapes.OwnCancelSent,
        responses=shapes.OrderAnswer,
        parameters=[IDEMPOTENCY_KEY, IF_MATCH_IF_ANY],
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **_kwargs: Any) -> Response:
        """Cancel: the money goes back, then the goods; customers while nobody works on it."""
        order, by = self.get_object(), cast("User", request.user)
        version, sent = stated_version(request), read(shapes.OwnCancelSent, request)

        def cancel() -> Order:
            verb = services.cancel_order if by.is_staff else services.cancel_own_order
            return verb(order_id=order.pk, by=by, version=version, **sent)

        return self._once(request, cancel)

    def _once(self, request: Request, work: Any) -> Response:
        order, _was_there = once(request, work=work, name=lambda done: done.uuid, find=self._find)
        return answer_with(order, request)

    def _find(self, uuid: str) -> Order:
        return self.get_queryset().get(uuid=uuid)


def _as_payment(refund: Any) -> Any:
    refund.kind, refund.message = "refunded", ""
    return refund
