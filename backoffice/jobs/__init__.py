"""Work in the background: kinds, the one door `start`, and the run.

A kind lives in its app's `jobs.py`, thin, calling services; settings.JOBS_BACKEND says who runs it.
"""

from backoffice.jobs.asking import (
    JobHasEnded,
    JobIsDone,
    JobIsOpen,
    Progress,
    cancel_job,
    cancel_jobs,
    progress_of,
    progress_path,
    retry_job,
    retry_jobs,
    start,
    start_unasked,
)
from backoffice.jobs.kinds import Kind, all_kinds, kind, periodic
from backoffice.jobs.running import Cancelled, Run, execute

__all__ = [
    "Cancelled",
    "JobHasEnded",
    "JobIsDone",
    "JobIsOpen",
    "Kind",
    "Progress",
    "Run",
    "all_kinds",
    "cancel_job",
    "cancel_jobs",
    "execute",
    "kind",
    "periodic",
    "progress_of",
    "progress_path",
    "retry_job",
    "retry_jobs",
    "start",
    "start_unasked",
]
