"""Words on orders, to find them by: "gift", "vip", "call back"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history, steps
from backoffice.models import User
from backoffice.refused import BadValue, Refused, UnknownRow
from backoffice.steps import Outcome
from orders.models import Order, OrderTag
from orders.services.bulk import once_each

PERMISSION = "orders.note_order"
LONGEST_TAG_CHARS = 40
MOST_TAGS = 20
FIELD = _("Tags")


class TooManyTags(Refused):
    """facts: what (the order), most."""

    sentence = _("{what} would have more than {most} tags.")
    hint = _("Take one off first.")


def tag_order(*, order_id: int, names: str | Iterable[str], by: User, reason: str) -> Order:
    """Put tags on an order; those that it has already stay.

    names: separated by commas, or one by one; kept in lower case, at most 40 characters each.
    Refuses: NotAllowed; UnknownRow; BadValue; TooManyTags above 20.
    Atomic: locks the order; a history row for each new tag; the order's version stays.
    """
    return _only(tag_orders(order_ids=[order_id], names=names, by=by, reason=reason))


def tag_orders(
    *, order_ids: Sequence[int], names: str | Iterable[str], by: User, reason: str
) -> Outcome[Order]:
    """Put the same tags on many orders.

    Refuses: NotAllowed; BadValue; per order UnknownRow, TooManyTags.
    Atomic: locks the orders in key order; one statement writes the tags, one their history.
    """
    steps.require_permission(by, PERMISSION, _("tag orders"))
    wanted = clean_tags(names)
    with transaction.atomic():
        outcome, had = _lock(order_ids, action="orders.tag", by=by, reason=reason)
        new = []
        for order in list(outcome.done):
            missing = [name for name in wanted if name not in had[order.pk]]
            if len(had[order.pk]) + len(missing) > MOST_TAGS:
                outcome.done.remove(order)
                outcome.refused.append((order, TooManyTags(what=order, most=MOST_TAGS)))
            else:
                new += [OrderTag(order=order, name=name) for name in missing]
        history.insert_rows(new)
    return outcome


def untag_order(*, order_id: int, names: str | Iterable[str], by: User, reason: str) -> Order:
    """Take tags off an order; those that it does not have are no matter.

    Refuses: NotAllowed; UnknownRow; BadValue.
    Atomic: locks the order; a history row for each tag; the order's version stays.
    """
    return _only(untag_orders(order_ids=[order_id], names=names, by=by, reason=reason))


def untag_orders(
    *, order_ids: Sequence[int], names: str | Iterable[str], by: User, reason: str
) -> Outcome[Order]:
    """Take the same tags off many orders.

    Refuses: NotAllowed; BadValue; per order UnknownRow.
    Atomic: locks the orders in key order; one statement deletes the tags, one writes their history.
    """
    steps.require_permission(by, PERMISSION, _("tag orders"))
    wanted = clean_tags(names)
    with transaction.atomic():
        outcome, had = _lock(order_ids, action="orders.untag", by=by, reason=reason)
        history.delete_rows(
            [tags[name] for tags in had.values() for name in wanted if name in tags]
        )
    return outcome


def clean_tags(names: str | Iterable[str]) -> list[str]:
    """Return tags as they are kept: lower case, trimmed, once each. Refuses: BadValue."""
    written = names.split(",") if isinstance(names, str) else names
    spelled = (" ".join(name.replace("\x00", "").lower().split()) for name in written)
    found = list(dict.fromkeys(name for name in spelled if name))
    if not found:
        raise BadValue(field=FIELD, problem=_("write at least one."))
    for name in found:
        if len(name) > LONGEST_TAG_CHARS:
            problem = _("“{tag}…” is longer than {most} characters.").format(
                tag=name[:LONGEST_TAG_CHARS], most=LONGEST_TAG_CHARS
            )
            raise BadValue(field=FIELD, problem=problem)
        if "," in name:
            raise BadValue(field=FIELD, problem=_("a tag has no comma in it."))
    return found


def _lock(
    order_ids: Sequence[int], *, action: str, by: User, reason: str
) -> tuple[Outcome[Order], dict[int, dict[str, OrderTag]]]:
    """Lock the orders, so that nobody else tags them meanwhile; return the tags that they have."""
    ids = once_each(order_ids)
    changes.say(action=action, by=by, reason=reason)
    locked = Order.objects.select_for_update(of=("self",), no_key=True)
    orders = list(locked.filter(pk__in=ids).order_by("pk"))
    had: dict[int, dict[str, OrderTag]] = defaultdict(dict)
    for tag in OrderTag.objects.filter(order__in=orders).order_by("pk"):
        had[tag.order_id][tag.name] = tag
    found = {order.pk for order in orders}
    missing = [(pk, UnknownRow(what=_("order"), key=pk)) for pk in ids if pk not in found]
    return Outcome(done=orders, refused=list(missing)), had


def _only(outcome: Outcome[Order]) -> Order:
    for _row, refused in outcome.refused:
        raise refused
    return outcome.done[0]
