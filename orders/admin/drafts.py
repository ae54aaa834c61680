"""Writing an order: its form, with lines, for a new draft and for one that is edited again."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse_lazy
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold import widgets as unfold

from backoffice.adminkit.flow_admin import FlowAdmin
from backoffice.adminkit.forms import INPUT, MoneyField, WholeNumberField
from backoffice.idempotency import once
from backoffice.ids import uuid7
from backoffice.refused import Refused, StaleVersion
from catalog.models import Product
from catalog.services.prices import prices_of
from orders import services
from orders.models import Customer, Order
from orders.workspace import in_words, lines_of

CHOICES_A_PAGE = 20
BLANK_LINES = 1
MOST_LINES = 200


class RemoteSelect(unfold.AutocompleteWidgetMixin, forms.Select):
    """A select that asks the server while somebody types; it prints the chosen option only."""

    def __init__(self, url: str | Promise, **attrs: Any) -> None:
        super().__init__(attrs={"data-ajax--url": url, **attrs})

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> list[Any]:
        field = self.choices.field
        chosen = [given for given in value if given]
        try:
            rows = list(field.queryset.filter(pk__in=chosen)) if chosen else []
        except (ValueError, OverflowError, forms.ValidationError):
            rows = []
        options = [self.create_option(name, "", "", not rows, 0)]
        for row in field.options_of(rows):
            option = self.create_option(name, row["id"], row["text"], selected=True, index=1)
            option["attrs"] |= {f"data-{key}": row[key] for key in ("price",) if key in row}
            options.append(option)
        return [(None, options, 0)]


class CustomerField(forms.ModelChoiceField):
    """Whom the order is for, found by name or e-mail."""

    def __init__(self) -> None:
        super().__init__(
            Customer.objects.filter(is_active=True),
            label=_("Customer"),
            widget=RemoteSelect(reverse_lazy("admin:orders_order_customers")),
        )

    @staticmethod
    def options_of(customers: Sequence[Customer]) -> list[dict[str, str]]:
        return [{"id": str(c.pk), "text": f"{c.get_full_name()} · {c.email}"} for c in customers]


class ProductField(forms.ModelChoiceField):
    """What is sold, found by SKU, barcode or name; shows price and stock of now."""

    def __init__(self) -> None:
        super().__init__(
            Product.objects.all(),
            label=_("Product"),
            widget=RemoteSelect(reverse_lazy("admin:orders_order_products")),
        )

    @staticmethod
    def options_of(products: Sequence[Product]) -> list[dict[str, str]]:
        rows = list(Product.objects.with_stock().filter(pk__in=[p.pk for p in products]))
        rows.sort(key=lambda row: (row.name, row.pk))
        prices = prices_of(rows, timezone.now())
        return [
            {
                "id": str(row.pk),
                "text": _("%(sku)s · %(name)s · %(price)s · %(units)s in stock")
                % {
                    "sku": row.sku,
                    "name": row.name,
                    "price": in_words(prices[row.pk], row.currency),
                    "units": row.available,
                },
                "price": str(prices[row.pk]),
            }
            for row in rows
        ]


class DraftForm(forms.Form):
    """The order's own columns, and what makes a second press of the button harmless."""

    customer = CustomerField()
    channel = forms.ChoiceField(
        label=_("Channel"),
        choices=Order.Channel.choices,
        widget=unfold.UnfoldAdminSelectWidget(),
    )
    shipping_fee = MoneyField(
        label=_("Shipping"),
        max_digits=12,
        decimal_places=2,
        min_value=0,
        initial=Decimal(0),
        widget=forms.TextInput(attrs={"class": INPUT, "inputmode": "decimal"}),
    )
    reason = forms.CharField(
        label=_("Remark"),
        required=False,
        max_length=4000,
        help_text=_("It stands in the order's timeline."),
        widget=forms.TextInput(attrs={"class": INPUT, "autocomplete": "off"}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput)


class LineForm(forms.Form):
    product = ProductField()
    quantity = WholeNumberField(
        label=_("Quantity"),
        min_value=1,
        initial=1,
        widget=forms.NumberInput(attrs={"class": INPUT, "min": 1, "step": 1}),
    )


LineFormSet = forms.formset_factory(
    LineForm, extra=BLANK_LINES, max_num=MOST_LINES, can_delete=True
)


class WritesDrafts(FlowAdmin):
    """The part of OrderAdmin that writes drafts: `add/`, `<pk>/edit/` and what they look up."""

    def draft_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("find/customers/", wrap(self.customers_view), name="orders_order_customers"),
            path("find/products/", wrap(self.products_view), name="orders_order_products"),
            path("<int:object_id>/edit/", wrap(self.edit_view), name="orders_order_edit"),
        ]

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return request.user.has_perm("orders.add_order")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Write a new draft."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._draft_view(request, None)

    def edit_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Write a draft anew; anything else is done by acts."""
        order = Order.objects.filter(pk=object_id).first()
        if not request.user.has_perm("orders.change_order"):
            raise PermissionDenied
        if order is None:
            raise Http404
        if order.status != "draft":
            state = str(order.get_status_display()).lower()
            messages.error(request, str(services.NotADraft(order=order, state=state)))
            return redirect(self.admin_path("change", order.pk))
        return self._draft_view(request, order)

    def _draft_view(self, request: HttpRequest, order: Order | None) -> HttpResponse:
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "POST"])
        if request.method != "POST":
            return self._draft_page(request, order, *_forms_of(order, request))
        form, lines = DraftForm(request.POST), LineFormSet(request.POST, prefix="lines")
        if not (form.is_valid() and lines.is_valid()):
            return self._draft_page(request, order, form, lines, status=422)
        try:
            location = once(
                by=request.user,
                key=form.cleaned_data["idempotency_key"],
                content={"draft": order and order.pk, "sent": _sent(request)},
                work=lambda: self._save_draft(request, order, form, lines),
            )
        except Refused as refused:
            form.data = form.data.copy()
            form.data["idempotency_key"] = uuid7().hex
            if isinstance(refused, StaleVersion):
                # The page shows what is there now; a second press means to write over that.
                form.data["version"] = refused.facts["theirs"]
            return self._draft_page(
                request, order, form, lines, refused=refused, status=refused.http_status
            )
        return redirect(location)

    def _save_draft(
        self, request: HttpRequest, order: Order | None, form: DraftForm, lines: Any
    ) -> str:
        given = {
            "customer_id": form.cleaned_data["customer"].pk,
            "channel": form.cleaned_data["channel"],
            "shipping_fee": form.cleaned_data["shipping_fee"],
            "reason": form.cleaned_data["reason"],
            "by": request.user,
            "lines": [
                services.LineDraft(row["product"].pk, row["quantity"])
                for row in (line.cleaned_data for line in lines)
                if row.get("product") and not row.get("DELETE")
            ],
        }
        if order is None:
            saved = services.write_order(**given)
        else:
            version = form.cleaned_data["version"]
            saved = services.edit_draft(order_id=order.pk, version=version, **given)
        total = in_words(saved.total, saved.currency)
        messages.success(request, _("{order} is saved: {total}.").format(order=saved, total=total))
        return self.admin_path("change", saved.pk)

    def _draft_page(
        self,
        request: HttpRequest,
        order: Order | None,
        form: DraftForm,
        lines: Any,
        *,
        refused: Refused | None = None,
        status: int = 200,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Edit draft") if order else _("New order"),
            "opts": self.opts,
            "original": order,
            "order": order,
            "form": form,
            "lines": lines,
            "refused": refused,
            "theirs": lines_of(order) if isinstance(refused, StaleVersion) and order else (),
            "currency": order.currency if order else Order().currency,
            "media": self.media + form.media + lines.media,
            "can_add_customer": request.user.has_perm("orders.add_customer"),
            "back_url": self.admin_path("change", order.pk)
            if order
            else self.admin_path("changelist"),
        }
        return TemplateResponse(request, "orders/draft.html", context, status=status)

    # --- What the form looks up ----------------------------------------------------------------

    def customers_view(self, request: HttpRequest) -> JsonResponse:
        words = _words(request)
        found = Customer.objects.filter(is_active=True).order_by("first_name", "email")
        for word in words.split():
            found = found.filter(
                Q(email__icontains=word)
                | Q(first_name__icontains=word)
                | Q(last_name__icontains=word)
            )
        return self._options(request, found, CustomerField.options_of)

    def products_view(self, request: HttpRequest) -> JsonResponse:
        words = _words(request)
        found = Product.objects.published().sellable().order_by("name", "pk")
        return self._options(request, found.search(words), ProductField.options_of)

    def _options(self, request: HttpRequest, found: QuerySet[Any], options_of: Any) -> JsonResponse:
        """Answer as Select2 expects, to people who may write orders."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        page = Paginator(found, CHOICES_A_PAGE).get_page(request.GET.get("page", 1))
        return JsonResponse(
            {"results": options_of(list(page)), "pagination": {"more": page.has_next()}}
        )


def _forms_of(order: Order | None, request: HttpRequest) -> tuple[DraftForm, Any]:
    start: dict[str, Any] = {"idempotency_key": uuid7().hex}
    rows = []
    if order is None:
        start["customer"] = request.GET.get("customer", "")
    else:
        start |= {
            "customer": order.customer_id,
            "channel": order.channel,
            "shipping_fee": order.shipping_fee,
            "version": order.version,
        }
        rows = [
            {"product": line.product_id, "quantity": line.quantity}
            for line in order.lines.order_by("id")
        ]
    return DraftForm(initial=start), LineFormSet(initial=rows, prefix="lines")


def _words(request: HttpRequest) -> str:
    """Return what is looked for, without the NUL that PostgreSQL takes in no question."""
    return request.GET.get("term", "").replace("\x00", "").strip()


def _sent(request: HttpRequest) -> list[tuple[str, list[Any]]]:
    """Return what was sent, without the token that is made anew for each page."""
    return sorted(item for item in request.POST.lists() if item[0] != "csrfmiddlewaretoken")
