"""Returns from dialogs: announced on an order, refunded on the return."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.acts import Act
from backoffice.flows import Ask
from backoffice.models import User
from orders import services
from orders.facts import ZERO
from orders.models import Order, Return
from orders.states import REFUND_RETURN, REQUEST_RETURN
from orders.states.returns import REMARK
from orders.sums import in_words


def was_shipped(order: Order) -> bool:
    return bool(order.facts.shipped_units)


def refund(*, return_id: int, by: User, reason: str, fee: Decimal | None, **answers: Any) -> Return:
    """Refund what the dialog says; a fee that was wiped out is none."""
    return services.refund_return(
        return_id=return_id, by=by, reason=reason, fee=fee or ZERO, **answers
    )


def _shipping(row: Return) -> Mapping[str, Any]:
    fee = in_words(row.order.shipping_fee, row.order.currency)
    return {"help": str(_("Given back as well; the order was charged {fee}.")).format(fee=fee)}


def _fee(row: Return) -> Mapping[str, Any]:
    return {"initial": row.fee or None}


# One of these stands on the order, the other on the return.
ACTS: tuple[Act, ...] = (
    Act.from_step(
        REQUEST_RETURN,
        one=services.request_return,
        icon="assignment_return",
        applies=was_shipped,
    ),
)

REFUND: Act = Act(
    "refund",
    REFUND_RETURN.label,
    REFUND_RETURN.permission_name,
    asks=(
        Ask("fee", _("Restocking fee"), "money", help=_("Kept back."), about=_fee),
        Ask("shipping", _("Shipping"), "money", about=_shipping),
        REMARK,
        Ask("notify", _("Tell the customer by e-mail"), "flag", initial=True),
    ),
    tone="info",
    one=refund,
    step=None,
    refusal=REFUND_RETURN.refusal,
    applies=lambda row: row.status in REFUND_RETURN.sources,
    icon="undo",
    effect=REFUND_RETURN.effect,
    done=_("{row}: the money is on its way back."),
)
