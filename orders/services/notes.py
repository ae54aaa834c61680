"""What staff tell each other about an order."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, steps
from backoffice.models import User
from backoffice.refused import BadValue, UnknownRow
from orders.models import Order, OrderNote

PERMISSION = "orders.note_order"
LONGEST_NOTE_CHARS = 4000


@transaction.atomic
def add_note(*, order_id: int, body: str, by: User, reason: str = "") -> OrderNote:
    """Write a note on an order's timeline, whatever its state.

    body: plain text, at most 4000 characters; it is its own reason.
    Refuses: NotAllowed; UnknownRow; BadValue.
    Atomic: one note; the order's version stays, so nobody's open form goes stale.
    """
    steps.require_permission(by, PERMISSION, _("write notes on orders"))
    body = body.replace("\x00", "").strip()
    if not body:
        raise BadValue(field=_("Note"), problem=_("it is empty."))
    if len(body) > LONGEST_NOTE_CHARS:
        raise BadValue(
            field=_("Note"),
            problem=_("at most {most} characters.").format(most=LONGEST_NOTE_CHARS),
        )
    order = Order.objects.get_or_none(pk=order_id)
    if order is None:
        raise UnknownRow(what=_("order"), key=order_id)
    changes.say(action="orders.note", by=by, reason=reason)
    return OrderNote.objects.create(
        order=order, author=by, body=body, change_set=changes.require(), at=changes.moment()
    )
