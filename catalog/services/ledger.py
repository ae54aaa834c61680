"""The stock ledger: a level changes only together with the movement that explains it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Case, F, Value, When

from backoffice import changes
from catalog.models import StockLevel, StockMovement
from catalog.services.locks import Pair
from catalog.signals import stock_moved

COLUMNS = ("on_hand", "committed", "unavailable")
# Levels in one statement; each needs up to three WHENs.
CHUNK = 200
# What the database's integer holds.
MOST_UNITS = 2_147_483_647


@dataclass(frozen=True)
class Move:
    """What shall happen to one level; on_hand, committed and unavailable are differences."""

    product_id: int
    location_id: int
    kind: StockMovement.Kind
    on_hand: int = 0
    committed: int = 0
    unavailable: int = 0
    cause_kind: str = ""
    cause_uuid: UUID | None = None

    @property
    def pair(self) -> Pair:
        return (self.product_id, self.location_id)


def write_moves(moves: Sequence[Move], levels: Mapping[Pair, StockLevel]) -> list[StockMovement]:
    """Move locked levels and write one movement each, set-based.

    levels: as `locks` returned them, in this transaction. They are shifted, not overwritten:
    ledger and level cannot part even if a lock failed; the CHECK would refuse the rest.
    """
    if not moves:
        return []
    change_set, moment = changes.require(), changes.moment()
    totals: dict[Pair, dict[str, int]] = defaultdict(lambda: dict.fromkeys(COLUMNS, 0))
    for move in moves:
        for column in COLUMNS:
            totals[move.pair][column] += getattr(move, column)
    pairs = sorted(totals)
    for start in range(0, len(pairs), CHUNK):
        _shift({levels[pair].pk: totals[pair] for pair in pairs[start : start + CHUNK]})
    written = StockMovement.objects.bulk_create(
        [
            StockMovement(
                product_id=move.product_id,
                location_id=move.location_id,
                kind=move.kind,
                on_hand_delta=move.on_hand,
                committed_delta=move.committed,
                unavailable_delta=move.unavailable,
                cause_kind=move.cause_kind,
                cause_uuid=move.cause_uuid,
                at=moment,
                change_set=change_set,
            )
            for move in moves
        ],
        batch_size=500,
    )
    units: dict[int, int] = defaultdict(int)
    for (product_id, _location_id), deltas in totals.items():
        units[product_id] += deltas["on_hand"] - deltas["committed"] - deltas["unavailable"]
    stock_moved.send(sender=StockLevel, units=dict(units))
    return written


def _shift(by_level: Mapping[int, Mapping[str, int]]) -> None:
    """Add each level's differences in one statement."""
    touched = [c for c in COLUMNS if any(deltas[c] for deltas in by_level.values())]
    StockLevel.objects.filter(pk__in=by_level).update(
        **{column: F(column) + _difference(column, by_level.items()) for column in touched}
    )


def _difference(column: str, by_level: Iterable[tuple[int, Mapping[str, int]]]) -> Case:
    whens = [When(pk=pk, then=Value(deltas[column])) for pk, deltas in by_level if deltas[column]]
    return Case(*whens, default=Value(0))
