"""What the tests of exports share."""

from __future__ import annotations

import pytest
from django.urls import reverse

from backoffice.models import Job

ADDRESS = "admin:catalog_product_export"


@pytest.fixture
def ask(sign_in):
    """Press the button of the page before an export, as a person would."""

    def ask(person, query="", **answers):
        data = {"format": "csv", "columns": ["sku", "name"], "purpose": "", **answers}
        return sign_in(person).post(f"{reverse(ADDRESS)}{query}", data)

    return ask


@pytest.fixture
def by_job(settings):
    """Let every export be written by a job; it runs when the click's transaction commits."""
    settings.EXPORT_AT_ONCE_ROWS = 0


@pytest.fixture
def written(ask, by_job, django_capture_on_commit_callbacks):
    """Ask for an export that a job writes; returns the job, ended."""

    def written(person, query="", **answers):
        with django_capture_on_commit_callbacks(execute=True):
            answer = ask(person, query, **answers)
        assert answer.status_code == 302, answer.content[:500]
        job = Job.objects.filter(kind="backoffice.export").latest("id")
        assert answer.url == reverse("admin:catalog_product_export_run", args=[job.uuid])
        return job

    return written
