"""The anchor: the chain's end in a small file kept elsewhere, so that nobody can begin it anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.utils import timezone

from backoffice.models import Seal, SealEpoch
from backoffice.seals import chain
from backoffice.seals.canonical import layouts
from backoffice.seals.findings import Report
from backoffice.seals.hashing import Reader
from backoffice.seals.refusals import BadAnchor, NothingSealed

FORMAT = "record-anchor/1"


@dataclass(frozen=True)
class Anchor:
    """What a file says: at seal `number` of epoch `epoch` the chain's digest was `digest`.

    last_ids: of each table, the last row that was sealed by then.
    """

    number: int
    epoch: int
    digest: str
    last_ids: Mapping[str, int]


def make_anchor() -> dict[str, Any]:
    """Return the anchor of the chain as it ends now. Refuses: NothingSealed."""
    head = chain.head()
    if head is None:
        raise NothingSealed
    return {
        "format": FORMAT,
        "made_at": chain.stamp(timezone.now()),
        "epoch": head.epoch,
        "seal": head.number,
        "digest": head.digest,
        "last_ids": _last_ids(head.epoch),
    }


def _last_ids(epoch: int) -> dict[str, int]:
    ends = Seal.objects.filter(epoch__number=epoch).order_by().values_list("table")
    return dict(ends.annotate(end=Max("last_id")))


def read_anchor(text: str | bytes) -> Anchor:
    """Return the anchor that a file holds. Refuses: BadAnchor."""
    try:
        facts = json.loads(text)
        if facts["format"] != FORMAT:
            raise BadAnchor(problem=facts["format"])
        return Anchor(
            int(facts["seal"]),
            int(facts["epoch"]),
            str(facts["digest"]),
            {str(table): int(end) for table, end in facts["last_ids"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadAnchor(problem=error) from error


def check(anchor: Anchor, report: Report) -> None:
    """Add what the chain's present links do not bear out of an anchor."""
    report.anchored_at = anchor.number
    last = chain.head()
    if last is not None and last.epoch == anchor.epoch:
        _check_last_rows(anchor, report)
    if last is None or last.number < anchor.number:
        report.add("cut", seal=last.number if last else 0, detail=str(anchor.number))
        return
    digests = set(Seal.objects.filter(number=anchor.number).values_list("digest", flat=True))
    # An anchor that was taken right after an epoch was opened names the epoch's digest.
    digests |= set(SealEpoch.objects.filter(number=anchor.epoch).values_list("digest", flat=True))
    if anchor.digest not in digests:
        report.add("rewritten", seal=anchor.number)


def _check_last_rows(anchor: Anchor, report: Report) -> None:
    """Name the rows at the end that are gone, where their seals are gone as well."""
    known = {(found.table, found.row) for found in report.findings}
    for layout in layouts():
        end = anchor.last_ids.get(layout.table)
        if end is None or (layout.table, end) in known:
            continue
        if not Reader(layout).has_row(end):
            report.add("missing", table=layout.table, row=end)
