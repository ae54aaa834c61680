"""What customers think of a product: the next page of it, and writing one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views import View

from backoffice.access import SignedInMixin
from backoffice.kept_pages import is_part
from backoffice.refused import Refused
from catalog import services
from catalog.models import Product, Review

STARS = [(units, str(units)) for units in range(5, 0, -1)]


class ReviewForm(forms.Form):
    rating = forms.TypedChoiceField(
        label=_("Stars"),
        choices=STARS,
        coerce=int,
        error_messages={"required": _("Choose 1 to 5 stars.")},
    )
    title = forms.CharField(
        label=_("In a few words"),
        required=False,
        max_length=Review._meta.get_field("title").max_length,
    )
    body = forms.CharField(
        label=_("Your review"), required=False, max_length=5_000, widget=forms.Textarea
    )


def visible_product(slug: str) -> Product:
    product = Product.objects.visible().select_related("parent").filter(slug=slug).first()
    if product is None:
        raise Http404
    return product.parent or product


class ReviewList(View):
    """A page of approved reviews, for HTMX."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        from catalog.views.product import approved_reviews

        product = visible_product(slug)
        page = approved_reviews(product).get_page(request.GET.get("page", "1")[:6])
        return render(request, "shop/reviews.html", {"reviews": page, "lead": product})


class WriteReview(SignedInMixin, View):
    """One's own review; it is shown once somebody of the staff has read it."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Whoever comes back from the sign-in goes on at the product."""
        return HttpResponseRedirect(visible_product(slug).get_absolute_url() + "#reviews")

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        product = visible_product(slug)
        form = ReviewForm(request.POST)
        if form.is_valid():
            try:
                services.submit_review(
                    product_id=product.pk,
                    author=request.user,
                    by=request.user,
                    reason="",
                    **form.cleaned_data,
                )
            except Refused as refused:
                form.add_error(None, str(refused))
                return self._answer(request, product, form, status=refused.http_status)
            return self._thanks(request, product)
        return self._answer(request, product, form, status=422)

    def _thanks(self, request: HttpRequest, product: Product) -> HttpResponse:
        sentence = _("Thank you. Your review appears here once we have read it.")
        if is_part(request):
            return render(request, "shop/review_thanks.html", {"sentence": sentence})
        messages.success(request, sentence)
        return HttpResponseRedirect(product.get_absolute_url())

    def _answer(self, request: HttpRequest, product: Product, form: Any, status: int) -> Any:
        template = "shop/review_form.html" if is_part(request) else "shop/review_page.html"
        return render(request, template, {"lead": product, "form": form}, status=status)
