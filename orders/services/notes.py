"""What staff tell each other about orders and customers, and whom they mean by it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.contrib.auth.backends import ModelBackend
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backoffice import changes, steps
from backoffice.models import User
from backoffice.refused import BadValue, UnknownRow
from orders import mentions
from orders.models import Customer, CustomerNote, Mention, Order, OrderNote

NOTE_ORDER = "orders.note_order"
NOTE_CUSTOMER = "orders.note_customer"
LONGEST_NOTE_CHARS = 4000


@transaction.atomic
def add_note(*, order_id: int, body: str, by: User, reason: str = "") -> OrderNote:
    """Write a note on an order's timeline, whatever its state; "@name" puts it into an inbox.

    body: plain text, at most 4000 characters; it is its own reason.
    Refuses: NotAllowed; UnknownRow; BadValue.
    Atomic: one note and a mention for each colleague named; the order's version stays, so nobody's
    open form goes stale.
    """
    steps.require_permission(by, NOTE_ORDER, _("write notes on orders"))
    body = _clean(body)
    order = Order.objects.get_or_none(pk=order_id)
    if order is None:
        raise UnknownRow(what=_("order"), key=order_id)
    changes.say(action="orders.note", by=by, reason=reason)
    note = OrderNote.objects.create(
        order=order, author=by, body=body, change_set=changes.require(), at=changes.moment()
    )
    named = _named_in(body, by, "orders.view_order")
    Mention.objects.bulk_create([Mention(note=note, user=colleague) for colleague in named])
    return note


@transaction.atomic
def add_customer_note(
    *, customer_id: UUID | str, body: str, by: User, reason: str = ""
) -> CustomerNote:
    """Write a note on a customer's page; "@name" puts it into a colleague's inbox.

    body: plain text, at most 4000 characters; it is its own reason.
    Refuses: NotAllowed; UnknownRow; BadValue.
    Atomic: one note and a mention for each colleague named.
    """
    steps.require_permission(by, NOTE_CUSTOMER, _("write notes on customers"))
    body = _clean(body)
    customer = Customer.objects.filter(pk=customer_id).first()
    if customer is None:
        raise UnknownRow(what=_("customer"), key=customer_id)
    changes.say(action="orders.note_customer", by=by, reason=reason)
    note = CustomerNote.objects.create(
        customer=customer, author=by, body=body, change_set=changes.require(), at=changes.moment()
    )
    named = _named_in(body, by, "orders.view_customer")
    Mention.objects.bulk_create(
        [Mention(customer_note=note, user=colleague) for colleague in named]
    )
    return note


def read_mentions(
    *, by: User, mention_ids: Iterable[int] | None = None, order_id: int | None = None
) -> int:
    """Take mentions out of one's own inbox: the given ones, those on an order, or all.

    Returns how many were unread. Nobody reads for somebody else: other people's ids are left alone.
    Atomic: one statement; no history, it is nobody's business but the reader's.
    """
    waiting = unread_by(by)
    if mention_ids is not None:
        waiting = waiting.filter(pk__in=list(mention_ids))
    if order_id is not None:
        waiting = waiting.filter(note__order=order_id)
    return waiting.update(read_at=changes.moment())


def unread_by(user: User) -> QuerySet[Mention]:
    return Mention.objects.filter(user=user.pk, read_at=None)


def colleagues(permission: str = "orders.view_order") -> QuerySet[User]:
    """Return the active staff who hold a permission, by name."""
    found: QuerySet[User] = ModelBackend().with_perm(permission)
    return found.filter(is_staff=True).order_by("first_name", "last_name", "email")


def _named_in(body: str, by: User, permission: str) -> list[User]:
    """Return the colleagues that a note names and who may read it, without its author."""
    if "@" not in body:
        return []
    handles = mentions.handles_among(colleagues(permission))
    named = [part.person for part in mentions.split(body, handles) if part.person is not None]
    return [user for user in dict.fromkeys(named) if isinstance(user, User) and user.pk != by.pk]


def _clean(body: str) -> str:
    body = body.replace("\x00", "").replace("\r\n", "\n").strip()
    if not body:
        raise BadValue(field=_("Note"), problem=_("it is empty."))
    if len(body) > LONGEST_NOTE_CHARS:
        raise BadValue(
            field=_("Note"),
            problem=_("at most {most} characters.").format(most=LONGEST_NOTE_CHARS),
        )
    return body
