"""The pages of an import as tests press them."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

UPLOAD = "admin:catalog_product_import"


def page_of(name, run):
    return reverse(f"admin:catalog_product_import_{name}", args=[run.uuid])


def send(client, content, name="sheet.csv", **answers):
    """Upload a file; the answer is followed to the preview."""
    file = SimpleUploadedFile(name, content)
    data = {"file": file, "policy": "all_or_nothing", "mode": "upsert", **answers}
    return client.post(reverse(UPLOAD), data, follow=True)


def confirm(client, run, **answers):
    data = {"sha256": run.sha256, "reason": "", **answers}
    return client.post(page_of("confirm", run), data, follow=True)
