"""Everything that can be done to an order. All doors call these; nothing else writes orders."""

from orders.refusals import (
    NotForSale,
    OtherCurrency,
    PartlyReturned,
    PaymentDeclined,
    PaymentInDoubt,
    SoldThroughVariants,
)
from orders.services.assign import assign_order, take_order
from orders.services.cancel import cancel_order, cancel_orders
from orders.services.complete import complete_order, complete_orders
from orders.services.customers import (
    EmailTaken,
    create_customer,
    record_address,
    record_contact,
)
from orders.services.drafts import (
    LineDraft,
    NotADraft,
    address_draft,
    edit_draft,
    write_order,
)
from orders.services.hold import hold_order, hold_orders, release_order, release_orders
from orders.services.notes import add_note
from orders.services.payments import MoreThanDue, record_payment, take_payment
from orders.services.place import place_order
from orders.services.process import process_order, process_orders, process_unpaid_order
from orders.services.reopen import reopen_order
from orders.services.returns import (
    close_return,
    inspect_return,
    receive_return,
    withdraw_return,
)
from orders.services.settle import (
    AlreadySettled,
    BeingAsked,
    NotForHand,
    due_claims,
    return_by_hand,
    settle_in_doubt,
)
from orders.services.ship import ship_order, ship_orders
from orders.services.shipments import send_shipment, unpack_shipment

__all__ = [
    "AlreadySettled",
    "BeingAsked",
    "EmailTaken",
    "LineDraft",
    "MoreThanDue",
    "NotADraft",
    "NotForHand",
    "NotForSale",
    "OtherCurrency",
    "PartlyReturned",
    "PaymentDeclined",
    "PaymentInDoubt",
    "SoldThroughVariants",
    "add_note",
    "address_draft",
    "assign_order",
    "cancel_order",
    "cancel_orders",
    "close_return",
    "complete_order",
    "complete_orders",
    "create_customer",
    "due_claims",
    "edit_draft",
    "hold_order",
    "hold_orders",
    "inspect_return",
    "place_order",
    "process_order",
    "process_orders",
    "process_unpaid_order",
    "receive_return",
    "record_address",
    "record_contact",
    "record_payment",
    "release_order",
    "release_orders",
    "reopen_order",
    "return_by_hand",
    "send_shipment",
    "settle_in_doubt",
    "ship_order",
    "ship_orders",
    "take_order",
    "take_payment",
    "unpack_shipment",
    "withdraw_return",
    "write_order",
]
