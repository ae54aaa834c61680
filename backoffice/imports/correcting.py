"""Correcting a run: cells in place, rows left out, or the sheet of refused rows sent again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import IO, Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice.imports import corrections, receive, recipes, refusals
from backoffice.imports.choices import Choices
from backoffice.imports.read import open_table
from backoffice.imports.recipes import MappedChunk
from backoffice.imports.runs import locked_run, plan_again
from backoffice.imports.sheets import sheet
from backoffice.imports.stage import Stager, insert_rows, keep
from backoffice.models import ImportFinding, ImportRow, ImportRun, User
from backoffice.models.imports import Verdict

State = ImportRun.State
Phase = ImportFinding.Phase


class UnknownCell(refusals.RunRefused):
    """facts: number, column."""

    sentence = _("There is no cell {column} in row {number} that could be corrected.")
    hint = _("Correct the file and import it again.")


def fix_cells(*, uuid: Any, cells: Mapping[int, Mapping[str, str]], by: User) -> ImportRun:
    """Correct cells in place and plan anew. cells: row number → our column → text as typed.

    A cell that still cannot be read stays refused, with what was typed.
    Refuses: UnknownRun; NotAllowed; RunExpired; RunNotWaiting; UnknownCell.
    Atomic: the run's rows and its plan; nothing of the trade is written.
    """
    with transaction.atomic():
        run = locked_run(uuid=uuid, by=by)
        stager = Stager(run, sheet(run.sheet), Choices.from_json(run.choices))
        rows = {row.number: row for row in run.rows.filter(number__in=cells, is_settled=False)}
        for number, typed in cells.items():
            unknown = next((name for name in typed if name not in stager.columns), "")
            if number not in rows or unknown:
                raise UnknownCell(number=number, column=unknown)
        faulty: dict[int, dict[str, str]] = defaultdict(dict)
        for finding in run.findings.filter(number__in=list(cells), is_form=True):
            faulty[finding.number][finding.field] = finding.raw
        lines, chunk = _as_typed(run, stager, rows, cells, faulty)
        _replace(run, stager, chunk, lines)
        typed = {rows[number].line: said for number, said in cells.items()}
        run.corrections = {**run.corrections, **corrections.corrected_cells(run, typed)}
        plan_again(run, by=by)
    return run


def _as_typed(
    run: ImportRun,
    stager: Stager,
    rows: Mapping[int, ImportRow],
    cells: Mapping[int, Mapping[str, str]],
    faulty: Mapping[int, Mapping[str, str]],
) -> tuple[list[int], MappedChunk]:
    """Return rows as if the file had them with the corrected cells."""
    numbers = sorted(cells)
    columns: dict[str, list[Any]] = {name: [] for name in stager.columns}
    for number in numbers:
        stored = dict(zip(run.layout, rows[number].cells, strict=False))
        for name in stager.columns:
            text = cells[number].get(name, faulty[number].get(name, stored.get(name)))
            columns[name].append(recipes.EMPTIES if text == "" else text)
    names = {name: (run.columns.get(name) or [name])[0] for name in stager.columns}
    chunk = MappedChunk([rows[number].line for number in numbers], columns, names)
    return numbers, chunk


def leave_out_rows(
    *, uuid: Any, numbers: Sequence[int], by: User, is_left_out: bool = True
) -> ImportRun:
    """Leave rows out of what will be applied, or take them in again, and plan anew.

    Refuses: UnknownRun; NotAllowed; RunExpired; RunNotWaiting.
    Atomic: the run's rows and its plan.
    """
    with transaction.atomic():
        run = locked_run(uuid=uuid, by=by)
        run.rows.filter(number__in=list(numbers), is_settled=False).update(is_left_out=is_left_out)
        plan_again(run, by=by)
    return run


def send_corrections(*, uuid: Any, file: IO[Any], file_name: str, by: User) -> ImportRun:
    """Take in the corrected sheet of refused rows: they replace those rows, in the same run.

    Of a run that was applied already, what it wrote stays, and the corrected rows wait for a
    confirmation of their own under the same change set.
    Refuses: UnknownRun; NotAllowed; RunExpired; RunNotWaiting; NoLines; OtherLines; LinesTwice;
    FileRefused.
    Atomic: the run's rows and its plan.
    """
    received = receive.receive(file, name=file_name)
    try:
        with transaction.atomic(), receive.opened(received.stored_as) as content:
            run = locked_run(uuid=uuid, by=by, states=(State.VALIDATED, State.APPLIED))
            if run.state == State.APPLIED:
                _settle(run)
            table = open_table(content, known=sheet(run.sheet).known_columns())
            stager = Stager(run, sheet(run.sheet), Choices.from_json(run.choices))
            for chunk, numbers in corrections.take_in(run, table):
                _replace(run, stager, chunk, numbers)
            plan_again(run, by=by)
    finally:
        received.forget()
    return run


def _settle(run: ImportRun) -> None:
    """Put what is done behind us: only what was refused is open again."""
    open_rows = run.plan.filter(verdict=Verdict.REFUSED).values("number")
    run.rows.exclude(number__in=open_rows).update(is_settled=True)
    run.findings.filter(is_warning=True).delete()
    run.finished_at = None


def _replace(run: ImportRun, stager: Stager, chunk: MappedChunk, numbers: Sequence[int]) -> None:
    """Write rows in the place of others, with what is found when they are read."""
    staged, findings = stager.parsed(chunk, first=0)
    ImportFinding.objects.filter(run=run, number__in=numbers, phase=Phase.READ).delete()
    ImportRow.objects.filter(run=run, number__in=numbers).delete()
    for finding in findings:
        finding.number = numbers[finding.number]
    insert_rows(run.pk, [staged._replace(numbers=numbers)])
    keep(findings)
