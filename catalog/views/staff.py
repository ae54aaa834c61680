"""The product form for staff outside the console: a second, thinner door to the same verbs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views import View

from backoffice.access import StaffOnlyMixin
from backoffice.refused import Refused
from catalog import services
from catalog.filters import CategoryChoice, category_tree
from catalog.models import Product

COLUMNS = ("sku", "name", "description", "category", "price", "compare_at_price", "is_featured")
ONLY_WITH = {
    "price": "catalog.change_price_product",
    "compare_at_price": "catalog.change_price_product",
    "is_featured": "catalog.feature_product",
}


class StaffProductForm(forms.Form):
    """What a merchandiser types most; everything else stands in the console."""

    sku = forms.CharField(label=_("SKU"), max_length=64)
    name = forms.CharField(label=_("Name"), max_length=200)
    description = forms.CharField(label=_("Description"), required=False, widget=forms.Textarea)
    category = CategoryChoice(
        label=_("Category"), required=False, queryset=None, empty_label=_("No category")
    )
    price = forms.DecimalField(label=_("Price"), min_value=0, max_digits=12, decimal_places=2)
    compare_at_price = forms.DecimalField(
        label=_("Compare-at price"), required=False, min_value=0, max_digits=12, decimal_places=2
    )
    is_featured = forms.BooleanField(label=_("On the first page"), required=False)
    tags = forms.CharField(label=_("Tags"), required=False, help_text=_("Parted by commas."))
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        help_text=_("Needed when a price changes."),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    same_name = forms.BooleanField(label=_("Yes, both bear this name."), required=False)

    def __init__(self, *args: Any, product: Product | None = None, by: Any, **kwargs: Any) -> None:
        self.product = product
        if product is not None:
            names = product.tags.order_by("name").values_list("name", flat=True)
            kwargs["initial"] = {
                **{name: getattr(product, name) for name in COLUMNS},
                "tags": ", ".join(names),
                "version": product.version,
            }
        super().__init__(*args, label_suffix="", **kwargs)
        self.fields["category"].queryset = category_tree()
        self.asks_for_name = False
        for name, permission in ONLY_WITH.items():
            if product is not None and not by.has_perm(permission):
                self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        """A name that another live product bears may be meant; it is asked for once."""
        name = self.cleaned_data.get("name", "")
        is_new = self.product is None or self.product.name.casefold() != name.casefold()
        if name and is_new and not self.cleaned_data.get("same_name"):
            self.twin = twin_of(name, but=self.product)
            if self.twin is not None:
                self.asks_for_name = True
                sentence = _("“{name}” ({sku}) bears this name already.")
                self.add_error("name", sentence.format(name=self.twin.name, sku=self.twin.sku))
        return self.cleaned_data

    @property
    def tag_names(self) -> list[str]:
        return [name.strip() for name in self.cleaned_data["tags"].split(",") if name.strip()]

    def save(self, *, by: Any) -> Product:
        """Hand what was typed to the verb. Refuses what `create_product`, `edit_product` refuse."""
        reason = self.cleaned_data["reason"]
        typed = {name: self.cleaned_data[name] for name in COLUMNS}
        if self.product is None:
            draft = services.ProductDraft(**typed, tags=self.tag_names)
            return services.create_product(draft=draft, by=by, reason=reason)
        changes = {name: typed[name] for name in COLUMNS if name in self.changed_data}
        if "tags" in self.changed_data:
            changes["tags"] = self.tag_names
        return services.edit_product(
            product_id=self.product.pk,
            changes=changes,
            by=by,
            reason=reason,
            version=self.cleaned_data["version"],
        )


def twin_of(name: str, *, but: Product | None) -> Product | None:
    """Return another product that is not archived and bears a name, whatever the case."""
    found = Product.objects.active().filter(name__iexact=name.strip())
    if but is not None:
        found = found.exclude(pk=but.pk)
    return found.order_by("pk").first()


class StaffProduct(StaffOnlyMixin, View):
    """A new product, or one by its public id; the verbs ask for the same permissions again."""

    http_method_names = ["get", "post"]

    def may_open(self, user: Any) -> bool:
        verb = "change" if "product" in self.kwargs else "add"
        return super().may_open(user) and user.has_perm(f"catalog.{verb}_product")

    def get(self, request: HttpRequest, product: Any = None) -> HttpResponse:
        row = self._row(product)
        return self._page(request, StaffProductForm(product=row, by=request.user), row)

    def post(self, request: HttpRequest, product: Any = None) -> HttpResponse:
        row = self._row(product)
        form = StaffProductForm(request.POST, product=row, by=request.user)
        if not form.is_valid():
            return self._page(request, form, row, status=422)
        try:
            saved = form.save(by=request.user)
        except Refused as refused:
            for name, sentences in services.errors_of(refused).items():
                for sentence in sentences:
                    form.add_error(name if name in form.fields else None, sentence)
            return self._page(request, form, row, status=refused.http_status)
        messages.success(request, _("“{name}” is saved.").format(name=saved.name))
        return HttpResponseRedirect(reverse("shop:staff_product", args=[saved.uuid]))

    def _row(self, uuid: Any) -> Product | None:
        if uuid is None:
            return None
        row = Product.objects.active().filter(uuid=uuid).first()
        if row is None:
            raise Http404
        return row

    def _page(
        self, request: HttpRequest, form: StaffProductForm, row: Product | None, status: int = 200
    ) -> HttpResponse:
        return render(
            request, "shop/staff_product.html", {"form": form, "product": row}, status=status
        )
