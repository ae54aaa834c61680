"""Samples: filters under a name, and rows of the record pinned to them with what was found."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history
from backoffice.desk.asking import NotAtTheDesk, ask
from backoffice.desk.form import BIGGEST_KEY
from backoffice.desk.sources import sources_for
from backoffice.desk.trails import may_enter
from backoffice.models import AuditPin, AuditSample, User
from backoffice.refused import BadValue, Refused, UnknownRow
from backoffice.steps import require_permission

SHARE = "backoffice.share_auditsample"
MOST_PINS_AT_ONCE = 200
NAME_LENGTH, NOTE_LENGTH = 80, 4_000


class SampleNameTaken(Refused):
    """facts: name."""

    sentence = _("You have a sample called “{name}” already.")
    hint = _("Choose another name, or put the other one away.")
    http_status = 409


class NothingChosen(Refused):
    sentence = _("No row is chosen.")
    hint = _("Tick the rows that belong to the sample.")


def keep_sample(
    *, name: str, query: str, by: User, note: str = "", is_shared: bool = False
) -> AuditSample:
    """Keep the desk's filters under a name.

    query: as the desk's address has them. is_shared: everybody at the desk sees it, and in it the
    rows that they may see anyway.
    Refuses: NotAtTheDesk; NotAllowed (to share); BadValue; FiltersNotUnderstood; SampleNameTaken.
    Atomic: one sample with its history.
    """
    if is_shared:
        require_permission(by, SHARE, _("share samples"))
    name = _words(name, _("Name"), NAME_LENGTH)
    if not name:
        raise BadValue(field=_("Name"), problem=_("a sample needs one."))
    ask(query, user=by)
    try:
        with transaction.atomic():
            changes.say(action="backoffice.keep_sample", by=by, reason=note)
            sample = AuditSample(
                name=name,
                query=query[:NOTE_LENGTH],
                note=_words(note, _("Note"), NOTE_LENGTH),
                owner=by,
                is_shared=is_shared,
            )
            sample.save()
    except IntegrityError as error:
        raise SampleNameTaken(name=name) from error
    return sample


def share_sample(*, sample_id: int, is_shared: bool, by: User) -> AuditSample:
    """Show one's own sample to everybody at the desk, or to nobody else any more.

    Refuses: NotAtTheDesk; NotAllowed; UnknownRow. Atomic: locks one sample.
    """
    require_permission(by, SHARE, _("share samples"))
    with transaction.atomic():
        changes.say(action="backoffice.share_sample", by=by, reason="")
        sample = _own(sample_id, by)
        sample.is_shared = is_shared
        sample.save()
    return sample


def put_away_sample(*, sample_id: int, by: User, reason: str) -> AuditSample:
    """Put one's own sample away: it stays in the record, with its rows.

    Refuses: NotAtTheDesk; UnknownRow, whoever else's it is. Atomic: locks one sample.
    """
    with transaction.atomic():
        changes.say(action="backoffice.put_away_sample", by=by, reason=reason)
        sample = _own(sample_id, by)
        sample.delete()
    return sample


def pin_rows(*, sample_id: int, rows: Iterable[str], by: User, note: str = "") -> list[AuditPin]:
    """Pin rows of the record to a sample; those that are pinned already stay as they are.

    rows: as the desk names them (`orders.order~12`), of what `by` may look through.
    Refuses: NotAtTheDesk; UnknownRow (sample, row); NothingChosen. Atomic: the new pins.
    """
    sources = sources_for(by)
    chosen = [_row(name) for name in dict.fromkeys(rows)][:MOST_PINS_AT_ONCE]
    if not chosen:
        raise NothingChosen
    with transaction.atomic():
        changes.say(action="backoffice.pin_rows", by=by, reason=note)
        sample = _own(sample_id, by)
        there = set(sample.pins.values_list("source", "row_id"))
        for name, key in chosen:
            source = sources.get(name)
            if source is None or not source.rows().filter(**{source.key: key}).exists():
                raise UnknownRow(what=_("row"), key=f"{name}~{key}")
        text = _words(note, _("Note"), NOTE_LENGTH)
        return history.insert_rows(
            [
                AuditPin(sample=sample, source=name, row_id=key, note=text, pinned_by=by)
                for name, key in chosen
                if (name, key) not in there
            ]
        )


def judge_pin(*, pin_id: int, verdict: str, note: str, by: User) -> AuditPin:
    """Say what was found about a pinned row.

    Refuses: NotAtTheDesk; UnknownRow; BadValue. Atomic: locks one pin.
    """
    if verdict not in AuditPin.Verdict.values:
        raise BadValue(field=_("Finding"), problem=_("there is no such finding."))
    with transaction.atomic():
        changes.say(action="backoffice.judge_pin", by=by, reason=note)
        pin = _own_pin(pin_id, by)
        pin.verdict, pin.note = verdict, _words(note, _("Note"), NOTE_LENGTH)
        pin.save()
    return pin


def unpin_row(*, pin_id: int, by: User) -> None:
    """Take a row out of a sample. Refuses: NotAtTheDesk; UnknownRow. Atomic: removes one pin."""
    with transaction.atomic():
        changes.say(action="backoffice.unpin_row", by=by, reason="")
        history.delete_rows([_own_pin(pin_id, by)])


def _own(sample_id: int, by: User) -> AuditSample:
    if not may_enter(by):
        raise NotAtTheDesk
    found = AuditSample.objects.live().filter(owner=by).select_for_update()
    sample = found.filter(pk=sample_id).first()
    if sample is None:
        raise UnknownRow(what=_("sample of yours"), key=sample_id)
    return sample


def _own_pin(pin_id: int, by: User) -> AuditPin:
    if not may_enter(by):
        raise NotAtTheDesk
    found = AuditPin.objects.select_for_update(of=("self",)).filter(sample__owner=by)
    pin = found.filter(pk=pin_id, sample__archived_at=None).first()
    if pin is None:
        raise UnknownRow(what=_("row in a sample of yours"), key=pin_id)
    return pin


def _row(name: str) -> tuple[str, int]:
    source, _mark, key = name.rpartition("~")
    if not (key.isascii() and key.isdecimal()) or int(key) > BIGGEST_KEY:
        raise UnknownRow(what=_("row"), key=name[:NAME_LENGTH])
    return source, int(key)


def _words(text: str, field: object, most: int) -> str:
    text = text.replace("\x00", "").strip()
    if len(text) > most:
        raise BadValue(field=field, problem=_("at most {most} letters.").format(most=most))
    return text
