"""What a person assigns by hand: the columns of a run's file, each with a guess and some values."""

from __future__ import annotations

from backoffice.imports import receive, refusals
from backoffice.imports.choices import Choices
from backoffice.imports.guess import Guess, guess
from backoffice.imports.read import open_table
from backoffice.imports.sheets import sheet
from backoffice.models import ImportRun


def columns_to_assign(run: ImportRun) -> dict[str, Guess]:
    """Return the columns of a run's file by their names, in its order; reads the first rows.

    Refuses: ContentChanged; every FileRefused.
    """
    kind = sheet(run.sheet)
    if not receive.is_intact(run.stored_as, run.sha256):
        raise refusals.ContentChanged
    with receive.opened(run.stored_as) as file:
        table = open_table(
            file, reading=Choices.from_json(run.choices).reading, known=kind.known_columns()
        )
        return guess(table, kind.columns(), kind.hints)
