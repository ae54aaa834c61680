"""One timeline of an order: its history, money, parcels, cancellations and notes, newest first.

One query per source; what changed (old → new) is read off consecutive history rows in Python.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import models
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.flows import State
from backoffice.models import ChangeSet, User
from backoffice.refused import Text
from catalog.models import StockLocation
from orders.models import Address, Contact, Order, OrderLine
from orders.sight import Sight
from orders.states import ORDER_FLOW

FILTERS: dict[str, Text] = {
    "all": gettext_lazy("All"),
    "status": gettext_lazy("Status changes only"),
    "notes": gettext_lazy("Notes"),
}

# The row itself says when, or another entry says the same in words.
ORDER_NOISE = {
    "id", "uuid", "version", "status", "created_at", "updated_at", "placed_at", "completed_at",
    "cancelled_at",
}  # fmt: skip
LINE_NOISE = {"id", "uuid", "order", "product", "sku"}
LINES_SHOWN = 4


@dataclass(frozen=True)
class Difference:
    """One thing that changed, in words."""

    label: str
    old: str
    new: str


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
    line_differences: list[Difference] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    body: str = ""

    @property
    def is_status_change(self) -> bool:
        return self.old_state is not self.new_state

    @property
    def folds_lines(self) -> bool:
        return len(self.line_differences) > LINES_SHOWN

    def is_shown(self, shown: str) -> bool:
        """Tell whether a filter of FILTERS lets this entry through."""
        if shown == "status":
            return self.is_status_change
        return shown != "notes" or self.kind == "note"


@dataclass(frozen=True)
class Day:
    """The entries of one day of the reader's time zone."""

    on: date
    entries: list[Entry]


def timeline_of(order: Order, *, sight: Sight, shown: str = "all") -> list[Day]:
    """Return what happened to an order, by day, newest first."""
    entries = [entry for entry in _merge(order, sight) if entry.is_shown(shown)]
    return [
        Day(on, list(of_day))
        for on, of_day in groupby(entries, key=lambda entry: timezone.localdate(entry.at))
    ]


def _merge(order: Order, sight: Sight) -> list[Entry]:
    """Put each fact and each line's change to the order's own history row of the same click."""
    steps = _rows(order.history.model, id=order.pk)
    lines = _rows(OrderLine.history.model, order_id=order.pk)
    words = _Words(steps, lines, sight)
    entries = [
        _entry_of_step(older, row, words) for older, row in zip([None, *steps], steps, strict=False)
    ]
    by_click: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_click[entry.change_set.pk].append(entry)
    for at, change_set, difference in _line_differences(lines, words):
        home = _home(by_click[change_set.pk], at)
        if home is None:
            home = _entry(at, change_set, "edit", _("Lines"), "list", sight)
            by_click[change_set.pk].append(home)
            entries.append(home)
        home.line_differences.append(difference)
    for loose in _facts(order, sight):
        home = None if loose.kind == "note" else _home(by_click[loose.change_set.pk], loose.at)
        if home is None:
            entries.append(loose)
        else:
            home.facts += [_sentence(loose.title, *loose.facts)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _rows(model: type[models.Model], **of: Any) -> list[Any]:
    return list(
        model._default_manager.filter(**of)
        .select_related("change_set__origin")
        .order_by("history_id")
    )


def _home(entries: Sequence[Entry], at: datetime) -> Entry | None:
    """Return the entry that something written at `at` in the same click belongs to.

    A step writes its order last, so that is the next one; what follows the last one is its too.
    """
    later = [entry for entry in entries if entry.at >= at]
    return later[0] if later else (entries[-1] if entries else None)


def _entry(
    at: datetime, change_set: ChangeSet, kind: str, title: str, icon: str, sight: Sight, **more: Any
) -> Entry:
    who = change_set.who
    if change_set.actor_kind == ChangeSet.ActorKind.CUSTOMER:
        who = sight.name(who)
    return Entry(at, change_set, kind, title, icon, who, **more)


# --- History ----------------------------------------------------------------------------------


def _entry_of_step(older: Any, row: Any, words: _Words) -> Entry:
    step = ORDER_FLOW.steps.get(row.step)
    differences = words.differences(Order, ORDER_NOISE, older, row) if older else []
    why = row.change_set.why
    if step:
        title = str(step.label)
    elif differences:
        title = _("%(what)s changed") % {"what": differences[0].label}
    else:
        title = _("Edited") if older else _("Created")
    return _entry(
        row.history_date,
        row.change_set,
        "step" if step else "edit",
        title,
        "trip_origin" if step else "edit",
        words.sight,
        why=why,
        old_state=ORDER_FLOW.states[older.status] if older else None,
        new_state=ORDER_FLOW.states[row.status],
        differences=[d for d in differences if d.new != row.change_set.note],
    )


def _line_differences(
    rows: Iterable[Any], words: _Words
) -> Iterator[tuple[datetime, ChangeSet, Difference]]:
    last: dict[int, Any] = {}
    for row in rows:
        older = last.get(row.id)
        last[row.id] = row
        size = f"{row.quantity} × {row.unit_price}"
        if row.history_type == "-":
            found = [Difference(row.sku, size, _("removed"))]
        elif older is None:
            found = [Difference(row.sku, "–", size)]
        else:
            found = [
                Difference(f"{row.sku} {difference.label}", difference.old, difference.new)
                for difference in words.differences(OrderLine, LINE_NOISE, older, row)
            ]
        for difference in found:
            yield row.history_date, row.change_set, difference


class _Words:
    """Values of history rows in words; rows that they refer to are looked up once per kind."""

    def __init__(self, orders: Sequence[Any], lines: Sequence[Any], sight: Sight) -> None:
        self.sight = sight
        self._names: dict[tuple[type[models.Model], Any], str] = {}
        self._look_up(User, orders, ("customer_id", "assignee_id"), self._user)
        self._look_up(Contact, orders, ("contact_id",), sight.contact)
        self._look_up(Address, orders, ("billing_address_id", "shipping_address_id"), sight.address)
        self._look_up(StockLocation, lines, ("location_id",), str)

    def differences(
        self, model: type[models.Model], noise: set[str], older: Any, row: Any
    ) -> list[Difference]:
        """Return what is not the same in two history rows of one row, in words."""
        return [
            Difference(str(f.verbose_name).capitalize(), self._say(f, old), self._say(f, new))
            for f in model._meta.concrete_fields
            if f.name not in noise
            and (old := getattr(older, f.attname)) != (new := getattr(row, f.attname))
        ]

    def _look_up(
        self, model: type[models.Model], rows: Sequence[Any], columns: Sequence[str], say: Any
    ) -> None:
        """Look up only what some pair of rows differs in: the common page asks nothing."""
        ids: set[Any] = set()
        for column in columns:
            values = {getattr(row, column) for row in rows}
            ids |= values if len(values) > 1 else set()
        found = model._base_manager.in_bulk(list(ids - {None})) if ids - {None} else {}
        self._names |= {(model, pk): say(row) for pk, row in found.items()}

    def _user(self, user: User) -> str:
        return str(user) if user.is_staff else self.sight.name(str(user))

    def _say(self, of: Any, value: Any) -> str:
        if value is None or value == "":
            return "–"
        if of.remote_field:
            model = of.remote_field.model._meta.concrete_model
            return self._names.get((model, value), str(value))
        if of.choices:
            value = dict(of.flatchoices).get(value, value)
        elif isinstance(value, bool):
            value = _("yes") if value else _("no")
        elif isinstance(value, Decimal):
            value = f"{value:,.2f}"
        return str(value)


# --- Facts ------------------------------------------------------------------------------------


def _sentence(*parts: object) -> str:
    return " · ".join(str(part) for part in parts if part)


def _facts(order: Order, sight: Sight) -> Iterator[Entry]:
    """Yield an entry for each fact of the order: one query for each kind."""
    for payment in order.payments.select_related("change_set__origin"):
        yield _entry(
            payment.at, payment.change_set, "money",
            _sentence(payment.get_kind_display(), f"{payment.amount:,.2f} {payment.currency}"),
            "payments", sight, why=payment.change_set.why,
            facts=[_sentence(payment.message, payment.gateway, payment.charge)],
        )  # fmt: skip
    for refund in order.refunds.select_related("change_set__origin"):
        yield _entry(
            refund.at, refund.change_set, "money",
            _sentence(_("Refunded"), f"{refund.amount:,.2f} {refund.currency}"),
            "undo", sight, why=refund.note or refund.change_set.why, facts=[refund.charge],
        )  # fmt: skip
    for parcel in order.shipments.select_related("change_set__origin").annotate(
        units=Sum("lines__quantity")
    ):
        yield _entry(
            parcel.at, parcel.change_set, "parcel",
            _sentence(_("Shipped"), _("%(units)s units") % {"units": parcel.units or 0}),
            "local_shipping", sight, why=parcel.change_set.why,
            facts=[_sentence(parcel.carrier, parcel.tracking)],
        )  # fmt: skip
    for cancellation in order.cancellations.select_related("change_set__origin"):
        yield _entry(
            cancellation.at, cancellation.change_set, "step",
            str(cancellation.get_reason_code_display()), "cancel", sight, why=cancellation.note,
            facts=[
                _("stock back on sale") if cancellation.is_restocked else _("stock kept off sale"),
                _("money returned") if cancellation.is_refunded else _("money kept"),
                _("customer told") if cancellation.is_notified else _("customer not told"),
            ],
        )  # fmt: skip
    for note in order.notes.select_related("change_set__origin"):
        yield _entry(
            note.at, note.change_set, "note", _("Note"), "sticky_note_2", sight, body=note.body
        )
