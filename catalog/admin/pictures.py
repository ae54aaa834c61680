"""The gallery inside the product's form; each row that changed is handed to its verb."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminImageSmallFieldWidget, UnfoldAdminIntegerFieldWidget

from backoffice.adminkit.console import TabularInline
from backoffice.models import User
from catalog import services
from catalog.models import Product, ProductImage

MOST_POSITION = 32_000


class PictureForm(forms.ModelForm):
    # Not an ImageField: that one believes the file's name, and opens it before its size is known.
    file = forms.FileField(
        label=_("Picture"),
        widget=UnfoldAdminImageSmallFieldWidget({"accept": "image/*"}),
        help_text=_("JPEG, PNG, WebP or GIF."),
    )
    position = forms.IntegerField(
        label=_("Position"),
        required=False,
        min_value=0,
        max_value=MOST_POSITION,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("The lowest number leads. Blank: at the end."),
    )

    class Meta:
        model = ProductImage
        fields = ("file", "alt_text", "position")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            self.initial["position"] = None


class PictureInline(TabularInline):
    model = ProductImage
    form = PictureForm
    fields = ("file", "alt_text", "position")
    verbose_name_plural = _("Pictures – the first one leads")
    ordering = ("position", "id")
    hide_title = True


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
                product_id=product.pk,
                upload=data["file"],
                alt_text=data["alt_text"],
                by=by,
                reason=reason,
            )
        elif "file" in form.changed_data:
            # Another file is another picture: history keeps which one was shown until now.
            services.remove_picture(picture_id=picture.pk, by=by, reason=reason)
            picture = services.add_picture(
                product_id=product.pk,
                upload=data["file"],
                alt_text=data["alt_text"],
                by=by,
                reason=reason,
            )
        elif "alt_text" in form.changed_data:
            services.describe_picture(
                picture_id=picture.pk, alt_text=data["alt_text"], by=by, reason=reason
            )
        position = data["position"]
        wanted.append((MOST_POSITION + 1 if position is None else position, picture.pk))
    if len(wanted) > 1:
        order = [pk for _position, pk in sorted(wanted)]
        services.order_pictures(product_id=product.pk, picture_ids=order, by=by, reason=reason)
