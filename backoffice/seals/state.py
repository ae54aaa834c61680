"""How the record stands, in the few facts that a card or a page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backoffice.models import Seal, SealEpoch, Verification
from backoffice.seals import chain


@dataclass(frozen=True)
class RecordState:
    """What is known of the record without looking at it.

    sealed_until: rows committed before it are sealed. broken_since: when a verification first found
    it broken, after the last one that found it whole.
    """

    epoch: SealEpoch | None
    sealed_until: datetime | None
    head: chain.Head | None
    verified: Verification | None
    broken_since: datetime | None

    @property
    def is_broken(self) -> bool:
        return self.broken_since is not None


def record_state() -> RecordState:
    """Return how the record stands. Reads only, a handful of rows."""
    last = Seal.objects.order_by("-number").first()
    whole = Verification.objects.filter(is_whole=True).order_by("-id").first()
    broken = Verification.objects.filter(is_whole=False)
    if whole is not None:
        broken = broken.filter(pk__gt=whole.pk)
    first_broken = broken.order_by("id").first()
    return RecordState(
        epoch=chain.current_epoch(),
        sealed_until=last.sealed_at if last is not None else None,
        head=chain.head(),
        verified=Verification.objects.order_by("-id").first(),
        broken_since=first_broken.at if first_broken is not None else None,
    )
