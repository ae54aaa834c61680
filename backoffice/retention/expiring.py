"""Carrying the rules out: rows whose time is over go by a recorded act, under the owner's role.

Expired history is deleted; of each sealed row its digest stays, so the seals of its range prove
the others as before, and a row that is gone without such a record is found. Personal data are
erased where they stand, with an event for each row.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history, sealed
from backoffice.models import AuditEvent, Expiry, RetentionRule, SealBlock, User
from backoffice.refused import ReasonMissing
from backoffice.retention.subjects import Subject, history_of, subject_named
from backoffice.seals import chain, expired
from backoffice.seals.canonical import Layout
from backoffice.seals.epochs import require_owner
from backoffice.seals.hashing import MARK_BYTES, Reader, unpack_ids
from backoffice.seals.refusals import RecordIsBroken
from backoffice.seals.sealing import last_sealed_id, seal_record
from backoffice.steps import require_permission

EXPIRE = "backoffice.expire_retentionrule"
# One run ends here; the next one goes on.
MOST_ROWS = 500_000
ROWS_PER_STATEMENT = 5_000


@dataclass(frozen=True)
class Due:
    """What a rule would let go now. before: the moment before which its rows are too old."""

    rule: RetentionRule
    before: datetime
    rows: int


@dataclass(frozen=True)
class Expired:
    """What was let go under one rule; of personal data: erased."""

    rule: RetentionRule
    rows: int


def due_now(now: datetime) -> list[Due]:
    """Return what is due under each rule in force. Reads only."""
    found = []
    for rule in RetentionRule.objects.filter(is_active=True):
        subject, before = subject_named(rule.model), years_before(now, rule.keep_years)
        rows = _personal_due(subject, before) if subject.at else _history_due(rule, before)
        found.append(Due(rule, before, rows.count()))
    return found


def expire_record(*, now: datetime, by: User | None, reason: str) -> list[Expired]:
    """Carry out every rule in force: what it says is too old goes, by a recorded act.

    now: the clock. by: None for the clock and commands. reason: required.
    Refuses: NotAllowed; ReasonMissing; NotTheOwner, when the database role may not lift triggers;
    RecordIsBroken, when a row that is due is not what was sealed; what sealing refuses.
    Atomic: each rule by itself; the protection of its one table is lifted for rows to go, and for
    nothing else; an error takes all of it back.
    """
    if by is not None:
        require_permission(by, EXPIRE, _("carry out retention rules"))
    if not reason.strip():
        raise ReasonMissing(step=_("Expire"))
    require_owner()
    seal_record()
    done = []
    for rule in RetentionRule.objects.filter(is_active=True).order_by("pk"):
        before = years_before(now, rule.keep_years)
        changes.say(action=EXPIRE, by=by, reason=reason)
        carry_out = _erase if subject_named(rule.model).at else _expire
        rows = carry_out(rule, before)
        if rows:
            done.append(Expired(rule, rows))
    return done


def years_before(now: datetime, years: int) -> datetime:
    """Return the same day so many years ago; of a 29 February the 28th."""
    try:
        return now.replace(year=now.year - years)
    except ValueError:
        return now.replace(year=now.year - years, day=28)


# --- Personal data --------------------------------------------------------------------------------


def _personal_due(subject: Subject, before: datetime) -> QuerySet[Any]:
    rows = subject.model._default_manager.filter(erased_at=None)
    return rows.filter(**{f"{subject.at}__lt": before}).order_by("pk")


def _erase(rule: RetentionRule, before: datetime) -> int:
    rows = _personal_due(subject_named(rule.model), before)[:MOST_ROWS]
    with transaction.atomic():
        count = 0
        for row in rows.iterator(chunk_size=1_000):
            row.erase()
            count += 1
    return count


# --- History --------------------------------------------------------------------------------------


def _history_due(rule: RetentionRule, before: datetime) -> QuerySet[Any]:
    """Return the history rows that a rule lets go.

    The last row of what still exists is never among them: live rows are held against it.
    """
    subject = subject_named(rule.model)
    model, key = history_of(subject), subject.model._meta.pk.attname
    same = model._default_manager.filter(**{key: OuterRef(key)}).order_by()
    has_later = Exists(same.filter(history_id__gt=OuterRef("history_id")))
    has_earlier = Exists(same.filter(history_id__lt=OuterRef("history_id")))
    rows = model._default_manager.filter(history_date__lt=before).order_by("history_id")
    if rule.keeps_ends:
        return rows.filter(has_later, has_earlier)
    return rows.filter(Q(has_later) | Q(history_type="-"))


def _expire(rule: RetentionRule, before: datetime) -> int:
    table = history_of(subject_named(rule.model))._meta.db_table
    epoch = chain.current_epoch()
    assert epoch is not None
    sealed_until = last_sealed_id(epoch, table)
    with transaction.atomic():
        due = _history_due(rule, before).filter(history_id__lte=sealed_until)
        ids = list(due.values_list("history_id", flat=True)[:MOST_ROWS])
        if not ids:
            return 0
        expiry = Expiry.objects.create(
            change_set=changes.require(),
            at=changes.moment(),
            rule=rule,
            table=table,
            before=before,
            row_count=len(ids),
        )
        for block, of_block in _by_block(table, ids):
            expired.note(expiry, _proven(block, of_block))
        AuditEvent.record(
            "history_expired",
            subject=rule,
            table=table,
            rows=len(ids),
            before=before.isoformat(),
            first=ids[0],
            last=ids[-1],
        )
        _delete(table, ids)
    return len(ids)


def _by_block(table: str, ids: Sequence[int]) -> Iterator[tuple[SealBlock, list[int]]]:
    """Yield each sealed block of the present epoch that holds some of the rows, with those."""
    blocks = list(
        SealBlock.objects.filter(seal__epoch=chain.current_epoch(), seal__table=table)
        .order_by("last_id")
        .select_related("seal__layout")
    )
    ends = [block.last_id for block in blocks]
    parts: dict[int, list[int]] = defaultdict(list)
    for pk in ids:
        parts[bisect_left(ends, pk)].append(pk)
    for place, of_block in parts.items():
        yield blocks[place], of_block


def _proven(block: SealBlock, ids: Sequence[int]) -> dict[int, bytes]:
    """Return the digests of rows as they are, each held against its seal: none goes unproved."""
    layout = Layout.from_facts(block.seal.layout.facts)
    digests = Reader(layout).digests_by_id(block.after_id, block.last_id)
    sealed_ids, marks = unpack_ids(bytes(block.ids)), bytes(block.marks)
    known = {
        pk: marks[place * MARK_BYTES : (place + 1) * MARK_BYTES]
        for place, pk in enumerate(sealed_ids)
    }
    for pk in ids:
        if digests.get(pk, b"")[:MARK_BYTES] != known.get(pk):
            raise RecordIsBroken(first=f"{layout.table}: {pk}")
    return {pk: digests[pk] for pk in ids}


def _delete(table: str, ids: Sequence[int]) -> None:
    """Let the rows go: the only DELETE that a sealed table ever sees outside of lifted epochs."""
    quote = connection.ops.quote_name
    with sealed.deleting(table), history.writing(), connection.cursor() as cursor:
        for start in range(0, len(ids), ROWS_PER_STATEMENT):
            part = ids[start : start + ROWS_PER_STATEMENT]
            places = ", ".join(["%s"] * len(part))
            cursor.execute(
                f"DELETE FROM {quote(table)} WHERE history_id IN ({places})",  # noqa: S608
                part,
            )
