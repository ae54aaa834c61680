"""The columns of the price sheet as SQL sees them: a list price, or a price for a while.

A row with a period says nothing about the list price. One and the same cell is therefore held
against two things, and what a row is about is asked of it in each statement: see `Scheduling`.
"""

from __future__ import annotations

from collections.abc import Mapping

from backoffice import changes
from backoffice.imports import sql
from backoffice.imports.columns import Column
from backoffice.imports.fields import Field, OwnField
from backoffice.imports.relation import Relation
from catalog.models import PriceChange, Product
from catalog.sheets.read_along import ReadAlongField

PERIOD = {"valid_from": "starts_at", "valid_until": "ends_at"}
# Of a scheduled price that the run made which is being taken back.
MADE = "made"


class Scheduling:
    """What rows say about prices for a while, as SQL over r, p, t and the joins of their fields.

    Taking a run back, the rows that scheduled something bear emptied periods: nothing is
    scheduled, and what the run made is withdrawn.
    """

    def __init__(self, relation: Relation) -> None:
        self.is_undo = relation.run.is_undo
        self.now = sql.moment(changes.moment())
        self.start, self.end = (relation.said(name) for name in PERIOD)
        self.price = relation.fields["price"].value(relation.said("price"))
        undone = relation.run.undoes
        self.change_set = (undone.change_set_id if undone is not None else None) or 0

    @property
    def is_meant(self) -> str:
        """Whether a row is about a price for a while."""
        if self.is_undo:
            return f"({self.start} IS NOT NULL OR {self.end} IS NOT NULL)"
        return f"(COALESCE({self.start}, '') <> '' OR COALESCE({self.end}, '') <> '')"

    @property
    def starts_at(self) -> str:
        return f"COALESCE({sql.as_moment(self.start)}, {self.now})"

    @property
    def ends_at(self) -> str:
        return sql.as_moment(self.end)

    @property
    def is_there(self) -> str:
        """Whether exactly this is scheduled already; a start that is not said may be long ago."""
        start = sql.moment_text("c.starts_at")
        return (
            f"EXISTS (SELECT 1 FROM {sql.table(PriceChange)} c WHERE c.product_id = t.id"
            f" AND c.withdrawn_at IS NULL AND c.price = {self.price}"
            f" AND CASE WHEN COALESCE({self.start}, '') = '' THEN c.starts_at <= {self.now}"
            f" ELSE {start} = {self.start} END"
            f" AND {sql.moment_text('c.ends_at')} = COALESCE({self.end}, ''))"
        )

    @property
    def in_the_way(self) -> str:
        """A query of the scheduled prices that a new one would overlap; see `schedule_price`."""
        return (
            f"FROM {sql.table(PriceChange)} c WHERE c.product_id = t.id AND c.withdrawn_at IS NULL"
            f" AND (c.ends_at IS NULL OR c.ends_at > {self.starts_at})"
            f" AND ({self.ends_at} IS NULL OR c.starts_at < {self.ends_at})"
        )

    @property
    def made_ids(self) -> str:
        """A query of the scheduled prices that the run made which is being taken back."""
        history = sql.table(PriceChange.history.model)
        return (
            f"SELECT h.id FROM {history} h WHERE h.change_set_id = {self.change_set}"
            " AND h.history_type = '+'"
        )

    @property
    def made(self) -> str:
        """A join of what the run made, as long as there is something to withdraw."""
        return (
            f" LEFT JOIN {sql.table(PriceChange)} {MADE} ON {MADE}.product_id = t.id"
            f" AND {MADE}.withdrawn_at IS NULL"
            f" AND ({MADE}.ends_at IS NULL OR {MADE}.ends_at > {self.now})"
            # The plus keeps SQLite from trying all of them for each product.
            f" AND +{MADE}.id IN ({self.made_ids})"
        )


class PriceField(OwnField):
    """The list price, or what it is held against for a while."""

    scheduling: Scheduling

    @property
    def differs(self) -> str:
        about, plain = self.scheduling, super().differs
        if about.is_undo:
            return f"(NOT {about.is_meant} AND {plain})"
        scheduled = f"({self.said} <> '' AND NOT {about.is_there})"
        return f"(CASE WHEN {about.is_meant} THEN {scheduled} ELSE {plain} END)"


class PeriodField(Field):
    """The begin or the end of a scheduled price: there is one, or there is none yet."""

    scheduling: Scheduling

    @property
    def joins(self) -> str:
        return self.scheduling.made if self.scheduling.is_undo else ""

    @property
    def aliases(self) -> tuple[str, ...]:
        return (MADE,)

    @property
    def present(self) -> str:
        return f"{MADE}.{PERIOD[self.name]}" if self.scheduling.is_undo else "NULL"

    @property
    def present_text(self) -> str:
        return super().present_text if self.scheduling.is_undo else "''"

    @property
    def differs(self) -> str:
        if self.scheduling.is_undo:
            return f"({self.said} IS NOT NULL AND {self.present} IS NOT NULL)"
        return f"(COALESCE({self.said}, '') <> '' AND NOT {self.scheduling.is_there})"


def price_fields(columns: Mapping[str, Column]) -> list[Field]:
    """Return the fields of the price sheet's columns."""
    return [_field(name, column) for name, column in columns.items()]


def _field(name: str, column: Column) -> Field:
    if name in PERIOD:
        return PeriodField(column)
    if name == "price":
        return PriceField(column, Product)
    if name in {"compare_at_price", "cost"}:
        return OwnField(column, Product)
    return ReadAlongField(column, Product)


def share_a_look(relation: Relation) -> Scheduling:
    """Tell the fields what the rows are about, together; return it."""
    scheduling = Scheduling(relation)
    for name in ("price", *PERIOD):
        field = relation.fields[name]
        assert isinstance(field, PriceField | PeriodField)
        field.scheduling = scheduling
    return scheduling
