"""Customers: a list and a page to look at, masked by role, and the form for a new one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from backoffice.adminkit.acts import Act
from backoffice.adminkit.answers import answer_redirect
from backoffice.adminkit.console import ConsoleAdmin, money
from backoffice.adminkit.display import number
from backoffice.adminkit.forms import ConsoleForm
from backoffice.erasure import is_erased
from backoffice.flows import Ask
from backoffice.ids import uuid7
from orders import services
from orders.customers import customer_page, with_totals
from orders.models import Customer
from orders.models.people import ADDRESS_FIELDS
from orders.sight import Sight


def _line(label: Any, *, length: int = 200, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=length,
        help_text=help_text,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )


class CustomerForm(ConsoleForm):
    """A new customer: who, how to reach them, where parcels go."""

    phone = _line(_("Phone"), length=40)
    company = _line(_("Company"))
    line1 = _line(_("Street"))
    line2 = _line(_("Addition"))
    postal_code = _line(_("Postal code"), length=20)
    city = _line(_("City"), length=120)
    region = _line(_("Region"), length=120)
    country = _line(_("Country"), length=2, help_text=_("Two letters, for example DE."))

    class Meta:
        model = Customer
        fields = ("first_name", "last_name", "email")


@admin.register(Customer)
class CustomerAdmin(ConsoleAdmin):
    """Read-only except for creation; a change is a new contact or address on an order."""

    form = CustomerForm
    asks_reason = False
    acts = (
        Act(
            "add_note",
            _("Add note"),
            services.NOTE_CUSTOMER,
            asks=(Ask("body", _("Note"), "text", required=True),),
            one=services.add_customer_note,
            done=_("The note is kept."),
        ),
        Act(
            "erase",
            _("Erase personal data"),
            services.ERASE,
            asks=(
                Ask(
                    "reason",
                    _("Reason"),
                    required=True,
                    help=_("The request, without any name: this sentence stays in the record."),
                ),
            ),
            one=services.erase_customer,
            tone="danger",
            icon="person_remove",
            effect=_("for good; nobody can bring it back"),
            dismiss=_("Keep the data"),
            done=_("The customer's personal data are erased."),
        ),
    )
    list_display = ("masked_name", "masked_email", "orders_placed", "value", "last_order_at")
    list_display_links = ("masked_name",)
    search_fields = ("email", "first_name", "last_name")
    search_help_text = _("E-mail address or name")
    ordering = ("-created_at",)
    fieldsets = (
        (None, {"fields": ("first_name", "last_name", "email", "phone")}),
        (_("Address"), {"fields": ADDRESS_FIELDS[1:]}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        return with_totals(super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Customer], search_term: str
    ) -> tuple[QuerySet[Customer], bool]:
        """Who sees masks finds a whole e-mail address, and nothing by guessing letters."""
        words = search_term.strip()
        if Sight.of(request.user).sees_customer:
            return super().get_search_results(request, queryset, words)
        if request.path == reverse("admin:autocomplete"):
            # Its answer prints full names.
            return queryset.none(), False
        return (queryset.filter(email=words.lower()) if words else queryset), False

    def prepare_page(self, request: HttpRequest, rows: Any) -> Any:
        rows, sight = list(rows), Sight.of(request.user)
        for row in rows:
            row.shown_name = sight.name(str(row))
            row.shown_email = sight.email(row.email)
        return rows

    # --- One customer --------------------------------------------------------------------------

    def row_page(self, request: HttpRequest, customer: Any) -> HttpResponse:
        """Show the customer's orders, money and notes."""
        user = request.user
        page = customer_page(customer, user=user)
        new_order = reverse("admin:orders_order_add")
        orders = reverse("admin:orders_order_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": page.name,
            "opts": self.opts,
            "page": page,
            "new_order_url": f"{new_order}?customer={customer.pk}"
            if user.has_perm("orders.add_order")
            else "",
            # Who sees masks finds orders by a whole address only, and has none to look for.
            "all_orders_url": f"{orders}?q={quote(customer.email)}"
            if page.has_more_orders and page.sight.sees_customer
            else "",
            "mergeable": page.mergeable if user.has_perm("orders.merge_order") else set(),
            "note_url": self.admin_path("act", customer.pk, "add_note")
            if user.has_perm(services.NOTE_CUSTOMER)
            else "",
            "note_key": uuid7().hex,
            "erase_url": self.admin_path("act", customer.pk, "erase")
            if user.has_perm(services.ERASE) and not is_erased(customer)
            else "",
        }
        return TemplateResponse(request, "orders/customer.html", context)

    def act_facts(
        self, request: HttpRequest, act: Act, rows: Sequence[Any]
    ) -> list[tuple[Any, Any]]:
        """Say above the question what an erasure takes, and what it leaves."""
        if act.name != "erase" or len(rows) != 1:
            return []
        plan = services.plan_erasure(rows[0])
        facts = [(format_lazy(_("Goes: {what}"), what=what), n) for what, n in plan.goes if n]
        facts += [(format_lazy(_("Stays: {what}"), what=what), n) for what, n in plan.stays if n]
        if plan.refusal is not None:
            facts.insert(0, (_("Not yet"), str(plan.refusal)))
        return facts

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the customer's page: a user's history has no names, its title would."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        return answer_redirect(request, self.admin_path("change", object_id))

    def history_form_view(
        self, request: HttpRequest, object_id: str, history_id: int
    ) -> HttpResponse:
        return self.history_view(request, object_id)

    def history_compare_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.history_view(request, object_id)

    # --- A new one -----------------------------------------------------------------------------

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def perform_save(
        self, request: HttpRequest, form: Any, obj: Customer, *, change: bool
    ) -> Customer:
        """Make the customer, with contact and, when one was typed, address."""
        given = form.cleaned_data
        said = {"by": request.user, "reason": given["reason"]}
        customer = services.create_customer(
            email=given["email"],
            first_name=given["first_name"],
            last_name=given["last_name"],
            **said,
        )
        services.record_contact(
            customer_id=customer.pk,
            name=str(customer),
            email=customer.email,
            phone=given["phone"],
            **said,
        )
        typed = {name: given[name] for name in ADDRESS_FIELDS[1:]}
        if any(typed.values()):
            services.record_address(customer_id=customer.pk, name=str(customer), **typed, **said)
        return customer

    # --- Columns -------------------------------------------------------------------------------

    @admin.display(description=_("Name"), ordering="first_name")
    def masked_name(self, customer: Any) -> str:
        return customer.shown_name

    @admin.display(description=_("E-mail"), ordering="email")
    def masked_email(self, customer: Any) -> str:
        return customer.shown_email

    @admin.display(description=_("Orders"), ordering="order_count")
    def orders_placed(self, customer: Any) -> SafeString:
        return number(customer.order_count)

    @admin.display(description=_("Lifetime value"), ordering="lifetime_value")
    def value(self, customer: Any) -> SafeString:
        return money(customer.lifetime_value, settings.CURRENCY)

    @admin.display(description=_("Last order"), ordering="last_order_at")
    def last_order_at(self, customer: Any) -> Any:
        return customer.last_order_at
