"""The sample catalogue: our own sheet, loaded by the import that merchandisers use."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from backoffice import changes, demo
from backoffice.imports.files import run_sheet
from catalog.models import Product

DAYS_AGO = 120


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
