"""What an order's timeline tells of: one row for each kind of fact, with the words for it.

A new kind of fact is a function that makes its `Entry`, and a row in SOURCES.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Prefetch, QuerySet, Sum, prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice.as_of import Instant, query_of
from backoffice.flows import State
from backoffice.models import ChangeSet
from backoffice.refused import Text
from orders.differences import Difference
from orders.mentions import Part, handles_among, split
from orders.models import (
    Cancellation,
    Mention,
    Message,
    Order,
    OrderNote,
    Payment,
    Refund,
    Return,
    Shipment,
)
from orders.sight import Sight

DETAILS_SHOWN = 2
# What a filter of the timeline lets through, beside its own words "all", "status" and "edits".
KINDS_SHOWN: dict[str, set[str]] = {
    "money": {"money"},
    "parcels": {"parcel", "return"},
    "letters": {"mail"},
    "notes": {"note"},
}
# A parcel's step, or the state it was born in, in words.
PARCEL_WORDS: dict[str, tuple[Text, str]] = {
    "pack": (gettext_lazy("Packed"), "package_2"),
    "packed": (gettext_lazy("Packed"), "package_2"),
    "ship": (gettext_lazy("Shipped"), "local_shipping"),
    "left": (gettext_lazy("Shipped"), "local_shipping"),
    "send": (gettext_lazy("Parcel sent"), "local_shipping"),
    "unpack": (gettext_lazy("Unpacked"), "unarchive"),
}

RETURN_WORDS: dict[str, tuple[Text, str]] = {
    "request": (gettext_lazy("Return announced"), "assignment_return"),
    "receive": (gettext_lazy("Return received"), "move_to_inbox"),
    "inspect": (gettext_lazy("Return inspected"), "fact_check"),
    "exchange": (gettext_lazy("Exchanged"), "swap_horiz"),
    "refund_return": (gettext_lazy("Fee decided"), "percent"),
    "close": (gettext_lazy("Return closed"), "task_alt"),
    "withdraw": (gettext_lazy("Return withdrawn"), "cancel"),
}


@dataclass
class Entry:
    """One thing that happened: who, when, what from what, why."""

    at: datetime
    change_set: ChangeSet
    kind: str  # step, edit, money, parcel, return, mail, note
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
    parts: list[Part] = field(default_factory=list)
    anchor: str = ""
    # The kinds of facts that stand within, since the same click made them.
    holds: set[str] = field(default_factory=set)

    @property
    def is_status_change(self) -> bool:
        return self.old_state is not self.new_state

    @property
    def before_query(self) -> str:
        """What leads to the order as it was before this, after the address of that page."""
        return query_of(Instant(self.at, self.change_set.pk))

    @property
    def folds_details(self) -> bool:
        return len(self.details) > DETAILS_SHOWN

    def is_shown(self, shown: str) -> bool:
        """Tell whether a filter of FILTERS lets this entry through."""
        if shown == "all":
            return True
        if shown == "status":
            return self.is_status_change
        if shown == "edits":
            return bool(self.differences or self.details) or self.kind == "edit"
        return bool(KINDS_SHOWN[shown] & {self.kind, *self.holds})


@dataclass(frozen=True)
class Source:
    """A kind of fact: where the order keeps it, how it is read, and what is said of one.

    rows: with a change set each; they are read in the order of their keys.
    """

    relation: str
    rows: Callable[[], QuerySet[Any]]
    tell: Callable[[Any, Sight], Entry]


@dataclass(frozen=True)
class LifeSource:
    """A kind of row that takes steps of its own (a parcel): each row of its history is told.

    relation: from the order; rows: how it is read. tell: gets the row, and what its history says.
    """

    relation: str
    model: type[models.Model]
    rows: Callable[[], QuerySet[Any]]
    tell: Callable[[Any, Any, Sight], Entry]


def load_story(order: Order) -> None:
    """Read the order's facts, each kind once, with who and why; a second call asks nothing."""
    if hasattr(order, "story_is_read"):
        return
    order.story_is_read = True
    order.lives = {life.relation: _life_of(order, life) for life in LIVES}
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
    _name_the_mentioned(order)


def _life_of(order: Order, life: LifeSource) -> list[tuple[Any, Any]]:
    """Return (row, what its history says) for each step of each row, oldest first."""
    rows = {row.pk: row for row in life.rows().filter(order=order)}
    past = life.model.history.filter(order_id=order.pk) if rows else ()  # type: ignore[attr-defined]
    if rows:
        past = past.select_related("change_set__origin").order_by("history_id")
    return [(rows[entry.id], entry) for entry in past if entry.id in rows]


def _name_the_mentioned(order: Order) -> None:
    """Put on each note whom it means, as they are called by now: one query, also without notes."""
    named: dict[int, list[Any]] = defaultdict(list)
    for mention in Mention.objects.filter(note__order=order.pk).select_related("user"):
        named[mention.note_id].append(mention.user)
    for note in order.notes.all():
        note.handles = handles_among(named[note.pk])


def facts_of(order: Order, sight: Sight) -> Iterator[Entry]:
    """Yield an entry for each fact of the order; `load_story` has read them."""
    for source in SOURCES:
        for row in getattr(order, source.relation).all():
            yield source.tell(row, sight)
    for life in LIVES:
        for row, past in order.lives[life.relation]:
            yield life.tell(row, past, sight)


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


def _parcel(parcel: Any, past: Any, sight: Sight) -> Entry:
    count = parcel.units or 0
    units = ngettext("%(units)s unit", "%(units)s units", count) % {"units": count}
    title, icon = PARCEL_WORDS.get(past.step or past.status, (_("Parcel changed"), "edit"))
    if past.history_type == "~" and not past.step:
        title, icon = _("Tracking number corrected"), "edit"
    return entry_for(
        past.history_date,
        past.change_set,
        "parcel",
        sentence(title, units),
        icon,
        sight,
        why=past.change_set.why,
        facts=[sentence(past.carrier, past.tracking)],
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
        facts=[_("lines, stock and discounts went along")]
        if cancellation.reason_code == "merged"
        else [
            _("stock back on sale") if cancellation.is_restocked else _("stock kept off sale"),
            _("money returned") if cancellation.is_refunded else _("money kept"),
            _("customer told") if cancellation.is_notified else _("customer not told"),
        ],
    )


def _note(note: OrderNote, sight: Sight) -> Entry:
    return entry_for(
        note.at,
        note.change_set,
        "note",
        _("Note"),
        "sticky_note_2",
        sight,
        body=note.body,
        parts=list(split(note.body, note.handles)),
        anchor=f"note-{note.pk}",
    )


def _letter(letter: Message, sight: Sight) -> Entry:
    return entry_for(
        letter.at,
        letter.change_set,
        "mail",
        sentence(
            _("Letter: %(letter)s") % {"letter": letter},
            _("again") if letter.resend_of_id else "",
            letter.state_label,
        ),
        "mail",
        sight,
        why=letter.change_set.why,
        facts=[sentence(sight.email(letter.to), letter.why_not)],
    )


def _parcels() -> QuerySet[Shipment]:
    return Shipment.objects.annotate(units=Sum("lines__quantity"))


def _returns() -> QuerySet[Return]:
    lines = {name: Sum(f"lines__{name}") for name in ("sellable", "damaged", "missing")}
    return Return.objects.select_related("location", "exchange").annotate(
        units=Sum("lines__quantity"), **lines
    )


def _return(row: Any, past: Any, sight: Sight) -> Entry:
    word, icon = RETURN_WORDS.get(past.step, (_("Return changed"), "edit"))
    told = {
        "request": [
            ngettext("%(units)s unit", "%(units)s units", row.units) % {"units": row.units},
            row.get_reason_code_display(),
        ],
        "receive": [row.location],
        "inspect": [
            _("%(units)s sellable") % {"units": row.sellable},
            _("%(units)s damaged") % {"units": row.damaged},
            _("%(units)s missing") % {"units": row.missing},
        ],
        "exchange": [row.exchange],
        "refund_return": [_("Restocking fee: %(fee)s") % {"fee": past.fee}],
    }
    return entry_for(
        past.history_date,
        past.change_set,
        "return",
        sentence(row.number, word),
        icon,
        sight,
        why=past.change_set.why,
        facts=[sentence(*told.get(past.step, ()))],
    )


SOURCES: tuple[Source, ...] = (
    Source("payments", Payment.objects.all, _payment),
    Source("refunds", Refund.objects.all, _refund),
    Source("cancellations", Cancellation.objects.all, _cancellation),
    Source("messages", Message.objects.with_state, _letter),
    Source("notes", OrderNote.objects.all, _note),
)

LIVES: tuple[LifeSource, ...] = (
    LifeSource("shipments", Shipment, _parcels, _parcel),
    LifeSource("returns", Return, _returns, _return),
)
