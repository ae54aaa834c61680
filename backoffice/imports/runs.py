"""The life of a run: started from a file, previewed, then confirmed, discarded or expired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from backoffice import jobs
from backoffice.imports import numbers, receive, recipes, refusals
from backoffice.imports.choices import Choices
from backoffice.imports.endings import WITH_JOB, end_with_jobs, expire_runs
from backoffice.imports.own_recipes import PREFIX, OwnRecipe, all_recipes, choices_of
from backoffice.imports.read import open_table
from backoffice.imports.recipes import (
    AssignedRecipe,
    Mapped,
    MappedChunk,
    Recipe,
    StandardRecipe,
)
from backoffice.imports.sheets import Sheet, sheet
from backoffice.imports.stage import Stager
from backoffice.imports.tables import Table, header_key
from backoffice.models import ImportRun, User
from backoffice.refused import Refused
from backoffice.steps import require_permission

State = ImportRun.State
READ_KIND = "backoffice.read_import"
# Rows that tell how the rest of a file is.
LOOKED_AT = 500


def start_run(  # noqa: PLR0913  (what one may choose at an upload)
    *,
    sheet_name: str,
    file: IO[Any],
    file_name: str,
    by: User,
    recipe: str = "",
    mode: str = "",
    policy: str = "",
    choices: Choices | None = None,
    may_ask: bool = False,
    now: datetime | None = None,
) -> ImportRun:
    """Take a file in, read it, judge every row, and stage all of it for the preview.

    recipe: blank: recognised by the header. mode, policy: blank: the recipe's, else create and
    update, all or nothing. may_ask: a header that no recipe fits leads to a run
    whose columns are to be assigned, and a large file to one that a job reads. now: the clock.
    Refuses: NotAllowed; UnknownRow; every FileRefused, of which nothing is kept.
    Atomic: the run and its rows; nothing of the trade is written.
    """
    kind = sheet(sheet_name)
    require_permission(by, kind.import_permission, kind.import_words)
    moment = now or timezone.now()
    expire_runs(now=moment)
    chosen = choices or Choices()
    chosen.require_readable(kind.columns(), {kind.key, *kind.keys})
    received = receive.receive(file, name=file_name)
    run = ImportRun(
        owner=by,
        sheet=kind.name,
        recipe=recipe,
        mode=mode,
        policy=policy,
        choices=chosen.as_json(),
        file_name=received.file_name,
        stored_as=received.stored_as,
        sha256=received.sha256,
        size_bytes=received.size_bytes,
        expires_at=moment + timedelta(hours=settings.IMPORT_EXPIRES_HOURS),
    )
    try:
        if may_ask and received.size_bytes > settings.IMPORT_AT_ONCE_BYTES:
            return _read_later(run)
        return understand(run, may_ask=may_ask, now=moment)
    except BaseException:
        received.forget()
        raise


def _read_later(run: ImportRun) -> ImportRun:
    with transaction.atomic():
        run.save()
        run.job = jobs.start(
            READ_KIND, by=run.owner, arguments={"run": str(run.uuid)}, label=run.file_name
        )
        run.save(update_fields=["job", "updated_at"])
    return run


def read_received(run: ImportRun) -> ImportRun:
    """Read a run's file where a job was asked to; a refused file closes the run with its words."""
    try:
        return understand(run, may_ask=True, now=timezone.now())
    except Refused as refused:
        receive.forget(run.stored_as)
        ImportRun.objects.filter(pk=run.pk).update(
            state=State.REFUSED, outcome=str(refused), finished_at=timezone.now()
        )
        raise


def choose_again(
    *,
    uuid: Any,
    by: User,
    recipe: str | None = None,
    mode: str = "",
    policy: str = "",
    choices: Choices | None = None,
) -> ImportRun:
    """Read a waiting run's file again, differently.

    recipe: None: the same; blank: recognised anew. Rows that were corrected or left out are as the
    file has them again.
    Refuses: UnknownRun; RunNotWaiting; ContentChanged; every FileRefused, and the run stays.
    """
    with transaction.atomic():
        run = locked_run(uuid=uuid, by=by, states=(State.VALIDATED, State.MAPPING))
        if run.applied:
            raise refusals.RunNotWaiting(state=str(State.APPLIED.label).lower())
        run.recipe = run.recipe if recipe is None else recipe
        run.mode, run.policy = mode or run.mode, policy or run.policy
        if choices is not None:
            kind = sheet(run.sheet)
            choices.require_readable(kind.columns(), {kind.key, *kind.keys})
            run.choices = choices.as_json()
        run.rows.all().delete()
        run.plan.all().delete()
        run.findings.all().delete()
        return understand(run, may_ask=True, now=timezone.now())


def understand(run: ImportRun, *, may_ask: bool, now: datetime) -> ImportRun:
    """Read, map, stage and plan a run's file."""
    kind = sheet(run.sheet)
    choices = Choices.from_json(run.choices)
    if not receive.is_intact(run.stored_as, run.sha256):
        raise refusals.ContentChanged
    with receive.opened(run.stored_as) as file:
        known = kind.known_columns()
        table = open_table(file, reading=choices.reading, known=known)
        try:
            recipe = recipe_of(kind, run, table, choices)
            if isinstance(recipe, OwnRecipe):
                choices = choices.over(choices_of(recipe.row))
                run.policy = run.policy or str(recipe.row.content.get("policy") or "")
                table = open_table(file, reading=choices.reading, known=known)
            mapped, choices = _mapped(kind, recipe, table, choices, now)
        except (refusals.MissingColumns, refusals.UnknownColumns) as refused:
            if not may_ask:
                raise
            return _ask(run, table, choices, refused)
        run.header, run.fingerprint = table.header, recipes.fingerprint(table.header)
        run.recipe, run.columns, run.outcome = recipe.name, mapped.columns, ""
        run.mode = kind.mode or run.mode or recipe.mode or ImportRun.Mode.UPSERT
        run.policy = run.policy or ImportRun.Policy.ALL_OR_NOTHING
        run.layout = [*mapped.columns, *_derived(kind, run, mapped, choices.key or kind.key)]
        run.choices = choices.as_json()
        with transaction.atomic():
            run.save()
            Stager(run, kind, choices).store(mapped)
            run.warnings = [note.as_json() for note in [*table.notes, *mapped.notes]]
            plan_again(run, by=run.owner)
    return run


def _ask(run: ImportRun, table: Table, choices: Choices, refused: Refused) -> ImportRun:
    """Keep a run whose columns a person has to assign."""
    run.header, run.fingerprint = table.header, recipes.fingerprint(table.header)
    run.state, run.outcome = State.MAPPING, refused.message
    run.choices = replace(choices, reading=table.reading).as_json()
    run.warnings = [note.as_json() for note in table.notes]
    run.save()
    return run


def plan_again(run: ImportRun, *, by: User) -> None:
    """Plan a run's rows as they stand, and save it as waiting. Inside a transaction."""
    sheet(run.sheet).planner(run, by).plan()
    run.state = State.VALIDATED
    run.plan_number += 1
    run.save()


def recipe_of(kind: Sheet, run: ImportRun, table: Table, choices: Choices) -> Recipe:
    """Return what reads the table: columns assigned by hand, or the recipe that fits."""
    if choices.mapping is not None and not run.recipe.startswith(PREFIX):
        return AssignedRecipe(choices.mapping, known=kind.columns())
    name = "" if run.recipe == AssignedRecipe.name else run.recipe
    return recipes.choose(all_recipes(kind), table, name)


def _mapped(
    kind: Sheet, recipe: Recipe, table: Table, choices: Choices, now: datetime
) -> tuple[Mapped, Choices]:
    """Return what a recipe makes of the table, and the choices with what was detected."""
    key = choices.key or kind.key
    named = {header_key(name) for name in table.header}
    found = ", ".join(table.header[:12])
    if isinstance(recipe, StandardRecipe) and key not in named:
        raise refusals.MissingColumns(columns=key, found=found)
    mapped = recipe.map(table, ignore_unknown=choices.ignore_unknown, now=now)
    if key not in mapped.columns:
        raise refusals.MissingColumns(columns=str(kind.columns()[key].label), found=found)
    chunks = iter(mapped.chunks)
    head = list(islice(chunks, 1))
    mapped.chunks = chain(head, chunks)
    reading = table.reading
    if not choices.reading.decimal:
        reading = replace(reading, decimal=_decimal(kind, head))
    return mapped, replace(choices, reading=reading)


def _decimal(kind: Sheet, head: Sequence[MappedChunk]) -> str:
    """Return the decimal mark that the first rows' numbers are written with."""
    columns = kind.columns()
    texts = (
        cell
        for chunk in head
        for name, cells in chunk.columns.items()
        if columns[name].is_number
        for cell in cells[:LOOKED_AT]
        if isinstance(cell, str)
    )
    return numbers.detect_decimal(texts)


def _derived(kind: Sheet, run: ImportRun, mapped: Mapped, key: str) -> list[str]:
    """Return what is made where the file is read: for new rows, from columns that are there.

    Where the first rows are there already it is left to planning, for the few that are not.
    """
    if run.mode == ImportRun.Mode.UPDATE or not kind.derived:
        return []
    chunks = iter(mapped.chunks)
    head = list(islice(chunks, 1))
    mapped.chunks = chain(head, chunks)
    cells = [str(cell) for chunk in head for cell in chunk.columns[key][:LOOKED_AT] if cell]
    # PostgreSQL cannot even be asked for a NUL.
    keys = {text for text in cells if "\x00" not in text}
    known = kind.model._default_manager.filter(**{f"{key}__in": list(keys)}).count()
    if known * 2 > len(keys):
        return []
    return [derived.name for derived in kind.derived if derived.columns[0] in mapped.columns]


def own_run(*, uuid: Any, by: User) -> ImportRun:
    """Return a person's own run. Refuses: UnknownRun, whoever else's it may be."""
    run = by_uuid(ImportRun.objects.of(by), uuid)
    if run is None:
        raise refusals.UnknownRun
    if run.job_id is not None and run.state in WITH_JOB:
        end_with_jobs(ImportRun.objects.filter(pk=run.pk))
        run.refresh_from_db()
    return run


def by_uuid(runs: QuerySet[ImportRun], uuid: Any) -> ImportRun | None:
    """Return the run with a public id, whatever was given for one."""
    try:
        return runs.filter(uuid=uuid).first()
    except ValidationError:
        return None


def locked_run(*, uuid: Any, by: User, states: Sequence[str] = (State.VALIDATED,)) -> ImportRun:
    """Return a person's own run, locked: two who work on it take turns.

    Refuses: UnknownRun; NotAllowed; RunExpired; RunNotWaiting. Inside a transaction.
    """
    run = by_uuid(ImportRun.objects.select_for_update(of=("self",)).of(by), uuid)
    if run is None:
        raise refusals.UnknownRun
    kind = sheet(run.sheet)
    require_permission(by, kind.import_permission, kind.import_words)
    if run.shown_state == State.EXPIRED:
        raise refusals.RunExpired(hours=settings.IMPORT_EXPIRES_HOURS)
    if run.state not in states:
        raise refusals.RunNotWaiting(state=run.get_state_display().lower())
    return run


def discard_run(*, uuid: Any, by: User) -> ImportRun:
    """Drop a preview that nobody will confirm, and its file.

    Of a run that was applied already only the corrections are dropped.
    Refuses: UnknownRun; RunNotWaiting.
    Atomic: one conditional update.
    """
    run = own_run(uuid=uuid, by=by)
    open_states = (State.RECEIVED, State.MAPPING, State.VALIDATED, State.ASKED)
    moved = ImportRun.objects.filter(pk=run.pk, state__in=open_states).update(
        state=State.APPLIED if run.applied else State.DISCARDED, finished_at=timezone.now()
    )
    if not moved:
        raise refusals.RunNotWaiting(state=run.get_state_display().lower())
    receive.forget(run.stored_as)
    run.refresh_from_db()
    return run
