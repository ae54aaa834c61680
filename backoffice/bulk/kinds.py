"""The jobs of bulk runs, thin: planning a large one, running it, tidying up."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice import jobs
from backoffice.bulk.planning import PLAN_KIND, plan
from backoffice.bulk.running import RUN_KIND, run, sweep
from backoffice.models import BulkRun, Job


def page(job: Job) -> str:
    """Return the page of the run that a job works for."""
    found = BulkRun.objects.filter(uuid=job.arguments["run"]).first()
    return reverse("admin:backoffice_bulkrun_change", args=[found.pk]) if found else ""


def _run_of(work: jobs.Run) -> BulkRun:
    return BulkRun.objects.select_related("owner", "job").get(uuid=work.arguments["run"])


@jobs.kind(PLAN_KIND, label=_("Plan a bulk act"), page=page)
def plan_bulk(work: jobs.Run) -> dict[str, Any]:
    """Judge the rows of a large selection."""
    found = _run_of(work)
    if found.state == BulkRun.State.STAGED:
        plan(found, work)
    return {"can": found.can, "cannot": found.cannot}


@jobs.kind(RUN_KIND, label=_("Bulk act"), page=page)
def run_bulk(work: jobs.Run) -> dict[str, Any]:
    """Do what was confirmed; what an earlier attempt did is found and left alone."""
    done = run(_run_of(work), work)
    if done.state == BulkRun.State.CANCELLED:
        raise jobs.Cancelled
    return {"done": done.done, "refused": done.refused}


@jobs.periodic("backoffice.sweep_bulk", every_minutes=15, label=_("Tidy up bulk runs"))
def sweep_bulk(work: jobs.Run) -> dict[str, Any]:
    """Close plans that nobody confirmed; finish what a dead request left behind."""
    return sweep(now=timezone.now())
