"""Reviews and their moderation: read, then approve or reject."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from backoffice.adminkit.console import Queue
from backoffice.adminkit.flow_admin import FlowAdmin
from catalog.admin import columns
from catalog.filters import ReviewFilter
from catalog.models import Review


@admin.register(Review)
class ReviewAdmin(FlowAdmin):
    list_display = ("review", "stars", "item", "written_by", "state", "written")
    list_display_links = ("review",)
    list_select_related = ("product", "author")
    search_fields = ("title", "body", "product__sku", "product__name")
    search_help_text = _("Words of the review, SKU or name of the product")
    ordering = ("-created_at", "-id")
    filterset_class = ReviewFilter
    queues = (
        Queue("waiting", _("Waiting"), lambda rows: rows.filter(status="pending"), tone="info"),
        Queue("approved", _("Approved"), lambda rows: rows.filter(status="approved")),
        Queue("rejected", _("Rejected"), lambda rows: rows.filter(status="rejected")),
    )
    fields = ("item", "written_by", "stars", "title", "body", "state", "written")
    readonly_fields = fields
    step_options: ClassVar = {"approve": {"icon": "thumb_up"}, "reject": {"icon": "thumb_down"}}

    class Media:
        css: ClassVar = {"all": ("catalog/catalog.css",)}

    @display(description=_("Review"), ordering="title")
    def review(self, review: Review) -> SafeString:
        return columns.two_lines(review.title or _("Without a title"), review.body)

    @display(description=_("Stars"), ordering="rating")
    def stars(self, review: Review) -> SafeString:
        return columns.stars(review.rating)

    @display(description=_("Product"), ordering="product__name")
    def item(self, review: Review) -> SafeString:
        return columns.product_link(review.product)

    @display(description=_("Author"), ordering="author__first_name")
    def written_by(self, review: Review) -> str:
        return str(review.author)

    @display(description=_("Status"), ordering="status")
    def state(self, review: Review) -> SafeString:
        return self.state_label(review)

    @display(description=_("Written"), ordering="created_at")
    def written(self, review: Review) -> SafeString | str:
        return columns.moment(review.created_at)
