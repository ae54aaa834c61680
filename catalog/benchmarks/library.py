"""The same sheet by django-import-export alone, as its documentation has one write it.

Two ways, on the same models: as it comes, and its bulk mode. Of several ways to write them these
are the fastest that were found; an export fetches what it shows in a fixed number of queries.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from import_export.fields import Field
from import_export.formats.base_formats import CSV, XLSX
from import_export.instance_loaders import CachedInstanceLoader
from import_export.resources import ModelResource
from import_export.widgets import ForeignKeyWidget, ManyToManyWidget

from backoffice import changes, history
from catalog.benchmarks.supplier import COLUMNS
from catalog.models import Category, Product, ProductTag, StockLevel, StockMovement, Tag
from catalog.resources import ProductResource
from catalog.services import slugs
from catalog.services.locations import default_location


class PathWidget(ForeignKeyWidget):
    """A category by its names from the root."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Category | None:
        if not value:
            return None
        return Category.objects.at_path(value).select_related("parent").get()

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        names: list[str] = []
        while value is not None:
            names.insert(0, value.name)
            value = value.parent
        return " > ".join(names)


class TagsField(Field):
    """Tags through their own model: a link that comes or goes is saved by itself."""

    def save(self, instance: Product, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        wanted = {tag.pk for tag in self.clean(row)}
        there = {link.tag_id: link for link in ProductTag.objects.filter(product=instance)}
        for tag_id, link in there.items():
            if tag_id not in wanted:
                link.delete()
        for tag_id in sorted(wanted - there.keys()):
            ProductTag(product=instance, tag_id=tag_id).save()


class LibraryResource(ModelResource):
    """One row, one `save()`: the library as it comes."""

    category = Field("category", "category", PathWidget(Category))
    tags = TagsField("tags", "tags", ManyToManyWidget(Tag, separator=",", field="name"))
    stock = Field(column_name="stock")

    class Meta:
        model = Product
        import_id_fields = ("sku",)
        fields = COLUMNS

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.location = default_location()

    def dehydrate_stock(self, product: Product) -> Any:
        if product.pk is None:
            return ""
        return next((level.on_hand for level in product.levels.all()), "")

    def before_save_instance(self, instance: Product, row: Any, **kwargs: Any) -> None:
        if not instance.slug:
            base = slugs.slug_base(Product, instance.name, instance.sku)
            instance.slug = slugs.free_slugs(Product, [base])[0]

    def after_save_instance(self, instance: Product, row: Any, **kwargs: Any) -> None:
        """Count the shelf: a level, and a movement where it is another number than before."""
        place = {"product": instance, "location": self.location}
        level = StockLevel.objects.filter(**place).first()
        units = int(row["stock"])
        kind = StockMovement.Kind.RECEIVE if level is None else StockMovement.Kind.ADJUST
        level = level or StockLevel(**place)
        difference = units - level.on_hand
        if level.pk and not difference:
            return
        level.on_hand = units
        level.save()
        StockMovement.objects.create(
            **place,
            kind=kind,
            on_hand_delta=difference,
            at=changes.moment(),
            change_set=changes.require(),
        )


class BulkResource(LibraryResource):
    """The library's bulk mode, with history, tags and stock in bulk as well."""

    class Meta(LibraryResource.Meta):
        use_bulk = True
        batch_size = 1_000
        skip_unchanged = True
        report_skipped = False
        skip_html_diff = True
        instance_loader_class = CachedInstanceLoader

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tags_by_name = {tag.name: tag.pk for tag in Tag.objects.all()}
        self.waiting: dict[str, Any] = {}

    def get_queryset(self) -> QuerySet[Product]:
        return _joined(super().get_queryset())

    def skip_row(
        self, instance: Product, original: Product, row: Any, import_validation_errors: Any = None
    ) -> bool:
        is_same = super().skip_row(instance, original, row, import_validation_errors)
        return is_same and str(self.dehydrate_stock(original)) == row["stock"]

    def before_save_instance(self, instance: Product, row: Any, **kwargs: Any) -> None:
        """Slugs are made for a whole batch; nothing of it is in the table before."""

    def after_save_instance(self, instance: Product, row: Any, **kwargs: Any) -> None:
        self.waiting[instance.sku] = row

    def bulk_create(self, *args: Any, **kwargs: Any) -> None:
        made = self.create_instances
        bases = [slugs.slug_base(Product, row.name, row.sku) for row in made]
        for row, slug in zip(made, slugs.free_slugs(Product, bases), strict=True):
            row.slug = slug
        history.insert_rows(made)
        self._link(made)
        self._count(made)
        made.clear()

    def bulk_update(self, *args: Any, **kwargs: Any) -> None:
        changed = self.update_instances
        history.update_rows(changed)
        self._link(changed)
        self._count(changed)
        changed.clear()

    def _link(self, products: Iterable[Product]) -> None:
        there = {
            (link.product_id, link.tag_id): link
            for link in ProductTag.objects.filter(product__in=products)
        }
        wanted = {
            (product.pk, self.tags_by_name[name])
            for product in products
            for name in self.waiting[product.sku]["tags"].split(",")
            if name
        }
        history.delete_rows([link for pair, link in there.items() if pair not in wanted])
        history.insert_rows(
            [ProductTag(product_id=pk, tag_id=tag) for pk, tag in sorted(wanted - there.keys())]
        )

    def _count(self, products: Iterable[Product]) -> None:
        levels = {level.product_id: level for level in StockLevel.objects.filter(
            product__in=products, location=self.location
        )}  # fmt: skip
        new, changed, moves = [], [], []
        for product in products:
            units = int(self.waiting.pop(product.sku)["stock"])
            level = levels.get(product.pk)
            if level is None:
                level = StockLevel(product=product, location=self.location)
                new.append(level)
            elif level.on_hand == units:
                continue
            else:
                changed.append(level)
            moves.append(
                StockMovement(
                    product=product,
                    location=self.location,
                    kind=StockMovement.Kind.ADJUST if level.pk else StockMovement.Kind.RECEIVE,
                    on_hand_delta=units - level.on_hand,
                    at=changes.moment(),
                    change_set=changes.require(),
                )
            )
            level.on_hand = units
        StockLevel.objects.bulk_create(new, batch_size=500)
        StockLevel.objects.bulk_update(changed, ["on_hand"], batch_size=500)
        StockMovement.objects.bulk_create(moves, batch_size=500)


class LibraryExport(LibraryResource):
    """All columns that our own sheet has, to be written out."""

    parent_sku = Field("parent__sku", "parent_sku")

    class Meta:
        model = Product
        fields = ProductResource.Meta.fields

    def get_queryset(self) -> QuerySet[Product]:
        return _joined(super().get_queryset()).order_by("sku")


def _joined(products: QuerySet[Product]) -> QuerySet[Product]:
    joined = products.select_related("category__parent", "parent")
    return joined.prefetch_related("tags", "levels")


def import_sheet(path: Path, resource_class: type[LibraryResource]) -> int:
    """Import a CSV file in one pass, without a preview; return how many rows it had."""
    dataset = CSV().create_dataset(path.read_text(encoding="utf-8"))
    resource_class().import_data(dataset, raise_errors=True)
    return len(dataset)


def export_csv(path: Path) -> None:
    path.write_text(CSV().export_data(LibraryExport().export()), encoding="utf-8", newline="")


def export_xlsx(path: Path) -> None:
    path.write_bytes(XLSX().export_data(LibraryExport().export()))


def read_xlsx(path: Path) -> int:
    """Read a workbook as the library does; return how many rows it has."""
    return len(XLSX().create_dataset(path.read_bytes()))
