"""The order's state machine: pending → processing → completed, or cancelled; drafts before them."""

from django.utils.translation import gettext_lazy as _

from backoffice.flows import Ask, Flow, State, Step
from orders import guards

REASON = Ask("reason", _("Reason"), required=True, help=_("For whoever asks next month."))
REMARK = Ask("reason", _("Remark"), help=_("It stands in the order's timeline."))

CANCEL_REASONS = (
    ("changed_mind", _("Customer changed their mind")),
    ("out_of_stock", _("Out of stock")),
    ("suspected_fraud", _("Suspected fraud")),
    ("payment_failed", _("Payment failed")),
    ("ordered_twice", _("Ordered twice")),
    ("other", _("Other")),
)

ORDER_FLOW = Flow(
    "orders.Order",
    field="status",
    since="state_since",
    states=[
        State("draft", _("Draft"), "neutral"),
        State("pending", _("Pending"), "warning"),
        State("processing", _("Processing"), "info"),
        State("completed", _("Completed"), "success"),
        State("cancelled", _("Cancelled"), "danger"),
    ],
    steps=[
        Step(
            "write", "", "draft", _("Write"), _("a draft that staff fill"), permission="add_order"
        ),
        Step(
            "place",
            "draft",
            "pending",
            _("Place"),
            _("freezes prices, commits stock, numbers the order"),
            asks=(REMARK,),
            tone="info",
            guards=(guards.has_lines, guards.no_claim),
        ),
        Step(
            "process",
            "pending",
            "processing",
            _("Process"),
            _("captures what is authorised"),
            asks=(REMARK,),
            tone="info",
            guards=(guards.no_claim, guards.not_held, guards.is_covered),
        ),
        Step(
            "process_unpaid",
            "pending",
            "processing",
            _("Process without payment"),
            _("a manager vouches for the payment"),
            asks=(REASON,),
            tone="warning",
            guards=(guards.no_claim, guards.not_held, guards.is_not_covered),
        ),
        Step(
            "hold",
            "pending processing",
            "",
            _("Hold"),
            _("blocks processing and shipping"),
            asks=(REASON,),
            tone="warning",
            guards=(guards.no_claim, guards.not_held),
        ),
        Step(
            "release",
            "pending processing",
            "",
            _("Release"),
            _("ends the hold"),
            asks=(REMARK,),
            tone="info",
            guards=(guards.no_claim, guards.is_held),
        ),
        Step(
            "ship",
            "processing",
            "",
            _("Ship"),
            _("the goods leave; completes the order when it is paid"),
            asks=(
                Ask("tracking", _("Tracking number"), "line"),
                Ask("carrier", _("Carrier"), "line"),
                REMARK,
            ),
            tone="success",
            guards=(guards.no_claim, guards.not_held, guards.has_open_units),
        ),
        Step(
            "complete",
            "processing",
            "completed",
            _("Complete"),
            _("closes the order"),
            asks=(REMARK,),
            tone="success",
            guards=(guards.has_lines, guards.no_claim, guards.all_shipped, guards.is_paid),
        ),
        Step(
            "cancel",
            "draft pending processing",
            "cancelled",
            _("Cancel"),
            _("voids or refunds first, then releases stock and tells the customer"),
            asks=(
                Ask("reason_code", _("Reason"), "choice", required=True, choices=CANCEL_REASONS),
                Ask("reason", _("Note"), help=_("For colleagues only.")),
                Ask("restock", _("Put the stock back on sale"), "flag", initial=True),
                Ask("refund", _("Return the money"), "flag", initial=True),
                Ask("notify", _("Tell the customer by e-mail"), "flag", initial=True),
            ),
            tone="danger",
            guards=(guards.no_claim, guards.nothing_shipped),
        ),
        Step(
            "reopen",
            "cancelled",
            "pending",
            _("Reopen"),
            _("commits the stock again"),
            asks=(REASON,),
            tone="warning",
            guards=(guards.has_lines, guards.no_claim),
        ),
    ],
)

# Taking money changes no state, so these are no steps of the flow; they are locked, guarded and
# refused in the same words.
TAKE_PAYMENT = Step(
    "take_payment", "pending", "", _("Take a payment"), _("authorises the amount on a card"),
    asks=(REMARK,), tone="info", guards=(guards.no_claim, guards.is_not_covered),
    permission="take_payment_order", flow=ORDER_FLOW,
)  # fmt: skip
RECORD_PAYMENT = Step(
    "record_payment", "pending processing", "", _("Record a payment"),
    _("notes money that arrived outside of a gateway"),
    asks=(REMARK,), tone="info", guards=(guards.no_claim, guards.is_not_paid),
    permission="record_payment_order", flow=ORDER_FLOW,
)  # fmt: skip


def step_named(name: str) -> Step:
    """Return a step of the flow, or one of the two above."""
    beside = {step.name: step for step in (TAKE_PAYMENT, RECORD_PAYMENT)}
    return beside.get(name) or ORDER_FLOW[name]
