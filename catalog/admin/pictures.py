"""The gallery inside the product's form; each row that changed is handed to its verb."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from backoffice.adminkit.console import TabularInline
from backoffice.models import User
from catalog import services
from catalog.models import Product, ProductImage


class PictureInline(TabularInline):
    model = ProductImage
    fields = ("preview", "file", "alt_text", "position")
    readonly_fields = ("preview",)
    verbose_name_plural = _("Pictures – the first one leads")
    ordering = ("position", "id")

    @display(description=_("Picture"))
    def preview(self, picture: ProductImage) -> SafeString | str:
        if not picture.file:
            return ""
        return format_html(
            '<img class="cat-preview" src="{}" alt="{}" loading="lazy">',
            picture.file.url,
            picture.alt_text,
        )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).order_by("position", "id")


def save_pictures(formset: Any, product: Product, *, by: User, reason: str) -> None:
    """Remove, add, describe and arrange pictures as the formset says. Raises Refused."""
    for form in formset.deleted_forms:
        if form.instance.pk:
            services.remove_picture(picture_id=form.instance.pk, by=by, reason=reason)
    kept = [form for form in formset.forms if form not in formset.deleted_forms]
    wanted: list[tuple[int, int]] = []
    for form in kept:
        data = form.cleaned_data
        picture = form.instance
        if picture.pk is None and not form.has_changed():
            continue
        if picture.pk is None:
            picture = services.add_picture(
                product_id=product.pk, upload=data["file"], alt_text=data["alt_text"],
                by=by, reason=reason,
            )  # fmt: skip
        elif "file" in form.changed_data:
            # Another file is another picture: history keeps which one was shown until now.
            services.remove_picture(picture_id=picture.pk, by=by, reason=reason)
            picture = services.add_picture(
                product_id=product.pk, upload=data["file"], alt_text=data["alt_text"],
                by=by, reason=reason,
            )  # fmt: skip
        elif "alt_text" in form.changed_data:
            services.describe_picture(
                picture_id=picture.pk, alt_text=data["alt_text"], by=by, reason=reason
            )
        wanted.append((data["position"], picture.pk))
    if len(wanted) > 1:
        order = [pk for _position, pk in sorted(wanted)]
        services.order_pictures(product_id=product.pk, picture_ids=order, by=by, reason=reason)
