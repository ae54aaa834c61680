"""`{% load jobs %}{% job_progress job %}`: how far a job is; it updates itself until the end."""

from __future__ import annotations

from typing import Any

from django import template

from backoffice.adminkit.jobs import view_of
from backoffice.models import Job

register = template.Library()


@register.inclusion_tag("backoffice/job_progress.html")
def job_progress(job: Job) -> dict[str, Any]:
    return {"view": view_of(job)}
