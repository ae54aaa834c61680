"""What every sheet over a table asks of its rows: keys, twins, needed cells, permissions, drift."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.imports import sql
from backoffice.imports.checks import Check, Facts
from backoffice.imports.fields import Field, OwnField
from backoffice.imports.parse import Fault, Text, shown
from backoffice.imports.relation import OPEN, Relation
from backoffice.imports.stage import keep
from backoffice.models import ImportFinding, ImportRow, ImportRun
from backoffice.models.imports import Verdict

# How many other lines a sentence names.
LINES_NAMED = 5
IDS_AT_ONCE = 1_000
Phase = ImportFinding.Phase


# --- Before the checks --------------------------------------------------------------------------


def forgive_forms(relation: Relation) -> None:
    """Drop what is said against the form of a cell that stands in the table just so.

    What is there is never refused, or written anew, for its form: an export can be read again.
    """
    faulty = sql.rows(
        f"SELECT DISTINCT field FROM {sql.table(ImportFinding)}"
        f" WHERE run_id = {relation.run.pk} AND is_form"
    )
    forgiven: list[int] = []
    for (name,) in faulty:
        field = relation.fields.get(name)
        if field is None:
            continue
        found = sql.rows(
            f"SELECT f.id, f.raw, {field.present_text} FROM {sql.table(ImportFinding)} f"
            f" JOIN {sql.table(ImportRow)} r ON r.run_id = f.run_id AND r.number = f.number"
            f" JOIN {sql.table(relation.sheet.model)} t ON {relation.key_text} = r.key{field.joins}"
            f" WHERE f.run_id = {relation.run.pk} AND f.is_form AND f.field = %s AND f.raw <> ''",
            [name],
        )
        words = field.shown({stored for _pk, _raw, stored in found})
        forgiven += [pk for pk, raw, stored in found if raw == words.get(stored, stored)]
    for start in range(0, len(forgiven), IDS_AT_ONCE):
        some = forgiven[start : start + IDS_AT_ONCE]
        ImportFinding.objects.filter(pk__in=some).delete()


def refuse_nameless(relation: Relation) -> None:
    """Refuse rows that do not say what they are about."""
    run = relation.run
    rows = sql.rows(
        f"SELECT r.number FROM {sql.table(ImportRow)} r WHERE r.run_id = {run.pk}"
        f" AND {OPEN} AND r.key = '' AND {relation.unsaid(relation.key)}"
    )
    named = _called(run, relation.key)
    fault = Fault(
        "key_missing",
        _("The row has no {column}, so it belongs to no {noun}."),
        _("Fill it in, or remove the row."),
        column=named,
        noun=relation.sheet.noun,
    )
    keep(finding(run, number, relation.key, fault) for (number,) in rows)


def refuse_twins(relation: Relation, name: str) -> None:
    """Refuse every row whose key, or other unique value, stands in the file twice."""
    run = relation.run
    text = "r.key" if name == relation.key else relation.said(name)
    if text == "NULL" or (name == relation.key and not relation.keys_meet):
        return
    rows = f"FROM {sql.table(ImportRow)} r WHERE r.run_id = {run.pk} AND {OPEN} AND {text} <> ''"
    repeated = f"SELECT {text} {rows} GROUP BY {text} HAVING count(*) > 1"
    if not sql.rows(f"{repeated} LIMIT 1"):
        return
    twins = sql.rows(
        f"SELECT {text} AS said, r.number, r.line {rows} AND {text} IN ({repeated})"
        " ORDER BY said, r.number"
    )
    lines: dict[str, list[int]] = {}
    for said, _number, line in twins:
        some = lines.setdefault(said, [])
        if len(some) <= LINES_NAMED + 1:  # a file may say the same twenty thousand times
            some.append(line)
    keep(
        finding(run, number, name, _twin(name, said, line, lines[said]))
        for said, number, line in twins
    )


def _twin(name: str, said: str, line: int, lines: list[int]) -> Fault:
    others = [str(other) for other in lines if other != line][:LINES_NAMED]
    more = "…" if len(lines) > LINES_NAMED + 1 else ""
    return Fault(
        f"duplicate_{name}",
        _("{value} stands in this file more than once: also on line {lines}."),
        _("Keep one of the rows."),
        value=shown(said),
        lines=", ".join(others) + more,
    )


# --- Checks ---------------------------------------------------------------------------------------


def checks(relation: Relation) -> Iterable[Check]:
    """Return what is asked of the rows of every sheet."""
    yield from _mode(relation)
    yield from _needed(relation)
    yield from _permissions(relation)
    yield from _emptied(relation)


def _mode(relation: Relation) -> Iterable[Check]:
    noun = relation.sheet.noun
    if relation.run.mode == ImportRun.Mode.UPDATE:
        yield Check(
            field=relation.key,
            of=Verdict.NEW,
            words=lambda facts: Fault(
                "key_unknown",
                _("There is no {noun} {value}, and this import only updates."),
                _("Correct it, or import with “create and update”."),
                noun=noun,
                value=shown(facts["key"]),
            ),
        )
    if relation.run.mode == ImportRun.Mode.CREATE:
        yield Check(
            field=relation.key,
            of=Verdict.CHANGED,
            words=lambda facts: Fault(
                "key_known",
                _("The {noun} {value} is there already, and this import only creates."),
                _("Remove the row, or import with “create and update”."),
                noun=noun,
                value=shown(facts["key"]),
            ),
        )


def _needed(relation: Relation) -> Iterable[Check]:
    if relation.run.mode == ImportRun.Mode.UPDATE:
        return
    for field in relation.fields.values():
        if not field.column.is_required:
            continue
        text = "r.key" if field.name == relation.key else field.said_when_new
        called = _called(relation.run, field.name)
        fault = Fault(
            "required",
            _("A new row needs the column {column}; here it is blank."),
            _("Fill it in."),
            column=called,
        )
        yield Check(
            field=field.name,
            of=Verdict.NEW,
            when=f"{text} = ''",
            words=lambda _facts, fault=fault: fault,
        )


def _permissions(relation: Relation) -> Iterable[Check]:
    sheet = relation.sheet
    for permission, verdict, what in (
        (sheet.add_permission, Verdict.NEW, _("create a")),
        (sheet.change_permission, Verdict.CHANGED, _("change a")),
    ):
        if not relation.allows(permission):
            fault = not_allowed(what=what, noun=sheet.noun)
            yield Check(of=verdict, words=lambda _facts, fault=fault: fault)
    may_add, may_change = map(relation.allows, (sheet.add_permission, sheet.change_permission))
    for field in relation.given:
        column = field.column
        fault = not_allowed(
            what=_("set the {label} of a"), noun=sheet.noun, label=str(column.label).lower()
        )
        for may, permission, verdict, when in (
            (may_change, column.permission, Verdict.CHANGED, sql.has_change(field.name)),
            (may_add, column.creation_permission, Verdict.NEW, f"{field.said_when_new} <> ''"),
        ):
            # Who may not write the row at all is told so once.
            if may and permission and not relation.allows(permission):
                yield Check(
                    field=field.name, of=verdict, when=when, words=lambda _f, fault=fault: fault
                )


def _emptied(relation: Relation) -> Iterable[Check]:
    """Warn of cells that would be blanked."""
    for field in relation.compared:
        if not isinstance(field, OwnField):
            continue
        label = field.column.label
        yield Check(
            field=field.name,
            of=Verdict.CHANGED,
            when=(
                f"{sql.has_change(field.name)} AND {field.said} = ''"
                f" AND {sql.old_text(field.name)} <> ''"
            ),
            words=lambda facts, label=label: Fault(
                "emptied",
                _("{label} is emptied; it was {old}."),
                label=label,
                old=shown(facts["old"]),
            ),
            needs={"old": sql.old_text(field.name)},
            is_warning=True,
        )


def not_emptied(relation: Relation, field: OwnField) -> Check:
    """Return the check that a column which every row needs is not emptied."""
    fault = Fault(
        f"bad_{field.name}",
        _("{label} cannot be empty."),
        _("Fill the cell in, or let blank cells keep what is there."),
        label=field.column.label,
    )
    return Check(
        field=field.name,
        of=Verdict.CHANGED,
        when=f"{field.said} = ''",
        words=lambda _facts: fault,
    )


def drift(relation: Relation) -> Iterable[Check]:
    """Return what may have happened since the preview: asked under lock."""
    model, key = sql.table(relation.sheet.model), relation.key_text
    again = _("Import the file again and read the new preview.")
    yield Check(
        joins=f" LEFT JOIN {model} rival ON {key.replace('t.', 'rival.')} = r.key",
        of=Verdict.NEW,
        when="rival.id IS NOT NULL",
        words=lambda facts: Fault(
            "created_since",
            _("{key} was created by somebody else since the preview."),
            again,
            key=facts["key"],
        ),
    )
    yield Check(
        when=f"p.verdict = 'changed' AND (t.id IS NULL OR {key} <> r.key)",
        words=lambda facts: Fault(
            "gone_since", _("{key} is no longer there under this key."), again, key=facts["key"]
        ),
    )
    for field in relation.compared:
        if field.follows_the_shelf or field.name not in relation.changing:
            continue
        yield Check(
            field="",
            of=Verdict.CHANGED,
            when=f"{sql.has_change(field.name)} AND {field.present_text}"
            f" <> {sql.old_text(field.name)}",
            needs={"old": sql.old_text(field.name), "now": field.present_text},
            words=lambda facts, field=field: _changed_since(field, facts, again),
        )


def _changed_since(field: Field, facts: Facts, again: Text) -> Fault:
    words = field.shown([facts["old"], facts["now"]])
    return Fault(
        "changed_since",
        _("{label} was changed since the preview: it showed {old}, now it is {now}."),
        again,
        label=field.column.label,
        old=shown(words.get(facts["old"], facts["old"])) or "–",
        now=shown(words.get(facts["now"], facts["now"])) or "–",
    )


def not_allowed(*, what: Any, noun: Any, label: str = "") -> Fault:
    """Return the fault of a row that the person may not write."""
    return Fault(
        "not_allowed",
        _("Your role does not allow you to {what} {noun}."),
        _("Leave the column out, or ask a colleague who may."),
        what=str(what).format(label=label),
        noun=noun,
    )


def finding(
    run: ImportRun, number: int, field: str, fault: Fault, *, phase: str = Phase.PLAN
) -> ImportFinding:
    """Return a finding on a row, not saved yet."""
    return ImportFinding(
        run=run,
        number=number,
        phase=phase,
        field=field,
        column=_called(run, field)[:200] if field else "",
        code=fault.code,
        message=fault.message,
        hint=fault.hint,
    )


def _called(run: ImportRun, field: str) -> str:
    """Return what the file calls a column of ours."""
    return (run.columns.get(field) or [field])[0]
