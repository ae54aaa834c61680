"""What a verification can find, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

SENTENCES = {
    "changed": gettext_lazy("{table}: row {row} is not what was sealed."),
    "missing": gettext_lazy("{table}: row {row} was sealed and is gone."),
    "inserted": gettext_lazy("{table}: row {row} was put among sealed rows afterwards."),
    "block": gettext_lazy("{table}: the rows {detail} are not what was sealed."),
    "index": gettext_lazy("{table}: the index of seal {seal} was changed."),
    "seal": gettext_lazy("Seal {seal} was changed."),
    "chain": gettext_lazy("The chain is broken before seal {seal}: {detail}."),
    "epoch": gettext_lazy("Epoch {detail} was changed."),
    "cut": gettext_lazy("The chain ends at seal {seal}; an anchor knows seal {detail}."),
    "rewritten": gettext_lazy("Seal {seal} is not the one that the anchor vouches for."),
    "personal": gettext_lazy("{table}: the personal data of row {row} are not those written."),
    "erased": gettext_lazy("{table}: row {row} was blanked without a recorded erasure."),
    "columns": gettext_lazy("{table}: the columns {detail} are gone or of another kind."),
    "protection": gettext_lazy("The protection {detail} is missing."),
}

KEPT = 50


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was sealed. row: the id; seal: the number; None: of no row."""

    kind: str
    table: str = ""
    row: int | None = None
    seal: int | None = None
    detail: str = ""

    @property
    def sentence(self) -> str:
        return str(SENTENCES[self.kind]).format(**asdict(self))

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "message": self.sentence}


@dataclass
class Report:
    """What a verification saw.

    erased: rows blanked by a recorded erasure. expired: sealed rows that went by a recorded expiry.
    """

    epoch: int = 0
    head: int = 0
    head_digest: str = ""
    seals: int = 0
    rows: int = 0
    erased: int = 0
    expired: int = 0
    anchored_at: int | None = None
    findings: list[Finding] = field(default_factory=list)

    def add(self, kind: str, **facts: Any) -> None:
        self.findings.append(Finding(kind, **facts))

    @property
    def is_whole(self) -> bool:
        return not self.findings

    @property
    def first(self) -> Finding | None:
        """Return the first bad row, or, where no row is bad, the first bad link."""
        rows = [finding for finding in self.findings if finding.row is not None]
        return next(iter(rows or self.findings), None)

    def sort(self) -> None:
        self.findings.sort(key=lambda f: (f.seal or 0, f.table, f.row is None, f.row or 0))

    def sentence(self) -> str:
        return self.first.sentence if self.first is not None else _("The record is whole.")

    def kept(self) -> Sequence[dict[str, Any]]:
        """Return the findings that are worth keeping: the first bad row, then in order."""
        first = self.first
        rest = [finding for finding in self.findings if finding is not first]
        return [finding.as_json() for finding in ([first] if first else []) + rest[: KEPT - 1]]

    def as_json(self) -> dict[str, Any]:
        return {
            "whole": self.is_whole,
            "epoch": self.epoch,
            "head": {"seal": self.head, "digest": self.head_digest},
            "seals": self.seals,
            "rows": self.rows,
            "erased": self.erased,
            "expired": self.expired,
            "anchored_at": self.anchored_at,
            "findings": len(self.findings),
            "first": self.first.as_json() if self.first else None,
            "list": self.kept(),
        }
