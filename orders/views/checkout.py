"""The checkout: whom and where, then the cart becomes an order, once."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from backoffice.access import SignedInMixin
from backoffice.refused import Refused
from orders import services
from orders.cart_keys import owner_of
from orders.countries import COUNTRIES
from orders.models import Address, Cart, Contact, Customer
from orders.views.carts import cart_context

CHOICES = (("", _("Choose a country")), *COUNTRIES)
PLACE = ("line1", "line2", "postal_code", "city", "country")
LABELS = {
    "line1": _("Street and number"),
    "line2": _("Addition"),
    "postal_code": _("Postal code"),
    "city": _("City"),
    "country": _("Country"),
}
HINTS = {
    "line1": "address-line1",
    "line2": "address-line2",
    "postal_code": "postal-code",
    "city": "address-level2",
    "country": "country",
}


def _place_fields(kind: str, *, is_required: bool) -> dict[str, forms.Field]:
    """Return the fields of one address: "shipping" or "billing"."""
    fields: dict[str, forms.Field] = {}
    for name in PLACE:
        options = {
            "label": LABELS[name],
            "required": is_required and name in {"line1", "city", "country"},
        }
        attrs = {"autocomplete": f"{kind} {HINTS[name]}"}
        fields[f"{kind}_{name}"] = (
            forms.ChoiceField(choices=CHOICES, widget=forms.Select(attrs=attrs), **options)
            if name == "country"
            else forms.CharField(
                max_length=Address._meta.get_field(name).max_length,
                widget=forms.TextInput(attrs=attrs),
                **options,
            )
        )
    return fields


class CheckoutForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        required=False,
        help_text=_("For the carrier only."),
        widget=forms.TextInput(attrs={"autocomplete": "tel"}),
    )
    vars().update(_place_fields("shipping", is_required=True))
    is_billed_there = forms.BooleanField(
        label=_("The invoice goes to the same address."), required=False, initial=True
    )
    vars().update(_place_fields("billing", is_required=False))
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    stamp = forms.CharField(required=False, max_length=20_000, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)

    def clean(self) -> dict[str, Any]:
        if not self.cleaned_data.get("is_billed_there"):
            for name in ("line1", "city"):
                if not self.cleaned_data.get(f"billing_{name}"):
                    self.add_error(f"billing_{name}", _("This field is required."))
        return self.cleaned_data

    @property
    def answers(self) -> dict[str, Any]:
        """What was typed, as `check_out` takes it."""
        typed = self.cleaned_data
        places = {
            kind: {name: typed[f"{kind}_{name}"] for name in PLACE}
            for kind in ("shipping", "billing")
        }
        return {
            "contact": {name: typed[name] for name in ("name", "email", "phone")},
            "shipping": places["shipping"],
            "billing": None if typed["is_billed_there"] else places["billing"],
            "key": typed["key"],
            "stamp": typed["stamp"],
        }


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class Checkout(SignedInMixin, View):
    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        context = cart_context(request)
        if not context["look"].lines:
            return HttpResponseRedirect(reverse("shop:cart"))
        initial = {**known_of(request.user), "key": uuid4().hex, "stamp": context["look"].stamp}
        return self._page(request, CheckoutForm(initial=initial), context)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CheckoutForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, cart_context(request), status=422)
        cart = services.find_cart(**owner_of(request))
        if cart is None:
            # Sent a second time: the same key leads to the order that it became.
            mine = Cart.objects.filter(customer=request.user.pk)
            cart = mine.order_by("-updated_at", "-pk").first()
        try:
            if cart is None:
                raise services.CartEmpty
            order = services.check_out(cart_id=cart.pk, by=request.user, **form.answers)
        except Refused as refused:
            form.add_error(None, str(refused))
            return self._page(request, form, cart_context(request), status=refused.http_status)
        return HttpResponseRedirect(reverse("shop:order", args=[order.uuid]))

    def _page(
        self, request: HttpRequest, form: CheckoutForm, context: dict[str, Any], status: int = 200
    ) -> HttpResponse:
        if form.is_bound:
            # What is shown now is what the next click agrees to.
            form.data = form.data.copy()
            form.data["stamp"] = context["look"].stamp
        context |= {
            "form": form,
            "is_customer": Customer.objects.filter(pk=request.user.pk).exists(),
        }
        return render(request, "shop/checkout.html", context, status=status)


def known_of(user: Any) -> dict[str, Any]:
    """Return what a customer told us the last time, to begin the form with."""
    contact = Contact.objects.filter(customer=user.pk, erased_at=None).order_by("-pk").first()
    place = Address.objects.filter(customer=user.pk, erased_at=None).order_by("-pk").first()
    known = {
        "name": contact.name if contact else user.get_full_name(),
        "email": contact.email if contact else user.email,
        "phone": contact.phone if contact else "",
    }
    if place:
        known |= {f"shipping_{name}": getattr(place, name) for name in PLACE}
    return known
