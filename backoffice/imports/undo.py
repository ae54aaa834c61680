"""Taking an applied run back: a run of its own, whose rows say what stood there before.

It is previewed and confirmed like any other. A row that somebody edited since is kept, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from backoffice.imports import refusals, sql
from backoffice.imports.choices import Choices, StockMeans
from backoffice.imports.fields import Field
from backoffice.imports.parse import Fault, shown
from backoffice.imports.relation import Relation
from backoffice.imports.runs import by_uuid, plan_again
from backoffice.imports.sheets import sheet
from backoffice.imports.stage import Staged, insert_rows, keep
from backoffice.imports.table_checks import finding
from backoffice.imports.table_sheet import TablePlanner, TableSheet
from backoffice.models import ImportFinding, ImportRun, User
from backoffice.steps import require_permission

State = ImportRun.State
RECIPE = "undo"
UNDO_ANY = "backoffice.undo_importrun"


class NotUndoable(refusals.RunRefused):
    """facts: label."""

    sentence = _("An import of {label} cannot be taken back as a whole.")
    hint = _("Use the steps of the single rows.")


class NotApplied(refusals.RunRefused):
    sentence = _("Only an import that was applied can be taken back.")


class UndoneBefore(refusals.RunRefused):
    sentence = _("This import was taken back already.")
    hint = _("Import the file again to have its rows once more.")


class TooOld(refusals.RunRefused):
    """facts: days."""

    sentence = _("The rows of this import are gone: they are kept for {days} days.")
    hint = _("The change set still tells what it did.")


def undo_run(*, uuid: Any, by: User) -> ImportRun:
    """Return a new run that takes an applied one back, planned and waiting to be confirmed.

    Changed fields get the value from before, stock the difference; what was created is archived.
    Rows that were edited since are kept, each with a sentence. One's own imports, or everybody's
    with `backoffice.undo_importrun`. Asked for again before it is confirmed: the plan anew.
    Refuses: UnknownRun; NotAllowed; NotUndoable; NotApplied; UndoneBefore; TooOld.
    Atomic: the new run and its rows; nothing of the trade is written.
    """
    with transaction.atomic():
        done = _applied(uuid, by)
        kind = sheet(done.sheet)
        if not isinstance(kind, TableSheet):
            raise NotUndoable(label=str(kind.label).lower())
        ImportRun.objects.filter(undoes=done, state__in=ImportRun.OPEN_STATES).update(
            state=State.DISCARDED, finished_at=timezone.now()
        )
        planner = kind.planner(done, by)
        undo = _new_run(done, planner.relation, kind, by)
        _stage(undo, done, planner, kind)
        plan_again(undo, by=by)
    return undo


def _applied(uuid: Any, by: User) -> ImportRun:
    runs = ImportRun.objects.all() if by.has_perm(UNDO_ANY) else ImportRun.objects.of(by)
    done = by_uuid(runs.select_for_update(of=("self",)), uuid)
    if done is None:
        raise refusals.UnknownRun
    kind = sheet(done.sheet)
    require_permission(by, kind.import_permission, kind.import_words)
    if done.state != State.APPLIED or done.is_undo:
        raise NotApplied
    if done.undone_by.filter(state=State.APPLIED).exists():
        raise UndoneBefore
    if (done.new or done.changed) and not done.plan.exists():
        raise TooOld(days=settings.IMPORT_KEEP_DAYS)
    return done


def _new_run(done: ImportRun, relation: Relation, kind: TableSheet, by: User) -> ImportRun:
    changed = [field.name for field in relation.compared if _is_changed(relation, field)]
    layout = [relation.key, *changed]
    if kind.undo_status and kind.undo_status[0] not in layout and done.new:
        layout.append(kind.undo_status[0])
    choices = Choices.from_json(done.choices)
    undo = ImportRun(
        owner=by,
        sheet=done.sheet,
        recipe=RECIPE,
        mode=ImportRun.Mode.UPDATE,
        policy=ImportRun.Policy.GOOD_ROWS,
        choices=Choices(key=choices.key, stock_means=StockMeans.DIFFERENCE).as_json(),
        file_name=done.file_name,
        sha256=done.sha256,
        layout=layout,
        columns={name: [str(kind.columns()[name].label)] for name in layout},
        reason=str(_("Taking back the import of {file}").format(file=done.file_name)),
        undoes=done,
        expires_at=timezone.now() + timedelta(hours=settings.IMPORT_EXPIRES_HOURS),
    )
    undo.save()
    return undo


def _is_changed(relation: Relation, field: Field) -> bool:
    ((holds,),) = sql.rows(
        f"SELECT {sql.any_of(sql.has_change(field.name))} {_written(relation, [])}"
        " AND p.verdict = 'changed'"
    )
    return bool(holds)


def _written(relation: Relation, fields: list[Field] | None = None) -> str:
    """Return FROM and WHERE of everything that the run wrote, in whichever of its confirmations."""
    return relation.to_write(fields).replace(" AND NOT r.is_settled", "")


def _stage(undo: ImportRun, done: ImportRun, planner: TablePlanner, kind: TableSheet) -> None:
    relation = planner.relation
    for part in planner.parts:
        part.resolve(relation)
    fields = [relation.fields[name] for name in undo.layout if name in relation.fields]
    changed = [field for field in fields if field.place is not None and field.name != relation.key]
    asked = "".join(
        f", {sql.has_change(field.name)}, {sql.old_text(field.name)}, {field.present_text},"
        f" {_text(field)}, {'(1 = 0)' if field.follows_the_shelf else field.differs}"
        for field in changed
    )
    written = sql.rows(
        f"SELECT r.number, r.line, r.key, p.verdict, t.id, {kind.untouched}{asked}"
        f" {_written(relation)} ORDER BY r.number"
    )
    back = _Back(
        undo,
        relation.key,
        kind.undo_status,
        changed,
        _words(changed, written),
        _editors(kind, [row[4] for row in written if row[4] is not None], undo),
    )
    kept: list[ImportFinding] = []
    lines, keys = [row[1] for row in written], [row[2] for row in written]
    cells = list(back.cells(written, kept))
    insert_rows(undo.pk, [Staged(range(1, len(written) + 1), lines, keys, cells)])
    keep(kept)


@dataclass
class _Back:
    """What turns written rows into the rows of the undo; everything is looked up beforehand.

    words: how stored texts are read, by column. editors: who wrote on a row since, and when.
    """

    undo: ImportRun
    key: str
    status: tuple[str, str] | None
    changed: list[Field]
    words: Mapping[str, Mapping[str, str]]
    editors: Mapping[int, str]

    def cells(
        self, written: list[tuple[Any, ...]], kept: list[ImportFinding]
    ) -> Iterator[list[str | None]]:
        """Yield the rows' cells: what stood there, and none where it is kept, which `kept` says."""
        for number, (_number, _line, key, verdict, pk, untouched, *more) in enumerate(written, 1):
            if verdict == "new":
                cells, fault = self._of_new(pk, untouched)
            else:
                cells, fault = self._of_changed(pk, more)
            if fault is not None:
                kept.append(finding(self.undo, number, "", fault, phase=ImportFinding.Phase.READ))
                cells = {}
            yield [key if name == self.key else cells.get(name) for name in self.undo.layout]

    def _of_new(self, pk: int | None, untouched: bool) -> tuple[dict[str, str], Fault | None]:
        if pk is None or self.status is None:
            return {}, None
        return ({self.status[0]: self.status[1]}, None) if untouched else ({}, self._edited(pk))

    def _of_changed(self, pk: int, more: list[Any]) -> tuple[dict[str, str], Fault | None]:
        cells: dict[str, str] = {}
        for field, (is_changed, old, now, new, differs) in zip(
            self.changed, _five(more), strict=True
        ):
            words = self.words[field.name]
            if not is_changed:
                continue
            if differs:
                return {}, self._edited(pk, field, words.get(now, now), shown(new))
            if field.follows_the_shelf:
                cells[field.name] = str(int(now or 0) + int(old or 0) - int(new or 0))
            else:
                cells[field.name] = words.get(old, old)
        return cells, None

    def _edited(self, pk: int, field: Field | None = None, now: str = "", wrote: str = "") -> Fault:
        return _edited(self.editors.get(pk, ""), field, now, wrote)


def _text(field: Field) -> str:
    return f"COALESCE({field.said}, '')"


def _five(values: list[Any]) -> Iterator[list[Any]]:
    return (values[at : at + 5] for at in range(0, len(values), 5))


def _words(changed: list[Field], rows: list[tuple[Any, ...]]) -> dict[str, Mapping[str, str]]:
    """Return how stored texts are read by people, for each field."""
    words = {}
    for place, field in enumerate(changed):
        stored = {row[6 + place * 5 + at] for row in rows for at in (1, 2)} - {None}
        words[field.name] = field.shown(stored)
    return words


def _editors(kind: TableSheet, ids: list[int], undo: ImportRun) -> dict[int, str]:
    """Return who wrote last on each row, and when, where that was not the run itself."""
    done = undo.undoes
    assert done is not None
    history = kind.model.history.model  # type: ignore[attr-defined]
    later: dict[int, tuple[Any, Any]] = {}
    own = history.objects.filter(change_set=done.change_set_id).order_by()
    last = own.aggregate(last=Max("history_id"))["last"] or 0
    for start in range(0, len(ids), 1_000):
        some = history.objects.filter(id__in=ids[start : start + 1_000], history_id__gt=last)
        found = some.exclude(change_set=done.change_set_id).order_by("history_id")
        for pk, person, at in found.values_list("id", "history_user_id", "history_date"):
            later[pk] = (person, at)
    people = User.objects.in_bulk({person for person, _at in later.values() if person})
    return {
        pk: str(
            _("by {who} on {when}").format(
                who=people[person].get_full_name() or people[person]
                if person in people
                else _("somebody"),
                when=date_format(timezone.localtime(at), "j M Y, H:i"),
            )
        )
        for pk, (person, at) in later.items()
    }


def _edited(by_whom: str, field: Field | None = None, now: str = "", wrote: str = "") -> Fault:
    when = f" {by_whom}" if by_whom else ""
    if field is None:
        return Fault(
            "edited_since",
            _("It was edited since{when}, so it is kept."),
            _("Archive it by hand if it shall go."),
            when=when,
        )
    return Fault(
        "edited_since",
        _("{label} was edited since{when}: it is {now}, the import wrote {wrote}. It is kept."),
        _("Change it by hand if it shall go back."),
        label=field.column.label,
        when=when,
        now=shown(now) or "–",
        wrote=wrote or "–",
    )
