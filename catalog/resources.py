"""The columns of the product sheet, declared once.

Template, mapping, preview, README and export are printed from here. Reading and writing is the work
of `backoffice.imports`.
"""

from __future__ import annotations

from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _
from import_export.resources import ModelResource

from backoffice.changes import UnauditedWrite
from backoffice.imports.columns import (
    ChoiceWidget,
    CodeWidget,
    Column,
    CurrencyWidget,
    MoneyWidget,
    PairsWidget,
    PathWidget,
    SlugWidget,
    TextWidget,
    WholeNumberWidget,
    WordsWidget,
    YesNoWidget,
)
from backoffice.imports.sources import Joined, Source, Texts, looked_up
from catalog.article_columns import ARTICLE, barcode_column, sku_column
from catalog.models import Category, Product, ProductTag, StockLevel, Tag
from catalog.services.fields import DESCRIPTION_MAX_LENGTH, OPTION_MAX_LENGTH
from catalog.services.locations import MAIN_CODE
from catalog.states import PRODUCT_FLOW


def _longest(name: str) -> int | None:
    return Product._meta.get_field(name).max_length


# What the export's page shows the columns under.
_TEXTS, _PRICES = _("Texts and place"), _("Prices")
_STOCK, _SEARCH = _("Stock and shipping"), _("Search engines")


# --- How an export reads what is no column of the table --------------------------------------


def _category_source() -> Source:
    return Source(F("category_id"), texts=_category_texts)


def _category_texts() -> Texts:
    widget, paths = PathWidget(), category_paths()
    return looked_up(lambda pk: widget.render(paths[int(pk)]) if pk else "")


def _tags_source() -> Source:
    links = ProductTag.objects.order_by().values("product_id").annotate(ids=Joined("tag_id"))
    return Source(joined=links.values_list("product_id", "ids"), on="product_id", texts=_tag_texts)


def _tag_texts() -> Texts:
    widget, names = WordsWidget(), dict(Tag.objects.order_by().values_list("pk", "name"))
    return looked_up(
        lambda ids: widget.render([names[int(pk)] for pk in ids.split(",")]) if ids else ""
    )


def _stock_source() -> Source:
    shelf = StockLevel.objects.order_by().filter(location__code=MAIN_CODE)
    return Source(joined=shelf.values_list("product_id", "on_hand"), on="product_id")


class ProductResource(ModelResource):
    """One row is one product or variant; the SKU says which. A blank cell leaves things be."""

    sku = sku_column(_("Our own article number; says which product the row is about."))
    barcode = barcode_column(_("GTIN, EAN or UPC as printed; a text column."))
    name = Column(
        "name",
        widget=TextWidget(longest=_longest("name")),
        label=_("Name"),
        example="Beach Pebble Cup",
        second_example="Beach Pebble Cup, slate",
        help_text=_("What customers read; needed for a new product."),
        is_required=True,
        group=ARTICLE,
    )
    slug = Column(
        "slug",
        widget=SlugWidget(longest=_longest("slug")),
        label=_("Slug"),
        example="beach-pebble-cup",
        help_text=_("The address in the shop; blank: made from the name, once."),
        group=ARTICLE,
    )
    description = Column(
        "description",
        widget=TextWidget(longest=DESCRIPTION_MAX_LENGTH, lines=True),
        label=_("Description"),
        example="A small cup without a handle.",
        help_text=_("Text, line breaks allowed."),
        group=_TEXTS,
    )
    category = Column(
        "category",
        widget=PathWidget(longest=Category._meta.get_field("name").max_length),
        label=_("Category"),
        example="Kitchen > Tableware > Mugs",
        help_text=_("The levels from the top, parted by “>”; missing ones are created."),
        group=_TEXTS,
        source=_category_source,
    )
    tags = Column(
        lambda product: [tag.name for tag in product.tags.all()],
        widget=WordsWidget(longest=Tag._meta.get_field("name").max_length),
        label=_("Tags"),
        example="stoneware,handmade",
        help_text=_("Parted by commas; replaces the present tags."),
        group=_TEXTS,
        source=_tags_source,
    )
    status = Column(
        "status",
        widget=ChoiceWidget(PRODUCT_FLOW.states),
        label=_("Status"),
        example="published",
        second_example="draft",
        help_text=_("draft, published or archived; blank: draft for a new product."),
        group=ARTICLE,
    )
    price = Column(
        "price",
        widget=MoneyWidget(),
        label=_("Price"),
        example="16.00",
        second_example="16.00",
        help_text=_("With a decimal point and at most two decimals."),
        permission="catalog.change_price_product",
        group=_PRICES,
    )
    compare_at_price = Column(
        "compare_at_price",
        widget=MoneyWidget(),
        label=_("Compare-at price"),
        example="19.00",
        help_text=_("The struck-out price; not below the price."),
        permission="catalog.change_price_product",
        group=_PRICES,
    )
    cost = Column(
        "cost",
        widget=MoneyWidget(),
        label=_("Cost"),
        example="7.20",
        help_text=_("What we pay for it."),
        group=_PRICES,
    )
    currency = Column(
        "currency",
        widget=CurrencyWidget(),
        label=_("Currency"),
        example="EUR",
        help_text=_("Three letters; blank: the shop's currency for a new product."),
        group=_PRICES,
    )
    tax_class = Column(
        "tax_class",
        widget=TextWidget(longest=_longest("tax_class")),
        label=_("Tax class"),
        example="standard",
        help_text=_("standard, reduced, …"),
        group=_PRICES,
    )
    weight_grams = Column(
        "weight_grams",
        widget=WholeNumberWidget(),
        label=_("Weight (g)"),
        example="350",
        help_text=_("Whole grams."),
        group=_STOCK,
    )
    is_featured = Column(
        "is_featured",
        widget=YesNoWidget(),
        label=_("Featured"),
        example="no",
        second_example="no",
        help_text=_("yes or no."),
        permission="catalog.feature_product",
        group=_TEXTS,
    )
    low_stock_threshold = Column(
        "low_stock_threshold",
        widget=WholeNumberWidget(),
        label=_("Low-stock threshold"),
        example="5",
        help_text=_("At or below it the product counts as low."),
        group=_STOCK,
    )
    parent_sku = Column(
        "parent__sku",
        widget=CodeWidget(longest=_longest("sku")),
        label=_("Variant of"),
        example="",
        second_example="MUG-001",
        help_text=_("The SKU of the parent, in this file or in the catalogue."),
        group=ARTICLE,
    )
    options = Column(
        "options",
        widget=PairsWidget(longest=OPTION_MAX_LENGTH),
        label=_("Options"),
        example="",
        second_example="Colour=Slate",
        help_text=_("What sets a variant apart: Colour=Slate; Size=M."),
        group=ARTICLE,
    )
    stock = Column(
        "shelf_units",
        widget=WholeNumberWidget(),
        label=_("Stock"),
        example="12",
        second_example="4",
        help_text=_("Counted pieces on the shelf of the main warehouse."),
        permission="catalog.adjust_stock_product",
        creation_permission="catalog.adjust_stock_product",
        group=_STOCK,
        source=_stock_source,
    )
    meta_title = Column(
        "meta_title",
        widget=TextWidget(longest=_longest("meta_title")),
        label=_("SEO title"),
        example="",
        help_text=_("For search engines, at most 70 characters."),
        group=_SEARCH,
    )
    meta_description = Column(
        "meta_description",
        widget=TextWidget(longest=_longest("meta_description")),
        label=_("SEO description"),
        example="",
        help_text=_("For search engines, at most 160 characters."),
        group=_SEARCH,
    )

    class Meta:
        model = Product
        import_id_fields = ("sku",)
        fields = (
            "sku",
            "barcode",
            "name",
            "slug",
            "description",
            "category",
            "tags",
            "status",
            "price",
            "compare_at_price",
            "cost",
            "currency",
            "tax_class",
            "weight_grams",
            "is_featured",
            "low_stock_threshold",
            "parent_sku",
            "options",
            "stock",
            "meta_title",
            "meta_description",
        )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._paths: dict[int, tuple[str, ...]] | None = None
        self.fields["category"].attribute = self._category_path

    def _category_path(self, product: Product) -> tuple[str, ...]:
        """Return a product's category from the root; the whole tree is read once."""
        if self._paths is None:
            self._paths = category_paths()
        return self._paths[product.category_id] if product.category_id else ()

    def save_instance(self, *args: Any, **kwargs: Any) -> None:
        raise UnauditedWrite("Products are imported by backoffice.imports, through services.")


def with_sheet_columns(products: QuerySet[Product]) -> QuerySet[Product]:
    """Return products with all that their sheet's columns read, in a fixed number of queries."""
    shelf = StockLevel.objects.filter(product=OuterRef("pk"), location__code=MAIN_CODE)
    return (
        products.select_related("parent")
        .prefetch_related("tags")
        .annotate(shelf_units=Subquery(shelf.values("on_hand")[:1]))
    )


def category_paths() -> dict[int, tuple[str, ...]]:
    """Return the names from the root to each category, by its key."""
    nodes = {
        pk: (name, above)
        for pk, name, above in Category.objects.order_by().values_list("pk", "name", "parent_id")
    }
    paths: dict[int, tuple[str, ...]] = {}

    def path(pk: int) -> tuple[str, ...]:
        if pk not in paths:
            name, above = nodes[pk]
            paths[pk] = (*(path(above) if above else ()), name)
        return paths[pk]

    return {pk: path(pk) for pk in nodes}
