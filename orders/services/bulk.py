"""Many orders at once: how many are allowed, and one after another where money or stock moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.conf import settings

from backoffice.refused import Refused, TooMany
from backoffice.steps import Outcome
from orders.models import Order


def require_few(order_ids: Sequence[int]) -> list[int]:
    """Return the ids once each, in their order. Refuses: TooMany above BULK_LIMIT_ROWS."""
    ids = list(dict.fromkeys(order_ids))
    if len(ids) > settings.BULK_LIMIT_ROWS:
        raise TooMany(count=len(ids), limit=settings.BULK_LIMIT_ROWS)
    return ids


def one_by_one(order_ids: Sequence[int], verb: Callable[[int], Order]) -> Outcome[Order]:
    """Call a verb for each order, in transactions of its own; note what is refused, go on.

    Refuses: TooMany.
    """
    ids = require_few(order_ids)
    known = Order.objects.in_bulk(ids)
    outcome: Outcome[Order] = Outcome()
    for order_id in ids:
        try:
            outcome.done.append(verb(order_id))
        except Refused as refusal:
            outcome.refused.append((known.get(order_id, order_id), refusal))
    return outcome
