"""The ground's own periodic work: what nobody will ask for again is put away."""

from __future__ import annotations

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from backoffice import rates
from backoffice.idempotency import KEPT_HOURS
from backoffice.imports import nightly
from backoffice.imports.endings import expire_runs, put_away_rows
from backoffice.jobs.kinds import periodic
from backoffice.jobs.running import Run
from backoffice.models import IdempotencyKey, Job
from backoffice.signin import limits

# The clock's own jobs by the hundred; people's jobs stay for as long as their change sets.
KEEP_DONE_HOURS = 24
KEEP_FAILED_DAYS = 30
KEEP_DELIVERIES_HOURS = 24


@periodic("backoffice.expire_imports", every_minutes=10, label=_("Close previews nobody confirmed"))
def expire_imports(run: Run) -> dict[str, int]:
    return {"closed": expire_runs(now=timezone.now())}


@periodic("backoffice.nightly_imports", every_minutes=30, label=_("Start nightly imports"))
def nightly_imports(run: Run) -> dict[str, int]:
    return {"started": len(nightly.start_due(now=timezone.now()))}


@periodic("backoffice.tidy_imports", every_minutes=60, label=_("Put away rows of old imports"))
def tidy_imports(run: Run) -> dict[str, int]:
    return {"runs": put_away_rows(now=timezone.now())}


@periodic("backoffice.tidy", every_minutes=60, label=_("Put away old keys and deliveries"))
def tidy(run: Run) -> dict[str, int]:
    now = timezone.now()
    keys = IdempotencyKey.objects.filter(claimed_at__lt=now - timedelta(hours=KEPT_HOURS))
    clockwork = Job.objects.filter(owner=None, change_set=None)
    done = clockwork.filter(
        state=Job.State.DONE, finished_at__lt=now - timedelta(hours=KEEP_DONE_HOURS)
    )
    ended = clockwork.exclude(state__in=[Job.State.QUEUED, Job.State.RUNNING]).filter(
        finished_at__lt=now - timedelta(days=KEEP_FAILED_DAYS)
    )
    # A delivery whose worker died stays "running" for good; that of a running job is in use.
    in_use = Job.objects.running().exclude(delivery="").values_list("delivery", flat=True)
    deliveries = (
        DBTaskResult.objects.exclude(status="READY")
        .filter(enqueued_at__lt=now - timedelta(hours=KEEP_DELIVERIES_HOURS))
        .exclude(pk__in=list(in_use))
    )
    return {
        "keys": keys.delete()[0],
        "jobs": done.delete()[0] + ended.delete()[0],
        "deliveries": deliveries.delete()[0],
    }


@periodic("backoffice.tidy_access", every_minutes=60, label=_("Put away tokens that are over"))
def tidy_access(run: Run) -> dict[str, int]:
    now = timezone.now()
    return {
        "refresh_tokens": OutstandingToken.objects.filter(expires_at__lt=now).delete()[0],
        "call_counts": rates.forget(before=now.timestamp()),
    }


@periodic("backoffice.tidy_sign_in", every_minutes=60, label=_("Put away sessions that are over"))
def tidy_sign_in(run: Run) -> dict[str, int]:
    now = timezone.now()
    over = Session.objects.filter(expire_date__lt=now).delete()[0]
    listed = UserSession.objects.exclude(session_key__in=Session.objects.values("session_key"))
    return {
        "sessions": over,
        "listed": listed.delete()[0],
        "limits": limits.forget_old(now=now),
    }
