"""What can be done to an order beside the steps of its flow, one topic per file."""

from backoffice.adminkit.acts import Act
from orders.admin.acts import drafts, money, people

ORDER_ACTS: tuple[Act, ...] = (*money.ACTS, *people.ACTS, *drafts.ACTS)

__all__ = ["ORDER_ACTS"]
