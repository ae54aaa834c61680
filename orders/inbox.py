"""What waits in somebody's inbox: the notes in which colleagues meant them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F
from django.urls import reverse

from backoffice.adminkit.lists import CappedPaginator
from backoffice.models import User
from orders.mentions import Part, handles_among, split
from orders.models import Mention
from orders.sight import Sight

PER_PAGE = 30


@dataclass(frozen=True)
class Item:
    """One mention: who wrote what, where; title: the order, or the customer as the reader may."""

    pk: int
    title: str
    url: str
    author: str
    at: datetime
    parts: list[Part]
    is_read: bool


@dataclass(frozen=True)
class Inbox:
    """One page of somebody's mentions, the unread ones first."""

    items: Sequence[Item]
    unread: int
    before: str = ""
    after: str = ""
    unread_ids: list[int] = field(default_factory=list)


def inbox_of(user: User, *, page: str = "") -> Inbox:
    """Return a page of a person's mentions: unread ones first, then the latest."""
    mentions = (
        Mention.objects.filter(user=user.pk)
        .select_related("note__order", "note__author", "customer_note__customer",
                        "customer_note__author")
        .order_by(F("read_at").desc(nulls_first=True), "-id")
    )  # fmt: skip
    paginator = CappedPaginator(mentions, PER_PAGE)
    shown = paginator.get_page(page)
    items = items_of(shown.object_list, user)
    return Inbox(
        items=items,
        unread=Mention.objects.filter(user=user.pk, read_at=None).count(),
        before=f"?p={shown.number - 1}" if shown.has_previous() else "",
        after=f"?p={shown.number + 1}" if shown.has_next() else "",
        unread_ids=[item.pk for item in items if not item.is_read],
    )


def items_of(mentions: Sequence[Mention], user: User) -> list[Item]:
    """Return mentions in words; customers are named as the reader may read them."""
    sight, mine = Sight.of(user), handles_among([user])
    items = []
    for mention in mentions:
        note = mention.note or mention.customer_note
        assert note is not None
        if mention.note is not None:
            order = mention.note.order
            title = str(order)
            url = f"{reverse('admin:orders_order_change', args=[order.pk])}#note-{note.pk}"
        else:
            customer = mention.customer_note.customer
            title = sight.name(str(customer))
            url = f"{reverse('admin:orders_customer_change', args=[customer.pk])}#note-{note.pk}"
        items.append(
            Item(
                pk=mention.pk,
                title=title,
                url=url,
                author=str(note.author),
                at=note.at,
                parts=list(split(note.body, mine)),
                is_read=mention.read_at is not None,
            )
        )
    return items
