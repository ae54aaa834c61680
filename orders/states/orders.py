"""The order's state machine: pending → processing → completed, or cancelled; drafts before them."""

from django.utils.translation import gettext_lazy as _

from backoffice.flows import Ask, Flow, State, Step
from orders import guards
from orders.states.questions import CARRIER, NOTIFY, PLACE, TRACKING, UNITS

REASON = Ask("reason", _("Reason"), required=True, help=_("For whoever asks next month."))
REMARK = Ask("reason", _("Remark"), help=_("It stands in the order's timeline."))
UNTIL = Ask(
    "until",
    _("Until"),
    "moment",
    help=_("The hold ends by itself then; blank: when somebody releases it."),
)

CANCEL_REASONS = (
    ("changed_mind", _("Customer changed their mind")),
    ("out_of_stock", _("Out of stock")),
    ("suspected_fraud", _("Suspected fraud")),
    ("payment_failed", _("Payment failed")),
    ("ordered_twice", _("Ordered twice")),
    ("other", _("Other")),
)
# Why an order may have ended: what people choose from, and what only a merge says.
CANCELLATION_REASONS = (*CANCEL_REASONS, ("merged", _("Merged into another order")))

REFUND_REASONS = (
    ("returned", _("Goods came back")),
    ("damaged", _("Arrived damaged")),
    ("not_received", _("Never arrived")),
    ("out_of_stock", _("Cannot be sent")),
    ("goodwill", _("Goodwill")),
    ("other", _("Other")),
)
# The reason of a refund that an exchange took over.
EXCHANGED = "exchange"
# Why money may have gone back: what people choose from, what a cancellation and an exchange say.
MONEY_BACK_REASONS = tuple(
    {
        **dict(CANCEL_REASONS),
        **dict(REFUND_REASONS),
        EXCHANGED: _("Exchanged for other goods"),
    }.items()
)

TAKEN_IN_AS = ("pending", "processing", "completed", "cancelled")

ORDER_FLOW = Flow(
    "orders.Order",
    field="status",
    since="state_since",
    owner="customer_id",
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
            "check_out",
            "",
            "draft",
            _("Check out"),
            _("a cart becomes an order of its customer"),
            permission="add_order",
            owner="new",
        ),
        # An order that a sheet brings in was lived elsewhere: it is born where it stands.
        *(
            Step(
                f"take_in_{state}",
                "",
                state,
                _("Take in"),
                _("an order of another shop, as its sheet tells it"),
                permission="take_in_order",
            )
            for state in TAKEN_IN_AS
        ),
        Step(
            "place",
            "draft",
            "pending",
            _("Place"),
            _("freezes prices, commits stock, numbers the order"),
            asks=(REMARK, NOTIFY),
            tone="info",
            guards=(guards.has_lines, guards.no_claim),
            owner="draft",
            owner_guards=(guards.is_checked_out,),
        ),
        Step(
            "edit",
            "pending",
            "",
            _("Edit"),
            _("changes lines and sums; the promised stock follows"),
            asks=(REMARK,),
            guards=(guards.no_claim,),
            permission="change_order",
        ),
        Step(
            "discount",
            "draft pending",
            "",
            _("Discount"),
            _("takes money off the whole order"),
            asks=(
                Ask("percent", _("Percent"), "money", help=_("Of the goods, without shipping.")),
                Ask("amount", _("Amount"), "money", help=_("Instead of a percentage.")),
                Ask(
                    "reason",
                    _("Reason"),
                    required=True,
                    help=_("It stands beside the sum. Both fields blank: no discount any more."),
                ),
            ),
            guards=(guards.has_lines, guards.no_claim),
        ),
        Step(
            "merge",
            "pending",
            "cancelled",
            _("Merge"),
            _("another order of the customer takes over its lines and their stock"),
            asks=(REMARK,),
            guards=(guards.no_claim, guards.not_held, guards.has_no_money),
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
            owner="pending",
            owner_guards=(guards.needs_no_review,),
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
            asks=(REASON, UNTIL),
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
                TRACKING,
                CARRIER,
                UNITS,
                PLACE,
                NOTIFY,
                REMARK,
            ),
            tone="success",
            guards=(
                guards.no_claim,
                guards.not_held,
                guards.has_open_units,
                guards.has_loose_units,
            ),
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
                NOTIFY,
            ),
            tone="danger",
            guards=(guards.no_claim, guards.nothing_shipped, guards.nothing_packed),
            owner="pending",
        ),
        Step(
            "refund",
            "pending processing completed cancelled",
            "",
            _("Refund"),
            _("gives money back: through the gateway that took it, or to be transferred by hand"),
            asks=(
                Ask("reason_code", _("Reason"), "choice", required=True, choices=REFUND_REASONS),
                Ask("reason", _("Note"), help=_("For colleagues only.")),
                Ask(
                    "restock",
                    _("Do not send what has not left: back on sale"),
                    "flag",
                    initial=False,
                ),
                Ask("notify", _("Tell the customer by e-mail"), "flag", initial=True),
            ),
            tone="warning",
            guards=(guards.no_claim, guards.has_money_left),
        ),
        Step(
            "reopen",
            "cancelled",
            "pending",
            _("Reopen"),
            _("commits the stock again"),
            asks=(REASON,),
            tone="warning",
            guards=(guards.not_merged, guards.has_lines, guards.no_claim),
        ),
    ],
)

# Taking money changes no state, so these are no steps of the flow; they are locked, guarded and
# refused in the same words.
TAKE_PAYMENT = Step(
    "take_payment", "pending", "", _("Take a payment"), _("authorises the amount on a card"),
    asks=(REMARK,), tone="info", guards=(guards.no_claim, guards.is_not_covered),
    permission="take_payment_order", owner="pending", flow=ORDER_FLOW,
)  # fmt: skip
CAPTURE_PAYMENT = Step(
    "capture_payment", "pending processing", "", _("Capture"),
    _("takes what is authorised, or a part of it; the rest of that card is released"),
    asks=(REMARK,), tone="info", guards=(guards.no_claim, guards.has_authorised),
    permission="capture_payment_order", flow=ORDER_FLOW,
)  # fmt: skip
VOID_PAYMENT = Step(
    "void_payment", "pending processing completed", "", _("Void"),
    _("releases what is authorised; nothing is taken"),
    asks=(REASON,), tone="danger", guards=(guards.no_claim, guards.has_authorised),
    permission="capture_payment_order", flow=ORDER_FLOW,
)  # fmt: skip
RECORD_PAYMENT = Step(
    "record_payment", "pending processing", "", _("Record a payment"),
    _("notes money that arrived outside of a gateway"),
    asks=(REMARK,), tone="info", guards=(guards.no_claim, guards.is_not_paid),
    permission="record_payment_order", flow=ORDER_FLOW,
)  # fmt: skip
# What happens to an order's parcels moves its version and stands in its timeline.
PACK = Step(
    "pack", "processing", "", _("Pack"), _("sets units aside in a parcel; they stay promised"),
    asks=(UNITS, PLACE, REMARK), tone="info",
    guards=(guards.no_claim, guards.not_held, guards.has_open_units, guards.has_loose_units),
    permission="ship_order", flow=ORDER_FLOW,
)  # fmt: skip
SEND_PARCEL = Step(
    "send", "processing", "", _("Send"), _("a packed parcel leaves"),
    tone="success", guards=(guards.no_claim, guards.not_held),
    permission="ship_order", flow=ORDER_FLOW,
)  # fmt: skip
UNPACK_PARCEL = Step(
    "unpack", "processing", "", _("Unpack"), _("a packed parcel is taken apart"),
    tone="danger", guards=(guards.no_claim,), permission="ship_order", flow=ORDER_FLOW,
)  # fmt: skip
# Who it is for and where it goes; the shipping address until something is packed.
ADDRESS = Step(
    "address", "draft pending processing", "", _("Change contact or address"),
    _("says whom the order is for and where it goes"),
    asks=(REMARK,), guards=(guards.no_claim,), permission="change_order", flow=ORDER_FLOW,
)  # fmt: skip
# One line's discount is the order's sum, too; and the order that a merge leaves standing.
DISCOUNT_LINE = Step(
    "discount_line", "draft pending", "", _("Discount a line"), _("takes money off one line"),
    guards=(guards.has_lines, guards.no_claim), permission="discount_order", flow=ORDER_FLOW,
)  # fmt: skip
TAKE_OVER = Step(
    "take_over", "pending", "", _("Merge into it"), _("takes over another order's lines"),
    asks=(REMARK,), guards=(guards.no_claim,), permission="merge_order", flow=ORDER_FLOW,
)  # fmt: skip
# Returned goods were looked at: their lines have units back.
TAKE_BACK = Step(
    "take_back", "processing completed", "", _("Take back"), _("returned goods were looked at"),
    tone="info", permission="inspect_return", flow=ORDER_FLOW,
)  # fmt: skip
BESIDE = (
    TAKE_BACK,
    ADDRESS, DISCOUNT_LINE, TAKE_OVER, TAKE_PAYMENT, CAPTURE_PAYMENT,
    VOID_PAYMENT, RECORD_PAYMENT,
    PACK, SEND_PARCEL, UNPACK_PARCEL,
)  # fmt: skip


def step_named(name: str) -> Step:
    """Return a step of the flow, or one of those above."""
    beside = {step.name: step for step in BESIDE}
    return beside.get(name) or ORDER_FLOW[name]
