"""Everything that can be done to an order. All doors call these; nothing else writes orders."""

from orders.discounts import Discount, DiscountTooLarge, DiscountUnexplained
from orders.refusals import (
    NotForSale,
    OtherCurrency,
    PartlyReturned,
    PaymentDeclined,
    PaymentInDoubt,
    SoldThroughVariants,
)
from orders.services.addresses import BillWritten, address_order
from orders.services.assign import assign_order, assign_orders, take_order
from orders.services.cancel import cancel_order, cancel_orders
from orders.services.cart_look import CartLook, look_at
from orders.services.carts import (
    CartCheckedOut,
    CartFull,
    TooManyUnits,
    add_to_cart,
    cart_of,
    find_cart,
    merge_carts,
    remove_from_cart,
    set_units,
)
from orders.services.checkout import (
    CartChanged,
    CartEmpty,
    ContactFields,
    LinesNotAvailable,
    NoCustomer,
    check_out,
    order_cart,
    order_product,
)
from orders.services.complete import complete_order, complete_orders
from orders.services.customers import (
    AddressFields,
    EmailTaken,
    create_customer,
    record_address,
    record_contact,
)
from orders.services.discounts import discount_line, discount_order
from orders.services.drafts import NotADraft, edit_draft, write_order
from orders.services.duplicate import Duplicate, NothingForSale, copies_of, duplicate_order
from orders.services.edit_plan import LineBound
from orders.services.editing import edit_order
from orders.services.erasure import (
    ERASE,
    CustomerHasOpenOrders,
    ErasedAlready,
    ErasurePlan,
    MoneyInDoubt,
    erase_customer,
    plan_erasure,
)
from orders.services.follow_up import PERMISSION as FOLLOW_UP_PERMISSION
from orders.services.follow_up import set_follow_up
from orders.services.hold import (
    hold_order,
    hold_orders,
    release_due_holds,
    release_order,
    release_orders,
)
from orders.services.letters import UnknownLetter
from orders.services.line_drafts import LineDraft
from orders.services.merge import (
    OtherCustomer,
    SameOrder,
    TwoCurrencies,
    merge_candidates,
    merge_into,
    merge_orders,
)
from orders.services.messages import (
    LetterDoesNotFit,
    LetterErased,
    NobodyToWriteTo,
    queue_message,
    queue_messages,
    resend_message,
    send_message,
)
from orders.services.notes import (
    NOTE_CUSTOMER,
    add_customer_note,
    add_note,
    colleagues,
    read_mentions,
    unread_by,
)
from orders.services.parcels import MoreThanOpen, NothingChosen, NotOnOrder, ShipUnits
from orders.services.pay import cancel_own_order, own_order, pay_order
from orders.services.payments import (
    MoreThanDue,
    capture_payment,
    record_payment,
    take_payment,
    void_payment,
)
from orders.services.place import place_order
from orders.services.presence import PERMISSION as PRESENCE_PERMISSION
from orders.services.presence import be_present, leave, presence_of, present_at, take_over
from orders.services.process import process_order, process_orders, process_unpaid_order
from orders.services.refund import RefundUnits, refund_order, refund_orders
from orders.services.reopen import reopen_order
from orders.services.returns import (
    Inspected,
    close_return,
    exchange_return,
    inspect_return,
    receive_return,
    refund_return,
    request_return,
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
from orders.services.ship import pack_order, ship_order, ship_orders
from orders.services.shipments import (
    correct_shipment,
    send_shipment,
    send_shipments,
    unpack_shipment,
)
from orders.services.tags import PERMISSION as TAG_PERMISSION
from orders.services.tags import TooManyTags, tag_order, tag_orders, untag_order, untag_orders
from orders.services.targets import make_missing_targets, set_queue_target
from orders.services.transfers import record_transfer
from orders.services.webhooks import handle_webhook_again

__all__ = [
    "ERASE",
    "FOLLOW_UP_PERMISSION",
    "NOTE_CUSTOMER",
    "PRESENCE_PERMISSION",
    "TAG_PERMISSION",
    "AddressFields",
    "AlreadySettled",
    "BeingAsked",
    "BillWritten",
    "CartChanged",
    "CartCheckedOut",
    "CartEmpty",
    "CartFull",
    "CartLook",
    "ContactFields",
    "CustomerHasOpenOrders",
    "Discount",
    "DiscountTooLarge",
    "DiscountUnexplained",
    "Duplicate",
    "EmailTaken",
    "ErasedAlready",
    "ErasurePlan",
    "Inspected",
    "LetterDoesNotFit",
    "LetterErased",
    "LineBound",
    "LineDraft",
    "LinesNotAvailable",
    "MoneyInDoubt",
    "MoreThanDue",
    "MoreThanOpen",
    "NoCustomer",
    "NobodyToWriteTo",
    "NotADraft",
    "NotForHand",
    "NotForSale",
    "NotOnOrder",
    "NothingChosen",
    "NothingForSale",
    "OtherCurrency",
    "OtherCustomer",
    "PartlyReturned",
    "PaymentDeclined",
    "PaymentInDoubt",
    "RefundUnits",
    "SameOrder",
    "ShipUnits",
    "SoldThroughVariants",
    "TooManyTags",
    "TooManyUnits",
    "TwoCurrencies",
    "UnknownLetter",
    "add_customer_note",
    "add_note",
    "add_to_cart",
    "address_order",
    "assign_order",
    "assign_orders",
    "be_present",
    "cancel_order",
    "cancel_orders",
    "cancel_own_order",
    "capture_payment",
    "cart_of",
    "check_out",
    "close_return",
    "colleagues",
    "complete_order",
    "complete_orders",
    "copies_of",
    "correct_shipment",
    "create_customer",
    "discount_line",
    "discount_order",
    "due_claims",
    "duplicate_order",
    "edit_draft",
    "edit_order",
    "erase_customer",
    "exchange_return",
    "find_cart",
    "handle_webhook_again",
    "hold_order",
    "hold_orders",
    "inspect_return",
    "leave",
    "look_at",
    "make_missing_targets",
    "merge_candidates",
    "merge_carts",
    "merge_into",
    "merge_orders",
    "order_cart",
    "order_product",
    "own_order",
    "pack_order",
    "pay_order",
    "place_order",
    "plan_erasure",
    "presence_of",
    "present_at",
    "process_order",
    "process_orders",
    "process_unpaid_order",
    "queue_message",
    "queue_messages",
    "read_mentions",
    "receive_return",
    "record_address",
    "record_contact",
    "record_payment",
    "record_transfer",
    "refund_order",
    "refund_orders",
    "refund_return",
    "release_due_holds",
    "release_order",
    "release_orders",
    "remove_from_cart",
    "reopen_order",
    "request_return",
    "resend_message",
    "return_by_hand",
    "send_message",
    "send_shipment",
    "send_shipments",
    "set_follow_up",
    "set_queue_target",
    "set_units",
    "settle_in_doubt",
    "ship_order",
    "ship_orders",
    "tag_order",
    "tag_orders",
    "take_order",
    "take_over",
    "take_payment",
    "unpack_shipment",
    "unread_by",
    "untag_order",
    "untag_orders",
    "void_payment",
    "withdraw_return",
    "write_order",
]
