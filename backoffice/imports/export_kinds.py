"""The jobs of exports, thin: writing a large one, and removing what was kept long enough."""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice import jobs
from backoffice.imports.export_runs import (
    EXPORT_KIND,
    SWEEP_KIND,
    NoSuchList,
    face_of,
    run_export,
    sweep_exports,
)
from backoffice.models import Job


def page(job: Job) -> str:
    """Return the page that an export is downloaded from."""
    try:
        return face_of(job.arguments["sheet"]).export_path("export_run", job.uuid)
    except (NoSuchList, NoReverseMatch):
        return ""


@jobs.kind(EXPORT_KIND, label=_("Export"), page=page)
def write(run: jobs.Run) -> dict[str, Any]:
    return run_export(run)


@jobs.periodic(SWEEP_KIND, every_minutes=60, label=_("Remove old export files"))
def sweep(run: jobs.Run) -> dict[str, Any]:
    return {"removed": sweep_exports(now=timezone.now())}
