"""Products: the list people work in all day, and one product's page. Services do the writing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from backoffice.adminkit.console import Queue
from backoffice.adminkit.flow_admin import FlowAdmin
from backoffice.adminkit.imports import ImportAdmin
from backoffice.adminkit.lists import ConsoleChangeList
from backoffice.adminkit.serving import RowOffer
from catalog import services
from catalog.admin import columns
from catalog.admin.as_of import ShowsProductAsOf
from catalog.admin.facts import AVAILABLE_ORDER, load_product_facts
from catalog.admin.forms import ParentBox
from catalog.admin.pictures import PictureInline, save_pictures
from catalog.admin.product_acts import PRODUCT_ACTS
from catalog.admin.product_form import ProductForm
from catalog.admin.product_history import add_links, price_story_view
from catalog.admin.product_page import panels_of
from catalog.filters import ProductFilter, of_stock_state
from catalog.models import Product
from catalog.models.product_queries import ProductQuerySet

PRICE_FIELDS = ("price", "compare_at_price")
# A draft waits to be published; what is on sale is repriced and restocked far more than hidden.
OFFER_ORDER = (
    "publish",
    "restore",
    "change_price",
    "schedule_price",
    "adjust_stock",
    "receive_stock",
    "feature",
    "unfeature",
    "unpublish",
    "archive",
)


class ProductChangeList(ConsoleChangeList):
    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """Leave archived products out of “All”, unless they are searched or filtered for."""
        products = super().get_queryset(request, exclude_parameters)
        if self.queue_name or self.query or request.GET.get("status"):
            return products
        return products.active()


@admin.register(Product)
class ProductAdmin(ImportAdmin, ShowsProductAsOf, FlowAdmin):
    sheet = "products"
    list_display = (
        "product",
        "category_path",
        "state",
        "price_now",
        "stock",
        "star",
        "updated",
    )
    list_display_links = ("product",)
    list_select_related = ("category__parent",)
    list_needs_facts = True
    search_fields = ("sku", "barcode", "name")
    search_help_text = _("SKU, barcode, words of the name or description, tag")
    ordering = ("-created_at", "-id")
    filterset_class = ProductFilter
    queues = (
        Queue("published", _("Published"), ProductQuerySet.published),
        Queue("drafts", _("Drafts"), lambda products: products.filter(status="draft")),
        Queue("low", _("Low stock"), ProductQuerySet.low_on_stock, tone="warning"),
        Queue(
            "out",
            _("Out of stock"),
            lambda products: of_stock_state(products.published(), "out"),
            tone="danger",
        ),
        Queue("featured", _("Featured"), ProductQuerySet.featured),
        Queue("archived", _("Archived"), lambda products: products.filter(status="archived")),
    )

    acts = PRODUCT_ACTS
    step_options: ClassVar = {
        "publish": {"icon": "visibility"},
        "unpublish": {"icon": "visibility_off"},
        "archive": {"icon": "archive"},
        "restore": {"icon": "unarchive"},
    }

    form = ProductForm
    inlines = (PictureInline,)
    autocomplete_fields = ("parent",)
    change_form_outer_before_template = "catalog/admin/product_summary.html"
    change_form_outer_after_template = "catalog/admin/product_panels.html"
    fieldsets = (
        (
            _("Basics"),
            {
                "fields": (
                    "name",
                    ("sku", "barcode"),
                    ("category", "is_featured"),
                    "tag_names",
                    "description",
                )
            },
        ),
        (
            _("Price"),
            {
                "fields": (("price", "compare_at_price"), ("cost", "currency"), "tax_class"),
                "description": _("The list price. A scheduled price leaves it as it is."),
            },
        ),
        (
            _("Stock & shipping"),
            {
                "classes": ("tab",),
                "fields": ("low_stock_threshold", "weight_grams"),
            },
        ),
        (
            _("Variant"),
            {
                "classes": ("tab",),
                "fields": ("parent", "options"),
            },
        ),
        (
            _("Search engines"),
            {
                "classes": ("tab",),
                "fields": ("slug", "meta_title", "meta_description"),
            },
        ),
    )

    class Media:
        css: ClassVar = {"all": ("catalog/catalog.css", "backoffice/as_of.css")}

    # --- The list ------------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ConsoleChangeList]:
        return ProductChangeList

    def load_facts(self, rows: Sequence[Product]) -> None:
        super().load_facts(rows)
        load_product_facts(rows)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        if request.GET.get("field_name") == "parent" and request.GET.get("model_name") == "product":
            queryset = queryset.active().filter(parent=None)
        return queryset.containing(search_term), False

    @display(description=_("Product"), ordering="name")
    def product(self, product: Product) -> SafeString:
        facts = product.facts
        return columns.product_cell(product, picture=facts.picture, is_parent=facts.is_parent)

    @display(description=_("Category"), ordering="category__name")
    def category_path(self, product: Product) -> SafeString | str:
        return columns.category_cell(product.category)

    @display(description=_("Status"), ordering="status")
    def state(self, product: Product) -> SafeString:
        return self.state_label(product)

    @display(description=_("Price"), ordering="price")
    def price_now(self, product: Product) -> SafeString:
        return columns.price_cell(product, product.facts.running_price)

    @display(description=_("Available"), ordering=AVAILABLE_ORDER)
    def stock(self, product: Product) -> SafeString:
        return columns.stock_cell(
            product.facts.available,
            product.low_stock_threshold,
            is_parent=product.facts.is_parent,
            is_sold=product.status == "published",
        )

    @display(description="★", ordering="is_featured")
    def star(self, product: Product) -> SafeString | str:
        return columns.symbol("star", _("Featured"), "cat-star") if product.is_featured else ""

    @display(description=_("Updated"), ordering="updated_at")
    def updated(self, product: Product) -> SafeString | str:
        return columns.moment(product.updated_at)

    # --- Offers --------------------------------------------------------------------------------

    def row_offers(self, request: HttpRequest, row: Any) -> list[RowOffer]:
        """What is done most stands first; what would change nothing is left out."""
        pointless = {"feature" if row.is_featured else "unfeature"}
        if row.facts.is_parent and not row.facts.available:
            pointless |= {"adjust_stock", "receive_stock"}  # its variants lie on the shelf
        offers = [o for o in super().row_offers(request, row) if o.act.name not in pointless]
        return sorted(offers, key=lambda offer: OFFER_ORDER.index(offer.act.name))

    def act_facts(
        self, request: HttpRequest, act: Any, rows: Sequence[Product]
    ) -> list[tuple[Any, Any]]:
        """Show what a number is going to replace, beside the question for the number."""
        if len(rows) != 1:
            return []
        product = rows[0]
        if act.permission.endswith("change_price_product"):
            price = columns.price_cell(product, product.facts.running_price)
            return [
                (_("Price now"), price),
                (_("Compare-at price"), columns.money(product.compare_at_price, product.currency)),
                (_("Cost"), columns.money(product.cost, product.currency)),
            ]
        if act.permission.endswith("adjust_stock_product"):
            return columns.stock_facts(product.levels.select_related("location"))
        return []

    # --- One product ---------------------------------------------------------------------------

    def view_on_site(self, product: Product) -> str | None:
        """Link to the shop's page while there is one."""
        is_shown = (
            product.slug
            and product.status == "published"
            and (product.parent is None or product.parent.status == "published")
        )
        # A form that came with a blank slug is shown again, and leads nowhere.
        return product.get_absolute_url() if is_shown and product.slug else None

    def get_urls(self) -> list[URLPattern]:
        stories = path(
            "<path:object_id>/prices/",
            self.admin_site.admin_view(self.price_story),
            name="catalog_product_prices",
        )
        return [stories, *super().get_urls()]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().history_view(request, object_id, extra_context)
        if isinstance(response, TemplateResponse):
            context = response.context_data
            context["entries"] = add_links(
                context["object"].pk,
                context["entries"],
                page_number=context["page_number"],
                has_older=context["has_older"],
            )
        return response

    def price_story(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return price_story_view(self, request, object_id)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        """A column that asks for more than editing is shown, not offered."""
        fields = list(super().get_readonly_fields(request, obj))
        if obj is not None and not request.user.has_perm("catalog.change_price_product"):
            fields += PRICE_FIELDS
        if obj is not None and not request.user.has_perm("catalog.feature_product"):
            fields.append("is_featured")
        return fields

    @display(description=_("Tags"))
    def tag_names(self, product: Product) -> str:
        """For those who may only look; others get the form's field of this name."""
        return ", ".join(sorted(tag.name for tag in product.tags.all())) or columns.NOTHING

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "parent":
            kwargs["widget"] = ParentBox(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if obj is not None and "price" in form.base_fields:
            form.base_fields["price"].help_text = columns.price_story_link(obj)
        if (parent := form.base_fields.get("parent")) is not None:
            # A product is made on its own page, not in a pop-up.
            parent.widget.can_add_related = False
            parent.widget.can_change_related = False
        return form

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        product = kwargs.get("obj")
        if product is not None:
            if request.method == "POST":
                # The form has typed values on the row; beside it stands what is true.
                product = Product.objects.select_related("parent").get(pk=product.pk)
            load_product_facts([product])
            context.update(panels_of(product, request.user))
            context["as_of"] = self.as_of_menu(product.pk)
            context["status_badge"] = self.state_label(product)
        return super().render_change_form(request, context, *args, **kwargs)

    def perform_save(self, request: HttpRequest, form: Any, obj: Any, *, change: bool) -> Product:
        reason = form.cleaned_data["reason"]
        if not change:
            return services.create_product(draft=form.draft, by=request.user, reason=reason)
        return services.edit_product(
            product_id=obj.pk,
            changes=form.product_changes,
            by=request.user,
            reason=reason,
            version=form.cleaned_data["version"],
        )

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        save_pictures(formset, form.instance, by=request.user, reason=form.cleaned_data["reason"])
