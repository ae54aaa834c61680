"""A return's state machine: requested → received → inspected → closed, or cancelled."""

from django.utils.translation import gettext_lazy as _

from backoffice.flows import Ask, Flow, State, Step

REASON = Ask("reason", _("Reason"), required=True, help=_("For whoever asks next month."))
REMARK = Ask("reason", _("Remark"))

RETURN_REASONS = (
    ("changed_mind", _("Customer changed their mind")),
    ("wrong_item", _("Wrong item sent")),
    ("damaged", _("Arrived damaged")),
    ("faulty", _("Faulty")),
    ("too_late", _("Arrived too late")),
    ("other", _("Other")),
)

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
            asks=(REMARK,),
            tone="info",
        ),
        Step(
            "inspect",
            "received",
            "inspected",
            _("Inspect"),
            _("sellable units go back on the shelf, damaged ones are set aside"),
            asks=(REMARK,),
            tone="info",
        ),
        Step(
            "close",
            "inspected",
            "closed",
            _("Close"),
            _("nothing is left to do: what is due was refunded or exchanged"),
            asks=(REMARK,),
            tone="success",
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
