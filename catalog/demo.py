"""The sample catalogue: our own sheet, loaded by the import that merchandisers use."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

from django.conf import settings
from django.utils import timezone

from backoffice import changes, demo, saved_views
from backoffice.imports.files import run_sheet
from catalog import services
from catalog.models import Product, ProductImage
from catalog.sketches import sketch

DAYS_AGO = 120
# Products of a category differ in colour.
COLOURS = 3


@demo.part("catalogue")
def load_catalogue() -> str:
    if Product.objects.exists():
        return "already there"
    by = demo.account("merchandiser")
    with changes.change(
        action="demo.catalogue",
        channel="import",
        by=by,
        separate=True,
        at=timezone.now() - timedelta(days=DAYS_AGO),
    ):
        run = run_sheet(
            "products",
            settings.BASE_DIR / "fixtures" / "catalogue.csv",
            by=by,
            reason="Opening catalogue",
        )
    return f"{run.new} products"


@demo.part("pictures")
def draw_pictures() -> str:
    """Give each product that customers find one picture, of the kind of thing that it is."""
    if ProductImage.objects.exists():
        return "already there"
    by = demo.account("merchandiser")
    moment = timezone.now() - timedelta(days=DAYS_AGO)
    shown = Product.objects.published().listed().select_related("category").order_by("pk")
    drawn = 0
    with changes.change(action="demo.pictures", by=by, separate=True, at=moment):
        for number, product in enumerate(shown):
            content = sketch(product.category.name, number % COLOURS) if product.category else None
            if content is not None:
                services.add_picture(
                    product_id=product.pk,
                    upload=BytesIO(content),
                    alt_text=product.name,
                    by=by,
                    reason="Opening catalogue",
                )
                drawn += 1
    return f"{drawn} drawn"


@demo.part("views of products")
def load_views() -> str:
    return saved_views.load_sample(
        label="catalog.product",
        name="Published, out of stock",
        query="status=published&stock=out",
        role="merchandiser",
        by=demo.account("manager"),
    )
