"""One timeline of an order: its history and the facts of its story, newest first.

One query per source; what changed (old → new) is read off consecutive history rows in Python.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.models import ChangeSet
from backoffice.refused import Text
from orders.differences import EMPTY, Difference, Words
from orders.models import Order, OrderLine, OrderTag
from orders.sight import Sight
from orders.states import BESIDE, ORDER_FLOW
from orders.story import Entry, entry_for, facts_of, load_story, sentence

FILTERS: dict[str, Text] = {
    "all": gettext_lazy("All"),
    "status": gettext_lazy("Status changes only"),
    "edits": gettext_lazy("Edits and lines"),
    "money": gettext_lazy("Payments"),
    "parcels": gettext_lazy("Parcels and returns"),
    "letters": gettext_lazy("Letters"),
    "notes": gettext_lazy("Notes"),
}

# The row itself says when, or another part of the entry says the same in words.
ORDER_NOISE = frozenset(
    {
        "id",
        "uuid",
        "version",
        "status",
        "created_at",
        "updated_at",
        "placed_at",
        "completed_at",
        "cancelled_at",
        "state_since",
        "held_since",
    }
)
LINE_NOISE = frozenset({"id", "uuid", "order", "product", "sku"})
# What an order gets when it is placed; a change of it later is news.
FIRST_TIME_NOISE = ("contact", "billing_address", "shipping_address")

STEPS = {**ORDER_FLOW.steps, **{step.name: step for step in BESIDE}}
# What a step is called once it was taken.
TAKEN: dict[str, Text] = {
    "write": gettext_lazy("Written"),
    "check_out": gettext_lazy("Checked out"),
    "place": gettext_lazy("Placed"),
    "process": gettext_lazy("Processed"),
    "process_unpaid": gettext_lazy("Processed without payment"),
    "hold": gettext_lazy("Put on hold"),
    "release": gettext_lazy("Released"),
    "ship": gettext_lazy("Shipped"),
    "pack": gettext_lazy("Packed"),
    "send": gettext_lazy("Parcel sent"),
    "unpack": gettext_lazy("Parcel unpacked"),
    "take_back": gettext_lazy("Returned goods inspected"),
    "complete": gettext_lazy("Completed"),
    "cancel": gettext_lazy("Cancelled"),
    "reopen": gettext_lazy("Reopened"),
    "refund": gettext_lazy("Refunded"),
    "capture_payment": gettext_lazy("Payment captured"),
    "void_payment": gettext_lazy("Payment voided"),
    "edit": gettext_lazy("Edited"),
    "discount": gettext_lazy("Discount changed"),
    "discount_line": gettext_lazy("Discount of a line changed"),
    "address": gettext_lazy("Contact or address changed"),
    "merge": gettext_lazy("Merged into another order"),
    "take_over": gettext_lazy("Took over another order"),
}


@dataclass(frozen=True)
class Day:
    """The entries of one day of the reader's time zone."""

    on: date
    entries: list[Entry]


def timeline_of(order: Order, *, sight: Sight, shown: str = "all") -> list[Day]:
    """Return what happened to an order, by day, newest first."""
    load_story(order)
    entries = [entry for entry in _merge(order, sight) if entry.is_shown(shown)]
    return [
        Day(on, list(of_day))
        for on, of_day in groupby(entries, key=lambda entry: timezone.localdate(entry.at))
    ]


def _merge(order: Order, sight: Sight) -> list[Entry]:
    """Put each fact and each line's change to the order's own history row of the same click."""
    steps = steps_of(order)
    lines = _rows(OrderLine.history.model, order_id=order.pk)
    words = Words(steps, lines, sight)
    entries = [
        _entry_of_step(older, row, words) for older, row in zip([None, *steps], steps, strict=False)
    ]
    by_click: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_click[entry.change_set.pk].append(entry)
    for at, change_set, difference in _line_differences(lines, words):
        home = _home(by_click[change_set.pk], at)
        if home is None:
            home = entry_for(at, change_set, "edit", _("Lines"), "list", sight)
            by_click[change_set.pk].append(home)
            entries.append(home)
        home.details.append(difference)
    entries += _tag_entries(_rows(OrderTag.history.model, order_id=order.pk), sight)
    for loose in facts_of(order, sight):
        home = None if loose.kind == "note" else _home(by_click[loose.change_set.pk], loose.at)
        if home is None:
            entries.append(loose)
        else:
            home.facts += [sentence(loose.title, *loose.facts)]
            home.holds.add(loose.kind)
    # Sorted, then turned round: of two at the same moment the later one comes first too.
    return sorted(entries, key=lambda entry: entry.at)[::-1]


def steps_of(order: Order) -> list[Any]:
    """Return the order's own history, oldest first; a second call asks nothing."""
    if not hasattr(order, "steps_read"):
        order.steps_read = _rows(order.history.model, id=order.pk)
    return order.steps_read


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


# --- History ----------------------------------------------------------------------------------


def _entry_of_step(older: Any, row: Any, words: Words) -> Entry:
    step = STEPS.get(row.step)
    noise = ORDER_NOISE
    if older:
        noise |= {n for n in FIRST_TIME_NOISE if getattr(older, f"{n}_id") is None}
    # A reason that the order keeps stands under the title already.
    told = {row.change_set.note, EMPTY} - {""}
    differences = [
        difference
        for difference in (words.differences(Order, noise, older, row) if older else ())
        if not {difference.old, difference.new} <= told
    ]
    if step:
        title = str(TAKEN.get(step.name, step.label))
    elif differences:
        title = _("%(what)s changed") % {"what": differences[0].label}
    else:
        title = _("Edited") if older else _("Created")
    return entry_for(
        row.history_date,
        row.change_set,
        "step" if step else "edit",
        title,
        "trip_origin" if step else "edit",
        words.sight,
        why=row.change_set.why,
        old_state=ORDER_FLOW.states[older.status] if older else None,
        new_state=ORDER_FLOW.states[row.status],
        differences=differences,
    )


def _tag_entries(rows: Iterable[Any], sight: Sight) -> Iterator[Entry]:
    """Yield one entry for the tags that one click put on, and one for those it took off."""
    for (_pk, kind), group in groupby(rows, key=lambda row: (row.change_set_id, row.history_type)):
        tags = list(group)
        yield entry_for(
            tags[0].history_date,
            tags[0].change_set,
            "edit",
            _("Untagged") if kind == "-" else _("Tagged"),
            "label_off" if kind == "-" else "label",
            sight,
            why=tags[0].change_set.why,
            facts=[", ".join(tag.name for tag in tags)],
        )


def _follows(older: Any, row: Any) -> frozenset[str]:
    """Name what changed only because the quantity did: the stock that is promised to it."""
    more = row.quantity - older.quantity
    return frozenset({"committed"} if more and row.committed - older.committed == more else ())


def _line_differences(
    rows: Iterable[Any], words: Words
) -> Iterator[tuple[datetime, ChangeSet, Difference]]:
    last: dict[int, Any] = {}
    for row in rows:
        older = last.get(row.id)
        last[row.id] = row
        size = f"{row.quantity} × {row.unit_price}"
        if row.history_type == "-":
            found = [Difference(row.sku, size, _("removed"))]
        elif older is None:
            found = [Difference(row.sku, EMPTY, size)]
        else:
            found = [
                Difference(f"{row.sku} {difference.label}", difference.old, difference.new)
                for difference in words.differences(
                    OrderLine, LINE_NOISE | _follows(older, row), older, row
                )
            ]
        for difference in found:
            yield row.history_date, row.change_set, difference
