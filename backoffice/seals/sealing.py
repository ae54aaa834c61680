"""Sealing: what tables have gained since their last seal becomes links of the chain."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from backoffice.models import Seal, SealEpoch
from backoffice.seals import chain, columns, gate
from backoffice.seals.canonical import Layout, layouts
from backoffice.seals.hashing import FIRST_ID, Block, Reader
from backoffice.seals.refusals import ColumnsChanged

logger = logging.getLogger(__name__)

# A seal keeps the index of its blocks in memory until it is written.
MOST_BLOCKS = 100

Progress = Callable[[int, int, str], None]


def no_progress(done: int, total: int, message: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Sealed:
    """What a run added. moment: rows committed before it are sealed."""

    moment: datetime
    seals: int
    rows: int
    head: chain.Head


def seal_record(
    *, tables: Sequence[Layout] | None = None, progress: Progress = no_progress
) -> Sealed:
    """Seal everything that was committed until now.

    tables: in place of what the models say, while a migration is about to change the columns.
    It takes no permission: it changes nothing, and the clock does it every few minutes.
    Refuses: RecordIsBusy; ColumnsChanged, when an epoch has to be closed first; SealedMeanwhile.
    Atomic: each seal by itself; what a run left out is taken up by the next one.
    """
    epoch = chain.current_epoch() or chain.open_epoch(why=chain.FIRST_REASON)
    gone = columns.drift(chain.known_layouts(epoch), by_models=tables is None)
    if gone:
        named = ", ".join(f"{table}.{name}" for table, names in gone.items() for name in names)
        raise ColumnsChanged(columns=named)
    tables = layouts() if tables is None else tables
    moment, highest = gate.high_waters(tables)
    seals = rows = 0
    for layout in tables:
        end = highest.get(layout.table)
        if end is None:
            continue
        for seal in _seal_table(layout, epoch, moment, end):
            seals += 1
            rows += seal.count
            progress(rows, 0, layout.table)
    last = chain.head()
    assert last is not None
    if seals:
        # The log is kept elsewhere: each line of it is a small anchor.
        logger.info("sealed %s rows; seal %s is %s", rows, last.number, last.digest)
    return Sealed(moment, seals, rows, last)


def last_sealed_id(epoch: SealEpoch, table: str) -> int:
    """Return where a table's seals of an epoch end."""
    last = Seal.objects.filter(epoch=epoch, table=table).order_by("-number").first()
    return last.last_id if last is not None else FIRST_ID


def _seal_table(layout: Layout, epoch: SealEpoch, moment: datetime, end: int) -> list[Seal]:
    after_id = last_sealed_id(epoch, layout.table)
    made: list[Seal] = []
    if end <= after_id:
        return made
    reader = Reader(layout)
    while True:
        start, blocks = after_id, list[Block]()
        while len(blocks) < MOST_BLOCKS and (block := reader.next_block(after_id, end)):
            blocks.append(block)
            after_id = block.last_id
        if not blocks:
            return made
        made.append(chain.add_seal(layout=layout, moment=moment, after_id=start, blocks=blocks))
