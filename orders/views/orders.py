"""What a customer ordered: the list, and one order's page with its payment."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import DetailView, ListView

from backoffice.access import SignedInMixin
from backoffice.kept_pages import is_part
from backoffice.refused import Refused
from catalog import services as catalog
from orders import services
from orders.carriers import tracking_link
from orders.facts import load_facts
from orders.models import Order
from orders.models.queues import OrderQuerySet
from orders.states import ORDER_FLOW
from orders.views.cards import CARD_FIELDS, CardForm, takes_cards_here

CANCEL = ORDER_FLOW["cancel"]
MOST_BODY_BYTES = 10_000
TOKENISER = {
    "script-src": ["https://js.stripe.com"],
    "frame-src": ["https://js.stripe.com", "https://hooks.stripe.com"],
    "connect-src": ["'self'", "https://api.stripe.com"],
}


class OwnOrders(SignedInMixin):
    """The orders of whoever looks; those of others do not exist."""

    request: HttpRequest

    def get_queryset(self) -> OrderQuerySet:
        return Order.objects.placed().filter(customer_id=self.request.user.pk)


@method_decorator(never_cache, name="dispatch")
class MyOrders(OwnOrders, ListView):
    template_name = "shop/my_orders.html"
    paginate_by = 20

    def get_queryset(self) -> OrderQuerySet:
        return super().get_queryset().order_by("-pk")

    def paginate_queryset(self, queryset: Any, page_size: int) -> Any:
        """A page that is none is the nearest one that is."""
        asked = self.request.GET.get("page", "1")[:6]
        page = self.get_paginator(queryset, page_size).get_page(asked)
        return page.paginator, page, page.object_list, page.has_other_pages()

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        context = super().get_context_data(**more)
        load_facts(context["object_list"])
        return context


@method_decorator([never_cache, sensitive_post_parameters(*CARD_FIELDS)], name="dispatch")
class OrderPage(OwnOrders, DetailView):
    """One's own order. POST pays it: by a form, by HTMX, or answered in JSON."""

    template_name = "shop/order.html"
    slug_field = "uuid"
    slug_url_kwarg = "order"
    object: Order

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        order = self.object
        load_facts([order])
        lines = list(order.lines.select_related("product").order_by("pk"))
        pictures = catalog.leading_pictures(products=[line.product for line in lines])
        is_open = order.status == "pending" and order.facts.due > order.facts.surely_authorised
        return super().get_context_data(
            **{
                "form": CardForm(),
                **more,
                "lines": [(line, pictures.get(line.product_id)) for line in lines],
                "due": order.facts.due - order.facts.surely_authorised,
                "is_payable": is_open,
                "takes_cards_here": takes_cards_here(),
                "stripe_key": settings.STRIPE_PUBLISHABLE_KEY,
                "waits": order.status == "pending" and not is_open,
                "parcels": [
                    (parcel, tracking_link(parcel.carrier, parcel.tracking))
                    for parcel in order.shipments.exclude(left_at=None).order_by("pk")
                ],
                "stops": stops_of(order),
                "is_cancellable": CANCEL.is_owners(order, self.request.user)
                and CANCEL.owner_refusal(order) is None,
            }
        )

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        response = super().dispatch(request, *args, **kwargs)
        if not takes_cards_here():
            # The tokeniser's script and its frame, on this page only.
            response._csp_update = TOKENISER
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.object = self.get_object()
        form = CardForm(self._sent(request))
        try:
            token = form.token()
            self.object = services.pay_order(order_id=self.object.pk, token=token, by=request.user)
        except Refused as refused:
            return self._refused(request, str(refused))
        return self._paid(request)

    def _sent(self, request: HttpRequest) -> Any:
        if request.content_type != "application/json":
            return request.POST
        try:
            body = json.loads(request.body[:MOST_BODY_BYTES])
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}

    def _paid(self, request: HttpRequest) -> HttpResponse:
        if self.object.status == "pending":
            sentence = _(
                "Thank you. The payment is reserved; we look at your order and write to you."
            )
        else:
            sentence = _("Thank you. Your payment has arrived; we write again when it leaves us.")
        if self._is_for_machines(request):
            return JsonResponse({"status": "success", "order_id": str(self.object.uuid)})
        if is_part(request):
            context = self.get_context_data(sentence=sentence)
            return render(request, "shop/order_part.html", context)
        messages.success(request, sentence)
        return HttpResponseRedirect(reverse("shop:order", args=[self.object.uuid]))

    def _refused(self, request: HttpRequest, sentence: str) -> HttpResponse:
        if self._is_for_machines(request):
            return JsonResponse({"status": "error", "message": sentence}, status=400)
        self.object = self.get_object()
        context = self.get_context_data(problem=sentence)
        template = "shop/order_part.html" if is_part(request) else "shop/order.html"
        return render(request, template, context, status=400)

    @staticmethod
    def _is_for_machines(request: HttpRequest) -> bool:
        """A browser's form always asks for HTML; whoever does not gets JSON."""
        return not is_part(request) and "text/html" not in request.headers.get("Accept", "")


@method_decorator(never_cache, name="dispatch")
class CancelOrder(OwnOrders, View):
    """One's own order is cancelled, while nobody works on it."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, order: Any) -> HttpResponse:
        row = get_object_or_404(self.get_queryset(), uuid=order)
        try:
            services.cancel_own_order(order_id=row.pk, by=request.user, reason_code="changed_mind")
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("Your order is cancelled."))
        return HttpResponseRedirect(reverse("shop:order", args=[row.uuid]))


def stops_of(order: Order) -> list[tuple[str, str]]:
    """Return where an order is on its way: (label, "done", "here" or "")."""
    reached = {"pending": 0, "processing": 1, "completed": 3}.get(order.status)
    if reached is None:
        return []
    if order.status == "processing" and order.facts.shipped_units:
        reached = 2
    labels = (_("Ordered"), _("In the works"), _("On its way"), _("Done"))
    return [
        (label, "done" if place < reached else "here" if place == reached else "")
        for place, label in enumerate(labels)
    ]
