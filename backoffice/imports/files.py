"""Importing a file that lies on this machine, without a person in between."""

from __future__ import annotations

from pathlib import Path

from backoffice.imports.apply import apply_run
from backoffice.imports.choices import Choices
from backoffice.imports.runs import start_run
from backoffice.models import ImportRun, User


def run_sheet(
    sheet_name: str,
    path: str | Path,
    *,
    by: User,
    reason: str,
    recipe: str = "",
    mode: str = "",
    policy: str = "",
    choices: Choices | None = None,
) -> ImportRun:
    """Import a file that lies on this machine, without a preview in between.

    reason: why, for the record. recipe: blank: recognised by the header.
    Refuses: as `start_run`. What came of the rows stands on the run that is returned.
    Atomic: as `apply_run`: all of the accepted rows, or nothing.
    """
    with Path(path).open("rb") as file:
        run = start_run(
            sheet_name=sheet_name,
            file=file,
            file_name=Path(path).name,
            by=by,
            recipe=recipe,
            mode=mode,
            policy=policy,
            choices=choices,
        )
    return apply_run(uuid=run.uuid, by=by, reason=reason, is_final=True)
