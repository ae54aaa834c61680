"""Who is working on an order at the moment: traffic, without history, and no lock on anything.

Whoever opened it first is the one whom the others see, until they leave, are silent for
PRESENCE_IDLE_SECONDS, or somebody takes over.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice import steps
from backoffice.models import User
from backoffice.refused import UnknownRow
from orders.models import Order, Presence

PERMISSION = "orders.note_order"
WHAT = _("work on orders")
# Longer than the time between two signs of life of an open page.
GRACE_SECONDS = 30


def idle_before(now: datetime) -> datetime:
    """Return the moment since when somebody must have been seen to count as present."""
    return now - timedelta(seconds=settings.PRESENCE_IDLE_SECONDS)


def be_present(*, order_id: int, by: User, now: datetime) -> Presence | None:
    """Say that somebody has an order open; return who is seen to work on it.

    Refuses: NotAllowed; UnknownRow.
    Atomic: writes one row at most: one's own is refreshed, one whose person is gone is taken over,
    somebody else's is left alone.
    """
    steps.require_permission(by, PERMISSION, WHAT)
    row = Presence.objects.filter(order=order_id)
    is_idle = Q(seen_at__lt=idle_before(now))
    if not (
        row.exclude(is_idle).filter(user=by.pk).update(seen_at=now)
        or row.filter(is_idle).update(user=by.pk, since=now, seen_at=now)
        or row.exists()
    ):
        _require_order(order_id)
        # Two who open it in the same moment: one row is kept, the other left out.
        mine = Presence(order_id=order_id, user=by, since=now, seen_at=now)
        Presence.objects.bulk_create([mine], ignore_conflicts=True)
    return row.select_related("user").first()


def take_over(*, order_id: int, by: User, now: datetime) -> Presence:
    """Become the one whom the others see at work on an order, whoever was it before.

    Refuses: NotAllowed; UnknownRow.
    Atomic: one row.
    """
    steps.require_permission(by, PERMISSION, WHAT)
    _require_order(order_id)
    presence, _made = Presence.objects.update_or_create(
        order_id=order_id, defaults={"user": by, "since": now, "seen_at": now}
    )
    return presence


def leave(*, order_id: int, by: User, now: datetime) -> None:
    """Say that one has closed an order: nobody is seen there soon; others' presence stays.

    Not at once: every button loads the page anew, and another window may have it open.
    Atomic: one row at most.
    """
    left_at = idle_before(now) + timedelta(seconds=GRACE_SECONDS)
    Presence.objects.filter(order=order_id, user=by.pk, seen_at__gt=left_at).update(seen_at=left_at)


def presence_of(order_id: int, now: datetime) -> Presence | None:
    """Return who is at work on an order. Refuses: nothing."""
    found = Presence.objects.filter(order=order_id, seen_at__gte=idle_before(now))
    return found.select_related("user").first()


def present_at(order: Order, now: datetime) -> Presence | None:
    """Return who is at work on an order that was read with `presence__user`."""
    presence: Presence | None = getattr(order, "presence", None)
    return presence if presence is not None and presence.seen_at >= idle_before(now) else None


def _require_order(order_id: int) -> None:
    if not Order.objects.filter(pk=order_id).exists():
        raise UnknownRow(what=_("order"), key=order_id)
