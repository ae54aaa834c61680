"""What the console shows of a job: its state, its pace in words, and the fragment that polls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from backoffice import jobs
from backoffice.flows import Tone
from backoffice.jobs import alive, backends, kinds, workers
from backoffice.models import Job
from backoffice.refused import Text

TONES: dict[str, Tone] = {
    "queued": "info",
    "running": "warning",
    "done": "success",
    "failed": "danger",
    "cancelled": "neutral",
}
# Below this a pace is shown with one decimal.
SLOW_A_SECOND = 10
MINUTE, HOUR = 60, 3600


@dataclass(frozen=True)
class JobView:
    """A job as of now, in words.

    percent: None while nobody knows how much there is. polls: False: the page around it knows of
    the end already.
    """

    job: Job
    state: Text
    tone: Tone
    percent: int | None
    counts: str
    pace: str
    left: str
    note: str
    path: str
    page: str
    polls: bool

    @property
    def is_ended(self) -> bool:
        return self.job.is_ended


def view_of(job: Job) -> JobView:
    """Return what a page says of a job now, past the transaction that its run has open."""
    was_open = not job.is_ended
    is_left = is_abandoned(job)
    progress = jobs.progress_of(job)
    is_running = job.state == Job.State.RUNNING and not is_left
    pace = progress.per_second if is_running else None
    return JobView(
        job=job,
        state=state_of(job),
        tone=TONES[job.state],
        percent=100 if job.state == Job.State.DONE else progress.percent,
        counts=_counts(progress.done, progress.total),
        pace=_("{pace} a second").format(pace=_pace(pace)) if pace else "",
        left=_("about {time} left").format(time=_roughly(progress.left.total_seconds()))
        if is_running and progress.left is not None
        else "",
        note=_("Its process has ended; the next worker goes on with it.")
        if is_left
        else _note(job, progress.message),
        path=jobs.progress_path(job),
        page=page_of(job),
        polls=was_open,
    )


def state_of(job: Job) -> Text:
    """Return a job's state in words; two of them tell what comes next."""
    if job.state == Job.State.RUNNING and job.cancel_asked_at is not None:
        return _("Stopping")
    if job.state == Job.State.QUEUED and job.attempts:
        return _("Waiting to try again")
    return job.get_state_display()


def page_of(job: Job) -> str:
    """Return where the outcome of a job is shown, when its kind has a page for that."""
    kind = kinds.find(job.kind)
    return kind.page(job) if kind is not None and kind.page is not None else ""


def is_abandoned(job: Job) -> bool:
    """True when a job's process died, and nobody has taken it up yet; reads the row again."""
    if job.state != Job.State.RUNNING or alive.is_alive(job):
        return False
    # It may have ended well since the row was read.
    job.refresh_from_db()
    return job.state == Job.State.RUNNING


def is_stuck(job: Job) -> bool:
    """True when a job waits for a worker, and there is none."""
    return (
        job.state == Job.State.QUEUED
        and backends.chosen().needs_worker
        and not workers.is_one_here()
    )


def _note(job: Job, message: str) -> str:
    if job.state == Job.State.QUEUED and job.run_after and job.run_after > timezone.now():
        at = formats.date_format(timezone.localtime(job.run_after), "H:i:s")
        return f"{job.error} {_('The next attempt is at {time}.').format(time=at)}".strip()
    if is_stuck(job):
        return _("No worker is running: it begins when somebody starts one (manage.py db_worker).")
    return message


def counts_of(job: Job) -> str:
    """Return "340 of 1,000", as of now."""
    progress = jobs.progress_of(job)
    return _counts(progress.done, progress.total)


def _counts(done: int, total: int) -> str:
    if not total:
        return formats.number_format(done, force_grouping=True) if done else ""
    return _("{done} of {total}").format(
        done=formats.number_format(done, force_grouping=True),
        total=formats.number_format(total, force_grouping=True),
    )


def _pace(pace: float) -> str:
    return formats.number_format(pace, decimal_pos=0 if pace >= SLOW_A_SECOND else 1)


def span(seconds: float | None) -> str:
    """Return a length of time in two units at most: "48 s", "3 min 20 s", "2 h 5 min"."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < MINUTE:
        return _("{seconds} s").format(seconds=whole if seconds >= 1 or not seconds else "<1")
    if whole < HOUR:
        minutes = _("{minutes} min").format(minutes=whole // MINUTE)
        rest = whole % MINUTE
        return f"{minutes} {_('{seconds} s').format(seconds=rest)}" if rest else minutes
    return _("{hours} h {minutes} min").format(hours=whole // HOUR, minutes=whole % HOUR // MINUTE)


def _roughly(seconds: float) -> str:
    """Return a guess of what is left: seconds only where they mean something."""
    is_exact = seconds < 2 * MINUTE or seconds >= HOUR
    return span(seconds if is_exact else round(seconds / MINUTE) * MINUTE)


def seconds_of(job: Job) -> float | None:
    """Return how long the last attempt took, or takes until now; None: it waits."""
    if job.started_at is None or job.state == Job.State.QUEUED:
        return None
    return ((job.finished_at or timezone.now()) - job.started_at).total_seconds()


def attempts_label(job: Job) -> str:
    kind = kinds.find(job.kind)
    most = kind.most_attempts if kind is not None else kinds.MOST_ATTEMPTS
    return _("{count} of {most}").format(count=job.attempts, most=most)


def plain_pairs(values: Any) -> list[tuple[str, str]]:
    """Return a result or arguments, as label and text; only what is a mapping has any."""
    if not isinstance(values, dict):
        return []
    return [
        (str(name).replace("_", " ").capitalize(), _plain(value)) for name, value in values.items()
    ]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, int):
        return formats.number_format(value, force_grouping=True)
    if isinstance(value, list):
        return ", ".join(_plain(part) for part in value) or "–"
    return "–" if value in (None, "") else str(value)
