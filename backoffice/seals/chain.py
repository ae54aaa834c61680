"""The chain: each epoch and each seal carries the digest of the link before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from backoffice.models import EvidencePack, Seal, SealBlock, SealEpoch, SealLayout, Verification
from backoffice.seals.canonical import Layout, digest_of
from backoffice.seals.hashing import Block, root_of
from backoffice.seals.refusals import SealedMeanwhile

FIRST_REASON = "The first epoch"


@dataclass(frozen=True)
class Head:
    """The last link. number: of the last seal, whichever epoch it is of."""

    number: int
    digest: str
    epoch: int


def head() -> Head | None:
    """Return the last link of the chain, or None before the first epoch."""
    epoch = current_epoch()
    if epoch is None:
        return None
    last = Seal.objects.order_by("-number").first()
    if last is not None and last.number > epoch.after_seal:
        return Head(last.number, last.digest, epoch.number)
    return Head(epoch.after_seal, epoch.digest, epoch.number)


def current_epoch() -> SealEpoch | None:
    return SealEpoch.objects.order_by("-number").first()


def seal_facts(seal: Seal) -> dict[str, Any]:
    """Return what the digest of a seal covers."""
    return {
        "kind": "seal",
        "number": seal.number,
        "epoch": seal.epoch.number,
        "sealed_at": stamp(seal.sealed_at),
        "table": seal.table,
        "layout": seal.layout.digest,
        "after_id": seal.after_id,
        "first_id": seal.first_id,
        "last_id": seal.last_id,
        "count": seal.count,
        "root": seal.root,
        "previous": seal.previous,
    }


def epoch_facts(epoch: SealEpoch) -> dict[str, Any]:
    """Return what the digest of an epoch covers."""
    return {
        "kind": "epoch",
        "number": epoch.number,
        "opened_at": stamp(epoch.opened_at),
        "why": epoch.why,
        "after_seal": epoch.after_seal,
        "before": epoch.facts,
        "previous": epoch.previous,
    }


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def open_epoch(
    *, why: str, verification: Verification | None = None, pack: EvidencePack | None = None
) -> SealEpoch:
    """Close the present epoch, if any, and begin the next; every table is sealed anew in it.

    why: the reason, for ever. verification, pack: the proof of the epoch that ends.
    Refuses: SealedMeanwhile. Atomic: writes one row.
    """
    last = head()
    epoch = SealEpoch(
        number=last.epoch + 1 if last else 1,
        opened_at=timezone.now(),
        why=why,
        after_seal=last.number if last else 0,
        verification=verification,
        pack=pack,
        facts=_closing_facts(verification, pack),
        previous=last.digest if last else "",
    )
    epoch.digest = digest_of(epoch_facts(epoch))
    try:
        with transaction.atomic():
            epoch.save(force_insert=True)
    except IntegrityError as error:
        raise SealedMeanwhile from error
    return epoch


def _closing_facts(verification: Verification | None, pack: EvidencePack | None) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if verification is not None:
        facts["verified"] = {
            "at": stamp(verification.at),
            "is_whole": verification.is_whole,
            "rows": verification.row_count,
            "findings": verification.finding_count,
            "head": verification.head,
        }
    if pack is not None:
        facts["pack"] = {"file": pack.file, "sha256": pack.sha256}
    return facts


def add_seal(*, layout: Layout, moment: datetime, after_id: int, blocks: list[Block]) -> Seal:
    """Add one link: the rows of `blocks`, which follow the table's last seal.

    Refuses: SealedMeanwhile, when another link was added since the blocks were read.
    Atomic: one seal and its blocks.
    """
    last, epoch = head(), current_epoch()
    assert last is not None
    assert epoch is not None
    seal = Seal(
        number=last.number + 1,
        epoch=epoch,
        sealed_at=moment,
        table=layout.table,
        layout=_stored(layout),
        after_id=after_id,
        first_id=blocks[0].first_id,
        last_id=blocks[-1].last_id,
        count=sum(block.count for block in blocks),
        root=root_of([block.leaf for block in blocks]),
        previous=last.digest,
    )
    seal.digest = digest_of(seal_facts(seal))
    try:
        with transaction.atomic():
            seal.save(force_insert=True)
            SealBlock.objects.bulk_create(
                SealBlock(
                    seal=seal,
                    position=position,
                    after_id=block.after_id,
                    last_id=block.last_id,
                    count=block.count,
                    digest=block.digest,
                    ids=block.ids,
                    marks=block.marks,
                )
                for position, block in enumerate(blocks)
            )
    except IntegrityError as error:
        raise SealedMeanwhile from error
    return seal


def _stored(layout: Layout) -> SealLayout:
    row, _made = SealLayout.objects.get_or_create(
        digest=layout.digest, defaults={"table": layout.table, "facts": layout.facts}
    )
    return row


def known_layouts(epoch: SealEpoch) -> list[Layout]:
    """Return the layouts that seals of an epoch name."""
    rows = SealLayout.objects.filter(seals__epoch=epoch).distinct().order_by("pk")
    return [Layout.from_facts(row.facts) for row in rows]
