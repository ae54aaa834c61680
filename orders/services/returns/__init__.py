"""Returns: announced, received, looked at; what is due given back or exchanged; closed."""

from orders.services.returns.announcing import (
    MoreThanShipped,
    announced_units,
    request_return,
    withdraw_return,
)
from orders.services.returns.due import MoreThanDueForReturn, fresh_return, require_due
from orders.services.returns.exchanging import exchange_return
from orders.services.returns.facts import ReturnFacts, load_return_facts
from orders.services.returns.inspecting import (
    Inspected,
    NotAddedUp,
    NotInThisReturn,
    inspect_return,
    receive_return,
)
from orders.services.returns.settling import (
    FeeTooLarge,
    StillDue,
    close_return,
    refund_return,
)

__all__ = [
    "FeeTooLarge",
    "Inspected",
    "MoreThanDueForReturn",
    "MoreThanShipped",
    "NotAddedUp",
    "NotInThisReturn",
    "ReturnFacts",
    "StillDue",
    "announced_units",
    "close_return",
    "exchange_return",
    "fresh_return",
    "inspect_return",
    "load_return_facts",
    "receive_return",
    "refund_return",
    "request_return",
    "require_due",
    "withdraw_return",
]
