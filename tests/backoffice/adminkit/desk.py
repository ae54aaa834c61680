"""A small admin site for tests: real models, with verbs that a test can steer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import django_filters
from django.contrib import admin
from django.http import HttpRequest
from django.urls import include, path

from backoffice.adminkit.acts import Act
from backoffice.adminkit.console import ConsoleAdmin, Queue
from backoffice.adminkit.filters import ConsoleFilterSet, DayRangeFilter
from backoffice.adminkit.flow_admin import FlowAdmin
from backoffice.adminkit.site import ConsoleSite
from backoffice.flows import Ask
from backoffice.refused import Refused
from backoffice.steps import Outcome
from catalog import services
from catalog.models import Product, Tag

desk_site = ConsoleSite(name="desk")

# What the steered verb was called with, and whom it refuses.
calls: list[dict[str, Any]] = []
refuses: set[Any] = set()


class TooHeavy(Refused):
    sentence = "{what} is too heavy."
    hint = "Call a colleague."
    http_status = 409


def lift_product(
    *, product_id: int, by: Any, reason: str, how: str, version: int | None = None
) -> None:
    calls.append(
        {"product_id": product_id, "by": by, "reason": reason, "how": how, "version": version}
    )
    if product_id in refuses:
        raise TooHeavy(what=Product.objects.get(pk=product_id))


def lift_products(*, product_ids: list[int], by: Any, reason: str, how: str) -> Outcome[Product]:
    calls.append({"product_ids": list(product_ids), "by": by, "reason": reason, "how": how})
    outcome: Outcome[Product] = Outcome()
    for product in Product.objects.filter(pk__in=product_ids).order_by("pk"):
        if product.pk in refuses:
            outcome.refused.append((product, TooHeavy(what=product)))
        else:
            outcome.done.append(product)
    return outcome


def delete_tag(*, tag_id: int, by: Any, reason: str) -> None:
    Tag.objects.get(pk=tag_id).delete()


LIFT = Act(
    "lift",
    "Lift",
    "catalog.change_product",
    asks=(
        Ask(
            "how", "How", "choice", required=True, choices=(("hand", "By hand"), ("crane", "Crane"))
        ),
        Ask("reason", "Reason", required=True),
    ),
    tone="danger",
    one=lift_product,
    many=lift_products,
    dismiss="Keep it down",
)


class ProductFilters(ConsoleFilterSet):
    created_at = DayRangeFilter(field_name="created_at", label="Created")
    name = django_filters.CharFilter(lookup_expr="icontains")
    is_featured = django_filters.BooleanFilter()
    price = django_filters.RangeFilter()

    class Meta:
        model = Product
        fields = ("created_at", "name", "is_featured", "price")


@admin.register(Product, site=desk_site)
class DeskProductAdmin(FlowAdmin):
    list_display = ("name", "sku", "state_label", "row_buttons")
    list_acts = ("publish", "unpublish")
    search_fields = ("name", "sku")
    fields = ("name", "sku", "price")
    acts = (LIFT,)
    filterset_class = ProductFilters
    queues = (
        Queue("drafts", "Drafts", lambda q: q.filter(status="draft")),
        Queue("secret", "Secret", lambda q: q, permission="backoffice.add_user"),
    )

    def perform_save(
        self, request: HttpRequest, form: Any, obj: Product, *, change: bool
    ) -> Product:
        data = form.cleaned_data
        if data["name"] == "Anvil":
            raise TooHeavy(what="The anvil")
        return services.edit_product(
            product_id=obj.pk,
            changes={name: data[name] for name in form.changed_data if name in self.fields},
            by=request.user,
            reason=data["reason"],
            version=data["version"],
        )


@admin.register(Tag, site=desk_site)
class DeskTagAdmin(ConsoleAdmin):
    """Has no service: it can only be looked at."""

    fields = ("name",)
    acts = (Act("delete", "Delete", "catalog.delete_tag", tone="danger", one=delete_tag),)


def make_product(by: Any, sku: str = "MUG", **fields: Any) -> Product:
    fields = {"name": sku.title(), "price": Decimal("12.50"), **fields}
    return services.create_product(
        draft=services.ProductDraft(sku=sku, **fields), by=by, reason="For a test"
    )


urlpatterns = [
    path("admin/", admin.site.urls),
    path("desk/", desk_site.urls),
    path("", include("backoffice.signin.urls")),
]
