"""One act on many rows: staged on the server, planned, confirmed once, run, and receipted.

`stage` → `plan` → `confirm` → `run` (here, or as a job) → the receipt's rows. It knows acts by the
admin that serves them, and nothing of what they do.
"""

from backoffice.bulk.confirming import (
    ConfirmWrong,
    NoneCan,
    NotRunning,
    NotStopped,
    NotWaiting,
    confirm,
    confirm_approved,
    discard,
    resume,
    rows_to_type,
    stop,
    typed_rows,
)
from backoffice.bulk.planning import plan, plan_again, start_plan
from backoffice.bulk.receipt import Group, as_csv, groups_among, groups_of, rows_of
from backoffice.bulk.running import finish, run, sweep
from backoffice.bulk.staging import NothingSelected, TooManyRows, stage, stage_refused
from backoffice.bulk.subjects import Subject, UnknownAct, UnknownRun, own_run, subject_of

__all__ = [
    "ConfirmWrong",
    "Group",
    "NoneCan",
    "NotRunning",
    "NotStopped",
    "NotWaiting",
    "NothingSelected",
    "Subject",
    "TooManyRows",
    "UnknownAct",
    "UnknownRun",
    "as_csv",
    "confirm",
    "confirm_approved",
    "discard",
    "finish",
    "groups_among",
    "groups_of",
    "own_run",
    "plan",
    "plan_again",
    "resume",
    "rows_of",
    "rows_to_type",
    "run",
    "stage",
    "stage_refused",
    "start_plan",
    "stop",
    "subject_of",
    "sweep",
    "typed_rows",
]
