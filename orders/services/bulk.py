"""Many orders at once: one after another where money or stock of single orders moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from backoffice.refused import Refused
from backoffice.steps import Outcome
from orders.models import Order


def once_each(order_ids: Iterable[int]) -> list[int]:
    """Return the ids once each, in their order."""
    return list(dict.fromkeys(order_ids))


def one_by_one(order_ids: Iterable[int], verb: Callable[[int], Order]) -> Outcome[Order]:
    """Call a verb for each order, in transactions of its own; note what is refused, go on."""
    ids = once_each(order_ids)
    known = Order.objects.in_bulk(ids)
    outcome: Outcome[Order] = Outcome()
    for order_id in ids:
        try:
            outcome.done.append(verb(order_id))
        except Refused as refusal:
            outcome.refused.append((known.get(order_id, order_id), refusal))
    return outcome
