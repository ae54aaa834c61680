"""Verifying: the links of the chain, then every sealed row of the present epoch.

Rows of closed epochs were verified when those were closed; of them the links remain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice import changes, sealed
from backoffice.models import AuditEvent, Seal, SealBlock, SealEpoch, SealLayout, User, Verification
from backoffice.seals import anchor as anchors
from backoffice.seals import chain, columns, expired, personal
from backoffice.seals.canonical import Layout, digest_of
from backoffice.seals.findings import Report
from backoffice.seals.hashing import (
    FIRST_ID,
    MARK_BYTES,
    Reader,
    leaf_of,
    root_of,
    together,
    unpack_ids,
)
from backoffice.seals.sealing import Progress, no_progress
from backoffice.steps import require_permission

VERIFY = "backoffice.verify_record"
# Ranges that are asked for in one statement.
BATCH_ROWS = 20_000
BATCH_BLOCKS = 500
MOST_FINDINGS = 1_000


@dataclass
class _Sum:
    """What a seal's blocks add up to."""

    seal: Seal
    end: int
    leaves: list[bytes] = field(default_factory=list)
    count: int = 0
    is_in_order: bool = True

    def add(self, block: SealBlock) -> None:
        is_next = block.after_id == self.end and block.position == len(self.leaves)
        self.is_in_order = self.is_in_order and is_next
        self.leaves.append(leaf_of(block.digest, block.ids, block.marks))
        self.count += block.count
        self.end = block.last_id


def verify_record(
    *,
    by: User | None,
    reason: str,
    anchor: anchors.Anchor | None = None,
    progress: Progress = no_progress,
) -> tuple[Verification, Report]:
    """Hold the record against its seals, and note what came of it.

    by: None for the clock and commands. anchor: what was kept elsewhere of an earlier chain.
    Refuses: NotAllowed.
    Atomic: reads, then writes one verification and one event.
    """
    if by is not None:
        require_permission(by, VERIFY, gettext_lazy("verify the record"))
    began = timezone.now()
    report = examine(anchor=anchor, progress=progress)
    return note(report, began=began, by=by, reason=reason), report


def note(report: Report, *, began: datetime, by: User | None, reason: str) -> Verification:
    """Write down what a verification found."""
    with transaction.atomic():
        changes.say(action=VERIFY, by=by, reason=reason)
        verification = Verification.objects.create(
            change_set=changes.require(),
            at=began,
            ended_at=timezone.now(),
            epoch=report.epoch,
            head=report.head,
            head_digest=report.head_digest,
            row_count=report.rows,
            erased_count=report.erased,
            expired_count=report.expired,
            anchored_at_seal=report.anchored_at,
            is_whole=report.is_whole,
            finding_count=len(report.findings),
            findings=report.kept(),
        )
        AuditEvent.record(
            "verification" if report.is_whole else "verification_failed",
            subject=verification,
            rows=report.rows,
            seal=report.head,
            findings=len(report.findings),
        )
    return verification


def examine(
    *,
    anchor: anchors.Anchor | None = None,
    progress: Progress = no_progress,
    by_models: bool = True,
) -> Report:
    """Return what is found when the record is held against its seals; writes nothing.

    by_models=False: the models are ahead of the database: only what seals name is read.
    """
    report = Report()
    for name in sealed.missing():
        report.add("protection", detail=name)
    _check_links(report)
    if (epoch := chain.current_epoch()) is not None:
        last = chain.head()
        assert last is not None
        report.epoch, report.head, report.head_digest = epoch.number, last.number, last.digest
        gone = columns.drift(chain.known_layouts(epoch), by_models=by_models)
        for table, names in gone.items():
            report.add("columns", table=table, detail=", ".join(names))
        _check_rows(report, epoch, set(gone), progress)
    if by_models:
        personal.check(report)
    if anchor is not None:
        anchors.check(anchor, report)
    report.sort()
    return report


# --- Links ----------------------------------------------------------------------------------------


def _check_links(report: Report) -> None:
    previous, number = "", 0
    layouts = {row.pk: row for row in SealLayout.objects.all()}
    for layout in layouts.values():
        if digest_of(layout.facts) != layout.digest or layout.facts["table"] != layout.table:
            report.add("columns", table=layout.table, detail=_("of its seals"))
    for position, epoch in enumerate(SealEpoch.objects.order_by("number"), start=1):
        is_next = epoch.number == position and epoch.after_seal == number
        if not is_next or epoch.previous != previous:
            report.add("chain", seal=number + 1, detail=_("epoch {n}").format(n=epoch.number))
        if digest_of(chain.epoch_facts(epoch)) != epoch.digest:
            report.add("epoch", detail=str(epoch.number))
        previous = epoch.digest
        ends: dict[str, int] = {}
        for seal in epoch.seals.order_by("number").iterator():
            seal.epoch, seal.layout = epoch, layouts[seal.layout_id]
            report.seals += 1
            if seal.number != number + 1 or seal.previous != previous:
                report.add("chain", seal=seal.number, detail=_("the one before is another"))
            elif seal.after_id != ends.get(seal.table, FIRST_ID):
                report.add("chain", seal=seal.number, detail=_("rows are left out"))
            if digest_of(chain.seal_facts(seal)) != seal.digest or seal.table != seal.layout.table:
                report.add("seal", seal=seal.number, table=seal.table)
            previous, number = seal.digest, seal.number
            ends[seal.table] = seal.last_id


# --- Rows -----------------------------------------------------------------------------------------


def _check_rows(report: Report, epoch: SealEpoch, gone: set[str], progress: Progress) -> None:
    total = Seal.objects.filter(epoch=epoch).aggregate(n=Sum("count"))["n"] or 0
    blocks = (
        SealBlock.objects.filter(seal__epoch=epoch)
        .order_by("seal__layout_id", "seal__number", "position")
        .select_related("seal", "seal__layout")
        .iterator(chunk_size=50)
    )
    for _pk, of_layout in groupby(blocks, key=lambda block: block.seal.layout_id):
        reader = None
        sum_of_seal: _Sum | None = None
        for batch in _batches(of_layout):
            first = batch[0].seal
            if reader is None and first.table not in gone:
                reader = Reader(Layout.from_facts(first.layout.facts))
                if reader.has_row(FIRST_ID):
                    report.add("inserted", table=first.table, row=FIRST_ID, seal=first.number)
            if reader is not None:
                _check_batch(report, reader, batch)
            for block in batch:
                if sum_of_seal is None or sum_of_seal.seal.pk != block.seal_id:
                    _check_root(report, sum_of_seal)
                    sum_of_seal = _Sum(block.seal, end=block.seal.after_id)
                sum_of_seal.add(block)
                report.rows += block.count
            progress(report.rows, total, first.table)
        _check_root(report, sum_of_seal)
    for seal in Seal.objects.filter(epoch=epoch, blocks=None):
        report.add("index", table=seal.table, seal=seal.number)


def _batches(blocks: Iterable[SealBlock]) -> Iterator[list[SealBlock]]:
    batch: list[SealBlock] = []
    rows = 0
    for block in blocks:
        batch.append(block)
        rows += block.count
        if rows >= BATCH_ROWS or len(batch) >= BATCH_BLOCKS:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch


def _check_batch(report: Report, reader: Reader, batch: list[SealBlock]) -> None:
    found = reader.digests([(block.after_id, block.last_id) for block in batch])
    for block, (count, digest) in zip(batch, found, strict=True):
        if (count, digest) != (block.count, block.digest):
            gone = _expired(reader, block)
            if gone and _is_whole_without(reader, block, gone):
                report.expired += len(gone)
            else:
                _name_rows(report, reader, block, gone)


def _expired(reader: Reader, block: SealBlock) -> dict[int, bytes]:
    """Return the digests of the block's rows that expired by a recorded act."""
    if not expired.is_known():
        return {}
    return expired.digests_of(reader.layout.table, block.after_id, block.last_id)


def _is_whole_without(reader: Reader, block: SealBlock, gone: dict[int, bytes]) -> bool:
    """Tell whether the rows there, with the digests of those that expired, are the block."""
    there = reader.digests_by_id(block.after_id, block.last_id)
    if there.keys() & gone.keys() or len(there) + len(gone) != block.count:
        return False
    both = {**there, **gone}
    return together(both[pk] for pk in sorted(both)) == block.digest


def _name_rows(report: Report, reader: Reader, block: SealBlock, gone: dict[int, bytes]) -> None:
    """Find the rows of a block that differ, by the index that was sealed with it."""
    facts: dict[str, Any] = {"table": reader.layout.table, "seal": block.seal.number}
    before = len(report.findings)
    sealed_marks = _index(block)
    marks = reader.marks(block.after_id, block.last_id)
    for pk in sorted({*sealed_marks, *marks}):
        if len(report.findings) >= before + MOST_FINDINGS:
            return
        if pk not in marks:
            if gone.get(pk, b"")[:MARK_BYTES] != sealed_marks[pk]:
                report.add("missing", row=pk, **facts)
        elif pk in gone or pk not in sealed_marks:
            report.add("inserted", row=pk, **facts)
        elif marks[pk] != sealed_marks[pk]:
            report.add("changed", row=pk, **facts)
    if len(report.findings) == before:
        report.add("block", detail=f"{block.after_id + 1}–{block.last_id}", **facts)


def _index(block: SealBlock) -> dict[int, bytes]:
    try:
        ids = unpack_ids(bytes(block.ids))
    except ValueError:
        return {}
    marks = bytes(block.marks)
    size = len(marks) // len(ids) if ids else 0
    return {pk: marks[i * size : (i + 1) * size] for i, pk in enumerate(ids)}


def _check_root(report: Report, known: _Sum | None) -> None:
    if known is None:
        return
    seal = known.seal
    is_same = known.is_in_order and root_of(known.leaves) == seal.root
    if not (is_same and known.count == seal.count and known.end == seal.last_id):
        report.add("index", table=seal.table, seal=seal.number)
