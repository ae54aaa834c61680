"""A parcel's state machine: packed → left, or cancelled before it left."""

from django.utils.translation import gettext_lazy as _

from backoffice.flows import Ask, Flow, State, Step
from orders import guards
from orders.states.questions import CARRIER, NOTIFY, TRACKING

REASON = Ask("reason", _("Reason"), required=True, help=_("For whoever asks next month."))
REMARK = Ask("reason", _("Remark"), help=_("It stands in the order's timeline."))

SHIPMENT_FLOW = Flow(
    "orders.Shipment",
    field="status",
    states=[
        State("packed", _("Packed"), "warning"),
        State("left", _("Shipped"), "success"),
        State("cancelled", _("Unpacked"), "neutral"),
    ],
    steps=[
        Step(
            "pack",
            "",
            "packed",
            _("Pack"),
            _("sets units of the order aside in a parcel; they stay promised"),
            permission="ship_order",
        ),
        Step(
            "ship",
            "",
            "left",
            _("Ship"),
            _("packed and gone in one step"),
            permission="ship_order",
        ),
        Step(
            "send",
            "packed",
            "left",
            _("Send"),
            _("the parcel leaves; its units are gone from the shelf"),
            asks=(TRACKING, CARRIER, NOTIFY, REMARK),
            tone="success",
            guards=(guards.order_has_no_claim, guards.order_is_processing, guards.order_not_held),
            permission="ship_order",
        ),
        Step(
            "unpack",
            "packed",
            "cancelled",
            _("Unpack"),
            _("the parcel stays; its units wait to be shipped again"),
            asks=(REASON,),
            tone="danger",
            guards=(guards.order_has_no_claim, guards.order_is_processing),
            permission="ship_order",
        ),
    ],
)
