"""A return's state machine: requested → received → inspected → closed, or cancelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Sum
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.flows import Ask, Flow, LineChoice, State, Step
from catalog.models import StockLocation
from orders import return_guards
from orders.states.orders import ORDER_FLOW

if TYPE_CHECKING:
    from orders.models import Order

REASON = Ask("reason", _("Reason"), required=True, help=_("For whoever asks next month."))
REMARK = Ask("reason", _("Remark"), help=_("It stands in the order's timeline."))

RETURN_REASONS = (
    ("changed_mind", _("Customer changed their mind")),
    ("wrong_item", _("Wrong item sent")),
    ("damaged", _("Arrived damaged")),
    ("faulty", _("Faulty")),
    ("too_late", _("Arrived too late")),
    ("other", _("Other")),
)


# The states in which nobody has looked at the goods yet.
ANNOUNCED = ("requested", "received")


def lines_to_return(order: Order) -> Sequence[LineChoice]:
    """Return every shipped line of an order with what of it is still with the customer."""
    coming = order.returns.filter(status__in=ANNOUNCED).order_by().values("lines__line")
    announced = dict(coming.annotate(n=Sum("lines__quantity")).values_list("lines__line", "n"))
    choices = []
    for line in order.lines.filter(shipped__gt=0).order_by("pk"):
        on_the_way = announced.get(line.pk, 0)
        said = (
            (line.shipped, gettext("%(n)s shipped")),
            (line.returned, gettext("%(n)s returned")),
            (on_the_way, gettext("%(n)s announced")),
        )
        choices.append(
            LineChoice(
                key=line.pk,
                title=line.name,
                detail=line.sku,
                most=line.shipped - line.returned - on_the_way,
                note=" · ".join(words % {"n": units} for units, words in said if units),
            )
        )
    return choices


def places() -> list[tuple[str, str]]:
    """Return where a parcel can be received."""
    rows = StockLocation.objects.filter(is_active=True).order_by("priority", "pk")
    return [(str(row.pk), row.name) for row in rows]


def _where(_row: Any) -> Mapping[str, Any] | None:
    """Ask for a place only where there are several."""
    found = places()
    return {"choices": found, "initial": found[0][0]} if len(found) > 1 else None


RETURN_FLOW = Flow(
    "orders.Return",
    field="status",
    states=[
        State("requested", _("Requested"), "warning"),
        State("received", _("Received"), "info"),
        State("inspected", _("Inspected"), "info"),
        State("closed", _("Closed"), "success"),
        State("cancelled", _("Cancelled"), "neutral"),
    ],
    steps=[
        Step(
            "request",
            "",
            "requested",
            _("Request"),
            _("announces goods that come back"),
        ),
        Step(
            "receive",
            "requested",
            "received",
            _("Receive"),
            _("the parcel is in the house; nothing is on sale yet"),
            asks=(
                Ask(
                    "location_id",
                    _("Where is it?"),
                    "choice",
                    about=_where,
                    help=_("Its units are put on the shelves there."),
                ),
                REMARK,
            ),
            tone="success",
        ),
        Step(
            "inspect",
            "received",
            "inspected",
            _("Inspect"),
            _("sellable units go back on the shelf, damaged ones are set aside"),
            asks=(REMARK,),
            tone="success",
        ),
        Step(
            "exchange",
            "inspected",
            "",
            _("Exchange"),
            _("a new order for the customer, paid with what is due"),
            asks=(REMARK,),
            tone="info",
            guards=(
                return_guards.order_has_no_claim,
                return_guards.no_refund_asked,
                return_guards.not_exchanged,
                return_guards.something_came_back,
                return_guards.something_is_due,
            ),
        ),
        Step(
            "close",
            "inspected",
            "closed",
            _("Close"),
            _("nothing is left to do: what is due was refunded or exchanged"),
            asks=(
                Ask(
                    "reason",
                    _("Remark"),
                    help=_("Needed when something is still due: why is it not given back?"),
                ),
            ),
            tone="success",
            guards=(return_guards.order_has_no_claim, return_guards.no_refund_asked),
        ),
        Step(
            "withdraw",
            "requested",
            "cancelled",
            _("Withdraw"),
            _("the goods are not coming"),
            asks=(REASON,),
            tone="danger",
        ),
    ],
)

# What is due for a return goes back by the order's own refund, which has the permission, the limits
# and the claim; the return only says how much.
REFUND_RETURN = Step(
    "refund_return", "inspected", "", _("Refund"), _("gives back what came back is worth"),
    tone="info", permission="refund_order", flow=RETURN_FLOW,
    guards=(
        return_guards.order_has_no_claim,
        return_guards.no_refund_asked,
        return_guards.something_came_back,
        return_guards.something_is_due,
    ),
)  # fmt: skip

# What a return asks of the order whose goods it brings back.
REQUEST_RETURN = Step(
    "request_return", "processing completed", "", _("Return"), _("announces goods that come back"),
    asks=(
        Ask("lines", _("What comes back?"), "lines", required=True, rows=lines_to_return),
        Ask("reason_code", _("Why?"), "choice", required=True, choices=RETURN_REASONS),
        Ask("reason", _("What the customer says"), help=_("It stands on the return.")),
    ),
    guards=(return_guards.has_units_to_return,), permission="request_return", flow=ORDER_FLOW,
)  # fmt: skip
