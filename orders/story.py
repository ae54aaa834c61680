"""What an order's timeline tells of: one row for each kind of fact, with the words for it.

A new kind of fact is a function that makes its `Entry`, and a row in SOURCES.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet, Sum, prefetch_related_objects
from django.utils.translation import gettext as _

from backoffice.flows import State
from backoffice.models import ChangeSet
from orders.differences import Difference
from orders.models import (
    Cancellation,
    Order,
    OrderNote,
    Payment,
    Refund,
    Shipment,
)
from orders.sight import Sight

DETAILS_SHOWN = 2


@dataclass
class Entry:
    """One thing that happened: who, when, what from what, why."""

    at: datetime
    change_set: ChangeSet
    kind: str  # step, edit, money, parcel, note
    title: str
    icon: str
    who: str
    why: str = ""
    old_state: State | None = None
    new_state: State | None = None
    differences: list[Difference] = field(default_factory=list)
    details: list[Difference] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    body: str = ""

    @property
    def is_status_change(self) -> bool:
        return self.old_state is not self.new_state

    @property
    def folds_details(self) -> bool:
        return len(self.details) > DETAILS_SHOWN

    def is_shown(self, shown: str) -> bool:
        """Tell whether a filter of FILTERS lets this entry through."""
        if shown == "status":
            return self.is_status_change
        return shown != "notes" or self.kind == "note"


@dataclass(frozen=True)
class Source:
    """A kind of fact: where the order keeps it, how it is read, and what is said of one.

    rows: with a change set each; they are read in the order of their keys.
    """

    relation: str
    rows: Callable[[], QuerySet[Any]]
    tell: Callable[[Any, Sight], Entry]


def load_story(order: Order) -> None:
    """Read the order's facts, each kind once, with who and why; a second call asks nothing."""
    prefetch_related_objects(
        [order],
        *(
            Prefetch(
                source.relation,
                source.rows().select_related("change_set__origin").order_by("id"),
            )
            for source in SOURCES
        ),
    )


def facts_of(order: Order, sight: Sight) -> Iterator[Entry]:
    """Yield an entry for each fact of the order; `load_story` has read them."""
    for source in SOURCES:
        for row in getattr(order, source.relation).all():
            yield source.tell(row, sight)


def entry_for(
    at: datetime, change_set: ChangeSet, kind: str, title: str, icon: str, sight: Sight, **more: Any
) -> Entry:
    """Return an entry, with the actor as this reader may see them."""
    who = change_set.who
    if change_set.actor_kind == ChangeSet.ActorKind.CUSTOMER:
        who = sight.name(who)
    return Entry(at, change_set, kind, title, icon, who, **more)


def sentence(*parts: object) -> str:
    """Join what is there of several phrases."""
    return " · ".join(str(part) for part in parts if part)


# --- What is said of each kind ------------------------------------------------------------------


def _payment(payment: Payment, sight: Sight) -> Entry:
    return entry_for(
        payment.at,
        payment.change_set,
        "money",
        sentence(payment.get_kind_display(), f"{payment.amount:,.2f} {payment.currency}"),
        "payments",
        sight,
        why=payment.change_set.why,
        facts=[sentence(payment.message, payment.gateway, payment.charge)],
    )


def _refund(refund: Refund, sight: Sight) -> Entry:
    return entry_for(
        refund.at,
        refund.change_set,
        "money",
        sentence(_("Refunded"), f"{refund.amount:,.2f} {refund.currency}"),
        "undo",
        sight,
        why=refund.note or refund.change_set.why,
        facts=[refund.charge],
    )


def _parcel(parcel: Any, sight: Sight) -> Entry:
    return entry_for(
        parcel.at,
        parcel.change_set,
        "parcel",
        sentence(_("Shipped"), _("%(units)s units") % {"units": parcel.units or 0}),
        "local_shipping",
        sight,
        why=parcel.change_set.why,
        facts=[sentence(parcel.carrier, parcel.tracking)],
    )


def _cancellation(cancellation: Cancellation, sight: Sight) -> Entry:
    return entry_for(
        cancellation.at,
        cancellation.change_set,
        "step",
        str(cancellation.get_reason_code_display()),
        "cancel",
        sight,
        why=cancellation.note,
        facts=[
            _("stock back on sale") if cancellation.is_restocked else _("stock kept off sale"),
            _("money returned") if cancellation.is_refunded else _("money kept"),
            _("customer told") if cancellation.is_notified else _("customer not told"),
        ],
    )


def _note(note: OrderNote, sight: Sight) -> Entry:
    return entry_for(
        note.at, note.change_set, "note", _("Note"), "sticky_note_2", sight, body=note.body
    )


def _parcels() -> QuerySet[Shipment]:
    return Shipment.objects.annotate(units=Sum("lines__quantity"))


SOURCES: tuple[Source, ...] = (
    Source("payments", Payment.objects.all, _payment),
    Source("refunds", Refund.objects.all, _refund),
    Source("shipments", _parcels, _parcel),
    Source("cancellations", Cancellation.objects.all, _cancellation),
    Source("notes", OrderNote.objects.all, _note),
)
