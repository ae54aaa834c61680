"""Evidence packs: the sealed rows of a period, their seals, and a script that proves them offline.

A pack holds what seals cover, so no personal data; `pack_script.py` reads it with the standard
library alone, and is part of it.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.core.files.base import File
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy

from backoffice import changes
from backoffice.models import AuditEvent, EvidencePack, Seal, SealEpoch, SealLayout, User
from backoffice.seals import anchor, chain, expired, pack_script
from backoffice.seals.canonical import Layout
from backoffice.seals.hashing import Reader
from backoffice.seals.refusals import NothingSealed
from backoffice.seals.sealing import Progress, no_progress, seal_record
from backoffice.seals.verifying import VERIFY
from backoffice.steps import require_permission

FOLDER = "evidence"
CHUNK_BYTES = 1 << 20
READABLE = 0o644

README = """The record of {shop}, {period}.

`python3 verify.py` proves this pack: Python 3.8 or newer, nothing else. It ends with 0 when the
pack is whole, and with 1 and the places when it is not. `python3 verify.py --anchor FILE` also
holds the chain of seals against an anchor that was kept elsewhere.

rows/*.jsonl   the rows as they were sealed, one JSON array a line; of a row that expired by a
               recorded act {{"expired": its digest}}, which rows/backoffice_expiredrows.jsonl names
csv/*.csv      the same rows for people
chain.json     the links of the chain: epochs and seals, each with the digest of the one before
anchor.json    the end of the chain when this pack was made
manifest.json  what the pack holds, with the SHA-256 of each file

A row's digest is the SHA-256 of its line. A block's digest is that of its rows' digests together;
a leaf that of the block's digest and index; a seal's root that of its leaves.
Personal data are in no seal: rows that hold some show the commitment that was sealed.
"""


@dataclass(frozen=True)
class Packed:
    """A pack that was written to private storage."""

    file: str
    sha256: str
    size_bytes: int
    row_count: int
    epoch: int
    first_seal: int
    last_seal: int
    from_at: datetime | None
    until_at: datetime | None


def make_pack(
    *,
    from_at: datetime | None,
    until_at: datetime | None,
    by: User | None,
    reason: str,
    progress: Progress = no_progress,
) -> EvidencePack:
    """Pack what was recorded in a period, and note that it was.

    from_at, until_at: of the record, not of the trade; None: its begin, its end.
    Refuses: NotAllowed; NothingSealed; what sealing refuses.
    Atomic: one row and one event, after the file is written.
    """
    if by is not None:
        require_permission(by, VERIFY, gettext_lazy("take evidence packs"))
    seal_record()
    packed = write_pack(from_at=from_at, until_at=until_at, progress=progress)
    return note(packed, by=by, reason=reason)


def note(packed: Packed, *, by: User | None, reason: str) -> EvidencePack:
    """Write down that a pack was made."""
    with transaction.atomic():
        changes.say(action="backoffice.pack_record", by=by, reason=reason)
        pack = EvidencePack.objects.create(
            change_set=changes.require(), at=timezone.now(), **vars(packed)
        )
        AuditEvent.record(
            "evidence_packed",
            subject=pack,
            rows=packed.row_count,
            first_seal=packed.first_seal,
            last_seal=packed.last_seal,
            sha256=packed.sha256,
        )
    return pack


def seals_of_period(from_at: datetime | None, until_at: datetime | None) -> QuerySet[Seal]:
    """Return the present epoch's seals that cover all rows committed in a period.

    A row stands in the first seal after its commit, so the run of seals at or after `until_at`
    belongs to the period, too. Earlier epochs have packs of their own.
    """
    seals = Seal.objects.filter(epoch=chain.current_epoch())
    if from_at is not None:
        seals = seals.filter(sealed_at__gt=from_at)
    if until_at is not None:
        after = Seal.objects.filter(sealed_at__gte=until_at).order_by("sealed_at").first()
        if after is not None:
            seals = seals.filter(sealed_at__lte=after.sealed_at)
    return seals


def seals_of_expiries() -> QuerySet[Seal]:
    """Return the present epoch's seals over what says which rows expired: every pack needs them."""
    return Seal.objects.filter(epoch=chain.current_epoch(), table=expired.TABLE)


def write_pack(
    *,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    progress: Progress = no_progress,
) -> Packed:
    """Write the pack of a period to private storage. Refuses: NothingSealed."""
    of_period = seals_of_period(from_at, until_at)
    if not of_period.exists():
        raise NothingSealed
    both = of_period | seals_of_expiries()
    seals = list(both.order_by("number").select_related("layout", "epoch"))
    with tempfile.TemporaryFile() as out:
        rows = _Writer(out, seals, progress).write(from_at, until_at)
        out.seek(0)
        digest = hashlib.sha256()
        while chunk := out.read(CHUNK_BYTES):
            digest.update(chunk)
        size = out.tell()
        out.seek(0)
        name = f"{FOLDER}/record-{timezone.now():%Y%m%dT%H%M%SZ}-{digest.hexdigest()[:8]}.zip"
        stored = storages["private"].save(name, File(out))
    return Packed(
        file=stored,
        sha256=digest.hexdigest(),
        size_bytes=size,
        row_count=rows,
        epoch=seals[0].epoch.number,
        first_seal=seals[0].number,
        last_seal=seals[-1].number,
        from_at=from_at,
        until_at=until_at,
    )


class _Writer:
    """Writes one zip, file by file, noting each file's digest."""

    def __init__(self, out: IO[bytes], seals: list[Seal], progress: Progress) -> None:
        self.knows_expired = expired.is_known()
        self.zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED)
        self.seals = seals
        self.progress = progress
        self.digests: dict[str, str] = {}
        self.tables: dict[str, int] = {}
        self.total = sum(seal.count for seal in seals)
        self.done = 0

    def write(self, from_at: datetime | None, until_at: datetime | None) -> int:
        with self.zip:
            for table in sorted({seal.table for seal in self.seals}):
                self._table(table, [seal for seal in self.seals if seal.table == table])
            self._text("chain.json", json.dumps(self._chain(), indent=1))
            self._text("anchor.json", json.dumps(anchor.make_anchor(), indent=1))
            self._text("README.txt", _readme(from_at, until_at))
            self._text("verify.py", Path(pack_script.__file__).read_text("utf-8"))
            manifest = {
                "made_at": chain.stamp(timezone.now()),
                "from": from_at and chain.stamp(from_at),
                "until": until_at and chain.stamp(until_at),
                "rows": self.tables,
                "files": self.digests,
            }
            text = json.dumps(manifest, indent=1)
            self._text("manifest.json", text)
            self._text("manifest.sha256", hashlib.sha256(text.encode()).hexdigest())
        return self.done

    def _text(self, name: str, text: str) -> None:
        with self._file(name) as write:
            write(text.encode())

    @contextmanager
    def _file(self, name: str) -> Iterator[Any]:
        digest = hashlib.sha256()
        entry = zipfile.ZipInfo(name, timezone.now().timetuple()[:6])
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = READABLE << 16
        with self.zip.open(entry, "w", force_zip64=True) as file:

            def write(part: bytes) -> None:
                digest.update(part)
                file.write(part)

            yield write
        self.digests[name] = digest.hexdigest()

    def _table(self, table: str, seals: list[Seal]) -> None:
        """Write a table's rows twice: as they were sealed, and for people."""
        with tempfile.TemporaryFile() as for_people:
            text = io.TextIOWrapper(for_people, "utf-8", newline="", write_through=True)
            writer = csv.writer(text)
            header: list[str] = []
            with self._file(f"rows/{table}.jsonl") as write:
                for seal in seals:
                    layout = Layout.from_facts(seal.layout.facts)
                    names = [name for name, _kind in layout.columns]
                    if names != header:
                        header = names
                        writer.writerow(names)
                    self._seal_rows(seal, Reader(layout), write, writer)
            for_people.seek(0)
            with self._file(f"csv/{table}.csv") as write:
                while chunk := for_people.read(CHUNK_BYTES):
                    write(chunk)
            text.detach()
        self.tables[table] = sum(seal.count for seal in seals)

    def _seal_rows(self, seal: Seal, reader: Reader, write: Any, writer: Any) -> None:
        ranges = seal.blocks.order_by("position").values_list("after_id", "last_id")
        for after_id, last_id in ranges:
            for line in self._lines(reader, after_id, last_id):
                write(line.encode() + b"\n")
                if not pack_script.is_expired(line):
                    writer.writerow(pack_script.cells_for_people(line))
                self.done += 1
            self.progress(self.done, self.total, seal.table)

    def _lines(self, reader: Reader, after_id: int, last_id: int) -> Iterator[str]:
        """Yield the rows of a block in order; of one that expired by a recorded act its digest."""
        gone = {}
        if self.knows_expired:
            gone = expired.digests_of(reader.layout.table, after_id, last_id)
        waiting = sorted(gone)
        for pk, line in reader.texts(after_id, last_id):
            while waiting and waiting[0] < pk:
                yield json.dumps({"expired": gone[waiting.pop(0)].hex()})
            yield line
        for last in waiting:
            yield json.dumps({"expired": gone[last].hex()})

    def _chain(self) -> dict[str, Any]:
        links: list[dict[str, Any]] = []
        epochs = SealEpoch.objects.filter(seals__in=self.seals).distinct().order_by("number")
        opening = {epoch.after_seal: epoch for epoch in epochs}
        used = {seal.pk: seal for seal in self.seals}
        whole = Seal.objects.filter(
            number__gte=self.seals[0].number, number__lte=self.seals[-1].number
        ).select_related("layout", "epoch")
        for seal in whole.order_by("number"):
            if (epoch := opening.get(seal.number - 1)) is not None:
                links.append({**chain.epoch_facts(epoch), "digest": epoch.digest})
            link = {**chain.seal_facts(seal), "digest": seal.digest}
            links.append({**link, "blocks": _blocks(seal)} if seal.pk in used else link)
        layouts = SealLayout.objects.filter(seals__in=self.seals).distinct()
        return {"layouts": {row.digest: row.facts for row in layouts}, "links": links}


def _blocks(seal: Seal) -> list[dict[str, Any]]:
    return [
        {
            "after_id": block.after_id,
            "last_id": block.last_id,
            "count": block.count,
            "digest": block.digest,
            "ids": base64.b64encode(block.ids).decode(),
            "marks": base64.b64encode(block.marks).decode(),
        }
        for block in seal.blocks.order_by("position")
    ]


def _readme(from_at: datetime | None, until_at: datetime | None) -> str:
    from django.conf import settings

    begin = f"{from_at:%Y-%m-%d %H:%M} UTC" if from_at else "its begin"
    end = f"{until_at:%Y-%m-%d %H:%M} UTC" if until_at else "its end"
    return README.format(shop=settings.SHOP_NAME, period=f"from {begin} to {end}")


def recorded_rows() -> int:
    """Return how many rows the present epoch's seals cover."""
    seals = Seal.objects.filter(epoch=chain.current_epoch())
    return seals.aggregate(rows=Sum("count"))["rows"] or 0
