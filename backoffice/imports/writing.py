"""Writing a run's rows: inserts and updates in batches, with progress and a way to stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from backoffice import set_writes
from backoffice.imports import sql
from backoffice.models import User
from backoffice.refused import Refused

if TYPE_CHECKING:
    from backoffice.imports.fields import OwnField
    from backoffice.imports.relation import Relation

Progress = Callable[[int], None]


class Writing:
    """One attempt to write a run. cause: what movements and the like name as theirs.

    progress: is told how many rows are behind us; raises when the work shall stop.
    """

    def __init__(self, *, by: User, reason: str, cause: UUID, progress: Progress) -> None:
        self.by, self.reason, self.cause = by, reason, cause
        self.went_on = progress
        # By row number: what a verb refused while it was writing.
        self.refused: dict[int, Refused] = {}

    def refuse(self, number: int, refusal: Refused) -> None:
        """Note that a verb refused a row: all is undone then, and tried without it."""
        self.refused.setdefault(number, refusal)

    def insert(
        self,
        relation: Relation,
        values: Mapping[str, str],
        first: int,
        last: int,
        *,
        step: str = "''",
    ) -> None:
        """Insert the new rows of a batch. values: column → SQL over r, p and their terms.

        step: SQL over the new row `m`.
        """
        source = relation.to_write_within(relation.named_in(*values.values()), first, last)
        source += " AND p.verdict = 'new'"
        set_writes.insert_from(relation.sheet.model, values, source, step=step)

    def update(
        self,
        relation: Relation,
        fields: Sequence[OwnField],
        first: int,
        last: int,
        *,
        also: Sequence[str] = (),
        only: str = "1 = 1",
    ) -> None:
        """Update the changed rows of a batch. also: columns that move the version only.

        only: SQL of which rows, over r, p and t.
        """
        changing = relation.changing
        own = [field for field in fields if field.name in changing]
        touched = [*(field.name for field in own), *(name for name in also if name in changing)]
        if not touched:
            return
        columns = "".join(
            f", CASE WHEN {sql.has_change(field.name)} THEN {field.value(field.said)}"
            f" ELSE {field.present} END AS {sql.name(field.stored_in)}"
            for field in own
        )
        any_touched = " OR ".join(sql.has_change(name) for name in touched)
        set_writes.update_from(
            relation.sheet.model,
            [field.stored_in for field in own],
            f"SELECT t.id AS id{columns} {relation.to_write_within(own, first, last)}"
            f" AND p.verdict = 'changed' AND ({any_touched}) AND ({only})",
        )
