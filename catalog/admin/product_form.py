"""The product's form: what a merchandiser may type; status and stock have verbs of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from backoffice.imports import compound
from backoffice.imports.parse import Fault
from catalog import services
from catalog.admin.forms import SearchBox, ServiceForm, WordsBox
from catalog.filters import CategoryChoice, category_tree
from catalog.models import Product, Tag


class TagNames(forms.MultipleChoiceField):
    """Tags by name; a name that is new becomes a tag."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=WordsBox(), choices=self.known, **options)

    @staticmethod
    def known() -> Iterable[tuple[str, str]]:
        return ((name, name) for name in Tag.objects.values_list("name", flat=True))

    def valid_value(self, value: str) -> bool:
        return len(value) <= Tag._meta.get_field("name").max_length

    def clean(self, value: Sequence[str] | None) -> list[str]:
        names = (" ".join(name.split()) for name in value or ())
        return super().clean(list(dict.fromkeys(name for name in names if name)))


class OptionPairs(forms.CharField):
    """What sets a variant apart, typed as the sheet writes it: "Colour=Slate; Size=M"."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=UnfoldAdminTextInputWidget(), **options)

    def prepare_value(self, value: Any) -> Any:
        return compound.joined_pairs(value) if isinstance(value, dict) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.prepare_value(initial or {}) != (data or "")

    def clean(self, value: Any) -> dict[str, str]:
        if isinstance(value, dict):  # kept as it is, after a conflict
            return value
        try:
            return compound.pairs(super().clean(value))
        except Fault as fault:
            sentence = f"{fault.message} {fault.hint}".strip()
            raise forms.ValidationError(sentence, code=fault.code) from fault


class ProductForm(ServiceForm):
    slug = forms.SlugField(
        label=_("Slug"),
        required=False,
        max_length=250,
        widget=UnfoldAdminTextInputWidget(),
        help_text=_("The product's address in the shop. Blank: made from the name."),
    )
    category = CategoryChoice(
        label=_("Category"),
        required=False,
        queryset=None,
        empty_label=_("No category"),
        widget=SearchBox(),
        help_text=_("Its place in the tree; the deepest one that fits."),
    )
    tag_names = TagNames(
        label=_("Tags"),
        required=False,
        help_text=_("Type a word and press Enter; new words are fine."),
    )
    options = OptionPairs(
        label=_("Options"),
        required=False,
        help_text=_("What sets this variant apart, for example: Colour=Slate; Size=M"),
    )

    class Meta:
        model = Product
        fields = (
            "sku",
            "barcode",
            "name",
            "slug",
            "description",
            "category",
            "is_featured",
            "price",
            "compare_at_price",
            "cost",
            "currency",
            "tax_class",
            "weight_grams",
            "low_stock_threshold",
            "parent",
            "options",
            "meta_title",
            "meta_description",
        )
        help_texts: ClassVar = {
            "name": _("As customers read it."),
            "description": _("What it is, what it is made of, how to care for it."),
            "is_featured": _("On the shop's first page."),
            "cost": _("What one unit costs us; customers never see it."),
            "currency": _("Three letters, for example EUR."),
            "tax_class": _("standard, reduced or zero, as the accountant's tables call it."),
            "weight_grams": _("With its packaging, for the postage."),
            "parent": _("Only for one choice of another product, for example a size."),
            "meta_title": _("Up to 70 characters. Blank: the name."),
            "meta_description": _("Up to 160 characters. Blank: the start of the description."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _(
            "Needed when a price changes: one sentence for whoever asks next month."
        )
        if "description" in self.fields:
            self.fields["description"].widget.attrs["rows"] = 4
        # Somebody who may only look gets a form without fields.
        if "category" in self.fields:
            self.fields["category"].queryset = category_tree()
        if self.instance.pk is None:
            self.initial["price"] = None  # nothing is free by mistake
        elif "tag_names" in self.fields:
            self.initial["tag_names"] = sorted(tag.name for tag in self.instance.tags.all())

    def clean(self) -> dict[str, Any]:
        super().clean()
        reprices = self.instance.pk and not {"price", "compare_at_price"}.isdisjoint(
            self.changed_data
        )
        if reprices and not self.cleaned_data.get("reason", "").strip():
            self.add_error("reason", _("A price changes here: say why."))
        return self.cleaned_data

    @property
    def product_changes(self) -> dict[str, Any]:
        """What was typed over what is there, by the service's names."""
        changes = self.typed_changes
        if not changes.get("slug", "kept"):
            # A slug that was emptied is made again, from the name as it is now.
            name = self.cleaned_data["name"]
            base = services.slug_base(Product, name, self.cleaned_data["sku"])
            if base == self.initial["slug"]:
                del changes["slug"]
            else:
                changes["slug"] = services.free_slugs(Product, [base])[0]
        if "tag_names" in self.changed_data:
            changes["tags"] = self.cleaned_data["tag_names"]
        return changes

    @property
    def draft(self) -> services.ProductDraft:
        """The new product that was typed."""
        return services.ProductDraft(tags=self.cleaned_data["tag_names"], **self.typed)
