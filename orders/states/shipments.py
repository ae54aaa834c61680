"""A parcel's state machine: packed → left, or cancelled before it left."""

from django.utils.translation import gettext_lazy as _

from backoffice.flows import Ask, Flow, State, Step

REASON = Ask("reason", _("Reason"), required=True, help=_("For whoever asks next month."))
REMARK = Ask("reason", _("Remark"))

SHIPMENT_FLOW = Flow(
    "orders.Shipment",
    field="status",
    states=[
        State("packed", _("Packed"), "warning"),
        State("left", _("Left"), "success"),
        State("cancelled", _("Cancelled"), "danger"),
    ],
    steps=[
        Step(
            "pack",
            "",
            "packed",
            _("Pack"),
            _("sets units of the order aside in a parcel"),
            permission="ship_order",
        ),
        Step(
            "send",
            "packed",
            "left",
            _("Send"),
            _("the parcel leaves; its units are gone from the shelf"),
            asks=(
                Ask("tracking", _("Tracking number"), "line"),
                Ask("carrier", _("Carrier"), "line"),
                REMARK,
            ),
            tone="success",
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
            permission="ship_order",
        ),
    ],
)
