"""The category tree and the tags: shown whole, changed by their services only."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from backoffice.adminkit.acts import Act
from backoffice.adminkit.console import ConsoleAdmin
from backoffice.adminkit.forms import ActForm
from backoffice.adminkit.imports import ImportAdmin
from backoffice.adminkit.lists import ConsoleChangeList
from catalog import services
from catalog.admin import columns
from catalog.admin.forms import SearchBox, ServiceForm
from catalog.admin.product_acts import OPTIONAL_REASON
from catalog.filters import CategoryChoice, category_tree
from catalog.models import Category, Product, Tag

# The tree's indentation is drawn up to here; deeper levels stay in line with it.
DEEPEST = 5


class GoesToListAfterDelete(ConsoleAdmin):
    """The page of a deleted row is gone: whoever deleted it goes back to the list."""

    def _do_one(self, request: HttpRequest, act: Act, row: Any, form: ActForm) -> str:
        location = super()._do_one(request, act, row, form)
        return self.admin_path("changelist") if act.name == "delete" else location


class CategoryForm(ServiceForm):
    slug = forms.SlugField(
        label=_("Slug"),
        required=False,
        max_length=140,
        widget=UnfoldAdminTextInputWidget(),
        help_text=_("The category's address in the shop. Blank: made from the name."),
    )
    parent = CategoryChoice(
        label=_("Below"),
        required=False,
        queryset=None,
        empty_label=_("Nothing: at the top of the tree"),
        widget=SearchBox(),
        help_text=_("Everything below this category moves along with it."),
    )

    class Meta:
        model = Category
        fields = ("name", "parent", "slug", "description")
        help_texts: ClassVar = {
            "name": _("As customers read it in the menu; unique below its parent."),
            "description": _("Stands above the category's products in the shop."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "description" in self.fields:
            self.fields["description"].widget.attrs["rows"] = 4
        if "parent" in self.fields:
            self.fields["parent"].queryset = category_tree()


class CategoryChangeList(ConsoleChangeList):
    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """The tree's own order, unless a column was chosen to sort by."""
        rows = super().get_queryset(request, exclude_parameters).with_tree_fields()
        return rows if "o" in request.GET else rows.order_by("tree_ordering")


@admin.register(Category)
class CategoryAdmin(ImportAdmin, GoesToListAfterDelete):
    sheet = "categories"
    list_display = ("node", "product_total", "slug", "updated")
    list_display_links = ("node",)
    list_per_page = 200
    ordering = ("pk",)  # the list itself is in the tree's order
    search_fields = ("name", "slug")
    form = CategoryForm
    fields = ("name", "parent", "slug", "description")
    acts = (
        Act(
            "delete",
            _("Delete"),
            "catalog.delete_category",
            one=services.delete_category,
            tone="danger",
            icon="delete",
            dismiss=_("Keep category"),
            asks=(OPTIONAL_REASON,),
            effect=_("removes it for good; only one without products and subcategories"),
            done=_("{row}: deleted."),
        ),
    )

    class Media:
        css: ClassVar = {"all": ("catalog/catalog.css",)}

    def view_on_site(self, category: Category) -> str | None:
        # A form that was refused has typed on the row: its slug may be blank by now.
        return category.get_absolute_url() if category.slug else None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ConsoleChangeList]:
        return CategoryChangeList

    def prepare_page(self, request: HttpRequest, rows: Any) -> list[Category]:
        rows = list(rows)
        counts = products_below()
        for row in rows:
            row.product_count = counts.get(row.pk, 0)
        return rows

    @display(description=_("Category"), ordering="name")
    def node(self, category: Category) -> SafeString:
        depth = min(getattr(category, "tree_depth", 0), DEEPEST)
        return format_html(
            '<span class="cat-node cat-depth-{}">{}{}</span>',
            depth,
            columns.symbol("subdirectory_arrow_right" if depth else "folder"),
            category.name,
        )

    @display(description=_("Products"))
    def product_total(self, category: Category) -> SafeString:
        """Products here and below, archived ones left out; leads to them."""
        products = reverse("admin:catalog_product_changelist")
        return columns.count_link(category.product_count, f"{products}?category={category.pk}")

    @display(description=_("Updated"), ordering="updated_at")
    def updated(self, category: Category) -> SafeString | str:
        return columns.moment(category.updated_at)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs.setdefault("fields", self.fields)
        return super().get_form(request, obj, change, **kwargs)

    def perform_save(self, request: HttpRequest, form: Any, obj: Any, *, change: bool) -> Category:
        typed, reason = form.cleaned_data, form.cleaned_data["reason"]
        if not change:
            return services.create_category(
                name=typed["name"],
                slug=typed["slug"],
                description=typed["description"],
                parent_id=typed["parent"].pk if typed["parent"] else None,
                by=request.user,
                reason=reason,
            )
        changes = form.typed_changes
        if not changes.get("slug", "kept"):
            del changes["slug"]
        return services.edit_category(
            category_id=obj.pk,
            changes=changes,
            by=request.user,
            reason=reason,
            version=typed["version"],
        )


def products_below() -> dict[int, int]:
    """Return how many products, archived ones left out, hang at and below each category."""
    parents = dict(Category.objects.order_by().values_list("pk", "parent"))
    here = (
        Product.objects.active()
        .filter(category__isnull=False)
        .order_by()
        .values_list("category")
        .annotate(count=Count("pk"))
    )
    below: dict[int, int] = defaultdict(int)
    for category_id, count in here:
        above: int | None = category_id
        while above is not None:
            below[above] += count
            above = parents.get(above)
    return below


class TagForm(ServiceForm):
    class Meta:
        model = Tag
        fields = ("name",)
        help_texts: ClassVar = {
            "name": _("One or two words. Capital letters make no other tag; the slug stays."),
        }


@admin.register(Tag)
class TagAdmin(GoesToListAfterDelete):
    list_display = ("name", "product_total", "slug", "updated")
    search_fields = ("name",)
    form = TagForm
    fields = ("name",)
    acts = (
        Act(
            "delete",
            _("Delete"),
            "catalog.delete_tag",
            one=services.delete_tag,
            tone="danger",
            icon="delete",
            dismiss=_("Keep tag"),
            asks=(OPTIONAL_REASON,),
            effect=_("removes it for good; only one that no product bears"),
            done=_("{row}: deleted."),
        ),
    )

    class Media:
        css: ClassVar = {"all": ("catalog/catalog.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        active = Count("product_links", filter=~Q(product_links__product__status="archived"))
        return super().get_queryset(request).annotate(product_count=active)

    @display(description=_("Products"), ordering="product_count")
    def product_total(self, tag: Tag) -> SafeString:
        products = reverse("admin:catalog_product_changelist")
        return columns.count_link(tag.product_count, f"{products}?tag={tag.pk}")

    @display(description=_("Updated"), ordering="updated_at")
    def updated(self, tag: Tag) -> SafeString | str:
        return columns.moment(tag.updated_at)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs.setdefault("fields", self.fields)
        return super().get_form(request, obj, change, **kwargs)

    def perform_save(self, request: HttpRequest, form: Any, obj: Any, *, change: bool) -> Tag:
        name, reason = form.cleaned_data["name"], form.cleaned_data["reason"]
        if not change:
            return services.create_tag(name=name, by=request.user, reason=reason)
        if not form.has_changed():
            return obj
        return services.rename_tag(tag_id=obj.pk, name=name, by=request.user, reason=reason)
