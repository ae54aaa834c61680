"""What can be done to an order beside the steps of its flow, one topic per file."""

from backoffice.adminkit.acts import Act
from orders.admin.acts import (
    addresses,
    editing,
    messages,
    money,
    people,
    refunds,
    returns,
    shipping,
)

ORDER_ACTS: tuple[Act, ...] = (
    *money.ACTS,
    *refunds.ACTS,
    *people.ACTS,
    *addresses.ACTS,
    *editing.ACTS,
    *messages.ACTS,
    *shipping.ACTS,
    *returns.ACTS,
)

__all__ = ["ORDER_ACTS"]
