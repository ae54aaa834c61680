"""What is done to a whole order beside its form: a line's discount, the same again, merging."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from backoffice.adminkit.acts import Act
from backoffice.flows import Ask
from backoffice.models import User
from backoffice.refused import Refused
from orders import services
from orders.models import Order
from orders.states import DISCOUNT_LINE, ORDER_FLOW, TAKE_OVER
from orders.states.orders import REMARK
from orders.sums import in_words

PERCENT, AMOUNT, REASON = ORDER_FLOW["discount"].asks

MOST_CHOICES = 100


class NoOtherOrder(Refused):
    sentence = _("The customer has no other pending order in this currency.")
    http_status = 409


def discount_line(
    *, order_id: int, line_id: str, by: User, reason: str, version: int | None = None, **money: Any
) -> Order:
    """Discount the line that was chosen: see `services.discount_line`."""
    return services.discount_line(
        order_id=order_id, line_id=int(line_id), by=by, reason=reason, version=version, **money
    )


def take_over(
    *, order_id: int, absorb_id: str, by: User, reason: str, version: int | None = None
) -> Order:
    """Merge the order that was chosen into this one: see `services.merge_orders`."""
    return services.merge_orders(
        keep_id=order_id, absorb_id=int(absorb_id), by=by, reason=reason, keep_version=version
    )


def _lines(order: Order) -> Mapping[str, Any]:
    choices = [
        (str(line.pk), f"{line} · {in_words(line.gross, order.currency)}")
        for line in order.lines.order_by("pk")
    ]
    return {"choices": choices, "initial": choices[0][0] if len(choices) == 1 else None}


def _others(order: Order) -> Mapping[str, Any]:
    others = services.merge_candidates(order).prefetch_related("lines")[:MOST_CHOICES]
    choices = [(str(other.pk), _described(other)) for other in others]
    return {"choices": choices, "initial": choices[0][0] if len(choices) == 1 else None}


def _described(order: Order) -> str:
    units = sum(line.quantity for line in order.lines.all())
    pieces = ngettext("%(units)s unit", "%(units)s units", units) % {"units": units}
    held = str(_("on hold")) if order.is_held else ""
    parts = (str(order), pieces, in_words(order.total, order.currency), held)
    return " · ".join(filter(None, parts))


def _is_alone(order: Order) -> Refused | None:
    """the customer has no other pending order"""
    refused = TAKE_OVER.refusal(order)
    if refused is None and not services.merge_candidates(order).exists():
        return NoOtherOrder()
    return refused


def _is_open(order: Order) -> bool:
    return order.status in DISCOUNT_LINE.sources


ACTS: tuple[Act, ...] = (
    Act(
        "discount_line",
        DISCOUNT_LINE.label,
        DISCOUNT_LINE.permission_name,
        asks=(
            Ask("line_id", _("Line"), "choice", required=True, about=_lines),
            PERCENT,
            AMOUNT,
            REASON,
        ),
        one=discount_line,
        effect=DISCOUNT_LINE.effect,
        refusal=DISCOUNT_LINE.refusal,
        applies=_is_open,
    ),
    Act(
        "duplicate",
        _("Duplicate"),
        ORDER_FLOW["write"].permission_name,
        asks=(REMARK,),
        one=services.duplicate_order,
        effect=_("writes a draft with the same products at the prices of today"),
    ),
    Act(
        "merge",
        _("Merge"),
        TAKE_OVER.permission_name,
        asks=(
            Ask(
                "absorb_id",
                _("Order that goes into this one"),
                "choice",
                required=True,
                about=_others,
                help=_("It ends as cancelled; its lines, stock and discounts come here."),
            ),
            REMARK,
        ),
        one=take_over,
        effect=_("takes over the lines of another order of the customer; one parcel, one fee"),
        refusal=_is_alone,
        applies=lambda order: order.status in TAKE_OVER.sources,
        done=_("{row} has the other order's lines now."),
    ),
)
