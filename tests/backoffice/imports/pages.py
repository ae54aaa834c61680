"""The pages of an import as tests press them."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

UPLOAD = "admin:catalog_product_import"
VERBS = (
    "confirm",
    "discard",
    "fix",
    "leave_out",
    "corrections",
    "again",
    "undo",
    "stop",
)


def page_of(name, run, *args):
    return reverse(f"admin:catalog_product_import_{name}", args=[run.uuid, *args])


def send(client, content, name="sheet.csv", **answers):
    """Upload a file; the answer is followed to the preview."""
    file = SimpleUploadedFile(name, content)
    data = {"file": file, "policy": "all_or_nothing", "mode": "upsert", **answers}
    return client.post(reverse(UPLOAD), data, follow=True)


def confirm(client, run, **answers):
    """Press the button that applies, as the page that was loaded last would."""
    run.refresh_from_db()
    data = {"sha256": run.sha256, "plan_number": run.plan_number, "reason": "", **answers}
    return client.post(page_of("confirm", run), data, follow=True)


def press(client, name, run, **answers):
    """Press one of a run's other buttons."""
    return client.post(page_of(name, run), answers, follow=True)


def keys_in(page):
    return [row.key for row in page.context["rows"]]
